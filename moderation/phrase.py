"""The language in which rules are written: phrases, not regular expressions.

========================  =============================================================================
``you are``               words in this order; a space is a space, comma, hyphen or the like, never the end of a sentence
``(liar|a cheat)``        any one of these; may be nested
``(really)? so?``         may be left out
``threat*``               a word with further letters; ``*`` may stand in front too
``{insult}``              any term of the lexicon ``insult``
``..3``                   up to three words of any kind
``^`` and ``$``           the start and the end of a sentence
``{quoted}``              words in quotation marks, up to 200 characters
``{link}``, ``{number}``  a link or handle; a number of seven digits or more, as telephones have
``{clause}``              any words up to the end of the sentence, forty at most
========================  =============================================================================

A phrase is matched word by word, all its readings at once, so that time is linear in the length of the comment whoever
wrote the phrase; a regular expression from a stranger could hang. A phrase also knows its *anchors*: for each
obligatory part the words of which one must stand in the comment. Most comments lack them for most phrases and are
never searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from moderation.lexicon import Lexicon
from moderation.parts import Anchors, Branch, Clause, Edge, Either, Part, Place, Skip, Term, cost, word
from moderation.sentences import PLACES, Sentences

_TOKEN = re.compile(r"[()|?^$*]|\{[\w.]+\}|\.\.\d|\*?'?[^\W_][\w'&/+\-]*\*?")
_SPACED = str.maketrans({**{sign: f" {sign} " for sign in "()|?^$"}, "}": "} "})
_WIDEST_GAP = 9


class PhraseError(ValueError):
    """A phrase that cannot be read; the message says what is wrong and where."""


@dataclass(frozen=True)
class Phrase:
    """A phrase made ready.

    Attributes:
        source: As it was written.
        lexicons: The lexicons that it may name.
    """

    source: str
    lexicons: Mapping[str, Lexicon]

    def __reduce__(self) -> tuple[type[Phrase], tuple[str, Mapping[str, Lexicon]]]:
        return Phrase, (self.source, self.lexicons)  # its parts are read again where it is needed

    @cached_property
    def root(self) -> Either:
        """Its parts; raises PhraseError when they cannot be read."""
        return _Reader(self.source, self.lexicons).read()

    @cached_property
    def anchors(self) -> Anchors:
        """For each obligatory part, the rarest first, the words of which one must be present.

        A word behind a ``*`` may stand inside another. Empty when no word is obligatory.
        """
        return tuple(sorted(self.root.anchors(), key=cost))

    def find(self, sentences: Sentences) -> Iterator[tuple[int, int]]:
        """Find it in a comment.

        Yields:
            Start and end in the folded comment of the longest match from each word on.
        """
        words, starts = sentences.words, self.root.starts
        for at in self._starts(sentences):
            if starts is not None and words[at] not in starts and "'" not in words[at]:
                continue
            end = max(self.root.ends(sentences, at, True), default=at)
            if end > at:
                yield sentences.starts[at], sentences.ends[end - 1]

    def _starts(self, sentences: Sentences) -> Iterable[int]:
        """The words from which it may be found: those not further before its rarest anchor than it is wide."""
        if not self.anchors or any(not part.isalnum() for part in self._parts):
            return range(len(sentences.words))
        places = sentences.where(self.anchors[0], self._parts)
        if not places:
            return ()
        width = self.root.width
        if len(places) == 1:
            return range(max(0, places[0] - width), places[0] + 1)
        return sorted({start for place in places for start in range(max(0, place - width), place + 1)})

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        return tuple(word[1:] for word in self.anchors[0] if word.startswith("*"))


def read(source: str, lexicons: Mapping[str, Lexicon]) -> Phrase:
    """Make a phrase ready.

    Args:
        source: A phrase in the language above.
        lexicons: The lexicons that it may name.

    Returns:
        The phrase, whose parts have been checked.

    Raises:
        PhraseError: It names an unknown lexicon, a bracket is left open, or it would match nothing at all.

    Example:
        >>> phrase = read("you (are|were)? ..1 {fools}", {"fools": Lexicon("fools", ("idiot", "idiots"))})
        >>> list(phrase.find(Sentences("and you, utter idiots")))
        [(4, 21)]
        >>> [sorted(anchor) for anchor in phrase.anchors]
        [['idiot', 'idiots'], ['you']]
    """
    for token in source.translate(_SPACED).split():
        if not _TOKEN.fullmatch(token):
            raise PhraseError(f"'{source}' holds '{token}', which means nothing in a phrase: leave it out.")
    phrase = Phrase(source, lexicons)
    if phrase.root.optional:
        raise PhraseError(f"'{source}' would match the empty text: make one word of it obligatory.")
    return phrase


class _Reader:
    """Reads a phrase, token by token."""

    def __init__(self, source: str, lexicons: Mapping[str, Lexicon]) -> None:
        self._source = source
        self._lexicons = lexicons
        self._tokens = source.translate(_SPACED).split()
        self._at = 0

    def read(self) -> Either:
        root = self._alternatives()
        if self._at < len(self._tokens):
            raise PhraseError(f"'{self._source}' closes a bracket that was not opened: remove the ')'.")
        return root

    def _alternatives(self) -> Either:
        branches: list[Branch] = [[]]
        while self._at < len(self._tokens) and (token := self._tokens[self._at]) != ")":
            self._at += 1
            if token == "|":
                branches.append([])
                continue
            node = self._node(token)
            optional = self._at < len(self._tokens) and self._tokens[self._at] == "?"
            self._at += optional
            branches[-1].append((node, optional or node.optional))
        return Either(branches)

    def _node(self, token: str) -> Part:
        if token == "(":
            inner = self._alternatives()
            if self._at >= len(self._tokens):
                raise PhraseError(f"'{self._source}' leaves a bracket open: add the ')'.")
            self._at += 1
            return inner
        if token in "^$":
            return Edge(token)
        if token.startswith(".."):
            if not 1 <= int(token[2:]) <= _WIDEST_GAP:
                raise PhraseError(f"'{self._source}' lets {token[2:]} words stand between: use ..1 to ..{_WIDEST_GAP}.")
            return Skip(int(token[2:]))
        if token.startswith("{"):
            return self._named(token[1:-1])
        if token == "?":
            raise PhraseError(f"'{self._source}' has a '?' behind nothing: put it right behind a word or bracket.")
        if token == "*":
            raise PhraseError(f"'{self._source}' has a '*' without a word: write ..1 for any word.")
        return word(token)

    def _named(self, name: str) -> Part:
        if name in PLACES:
            return Place(name)
        if name == "clause":
            return Clause()
        if name not in self._lexicons:
            raise PhraseError(f"'{self._source}' names the lexicon '{name}', which is not there: add {name}.txt or correct the name.")
        return Term(self._lexicons[name])
