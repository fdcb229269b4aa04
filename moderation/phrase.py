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
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import accumulate

from moderation.lexicon import Lexicon
from moderation.text import WORD

Anchors = tuple[frozenset[str], ...]

_TOKEN = re.compile(r"[()|?^$*]|\{[\w.]+\}|\.\.\d|\*?'?[^\W_][\w'&/+\-]*\*?")
_SPACED = str.maketrans({**{sign: f" {sign} " for sign in "()|?^$"}, "}": "} "})
_CUT = re.compile(f"({WORD.pattern})")
_APART = re.compile(r"[.!?;:\"()\[\]\n\u00ab\u00bb]|.{5}")
_SENTENCE = re.compile(r"[.!?\n]")
_PLACES = {
    "quoted": re.compile(r"\"([^\"\n]{1,200})\"|(?<!\w)'([^'\"\n]{1,200})'(?!\w)|\u00ab([^\u00bb\n]{1,200})\u00bb"),
    "link": re.compile(
        r"((?:https?://|www\.)\S{1,300}"
        r"|(?<![\w@])[a-z0-9][a-z0-9\-]{1,40}(?:\.[a-z0-9\-]{2,30}){0,3}"
        r"\.(?:com|net|org|info|io|me|ly|co|shop|store|xyz|tv|biz|site|online|app|krd|iq|example)(?!\w)(?:/\S{0,200})?"
        r"|(?<![\w@])@\w{2,40})"
    ),
    "number": re.compile(r"((?<!\w)\+?\d[\d \-().]{5,20}\d(?!\w))"),
}
_WIDEST_GAP = 9
_LONGEST_CLAUSE = 40


def _read_shares() -> Mapping[str, float]:
    lines = files("moderation").joinpath("data/common_words.txt").read_text(encoding="utf-8").splitlines()
    return {word: float(share) for word, share in (line.split() for line in lines if not line.startswith("#"))}


_SHARES = _read_shares()
_UNCOMMON = 0.2
"""Share of comments, in thousandths, assumed of a word that is not counted."""


class PhraseError(ValueError):
    """A phrase that cannot be read; the message says what is wrong and where."""


class Sentences:
    """A folded comment, cut into words, as phrases are matched on it.

    Attributes:
        folded: The comment.
        words: Its words.
        starts: Where each word starts.
        ends: Where each word ends.
        apart: For each word and the end, whether something that no phrase reaches over stands before it.
    """

    def __init__(self, folded: str) -> None:
        self.folded = folded
        pieces = _CUT.split(folded)  # what stands between words, and the words, by turns
        reached = list(accumulate(map(len, pieces)))
        self.words = pieces[1::2]
        self.starts = reached[0:-1:2]
        self.ends = reached[1::2]
        self._gaps = pieces[2:-1:2]
        self.apart = [True, *[gap != " " and _is_apart(gap) for gap in self._gaps], True]
        self._places: dict[str, dict[int, int]] = {}

    @cached_property
    def begins(self) -> list[bool]:
        """For each word and the end, whether a sentence begins there."""
        between = zip(self.apart[1:], self._gaps, strict=False)
        return [True, *[apart and _SENTENCE.search(gap) is not None for apart, gap in between], True]

    def where(self, anchor: frozenset[str], parts: tuple[str, ...]) -> list[int]:
        """The places of the words that are one of the anchor's, or hold one of its parts."""
        return [
            place
            for place, word in enumerate(self.words)
            if word in anchor or ("'" in word and not anchor.isdisjoint(word.split("'"))) or (parts and any(part in word for part in parts))
        ]

    def places(self, kind: str) -> dict[int, int]:
        """Where ``quoted``, ``link`` or ``number`` stands: the first word of each, with the word behind its last."""
        if kind not in self._places:
            spans = (match.span(match.lastindex or 0) for match in _PLACES[kind].finditer(self.folded))
            self._places[kind] = {
                bisect_left(self.starts, start): bisect_left(self.starts, end)
                for start, end in spans
                if bisect_left(self.starts, start) < bisect_left(self.starts, end)
            }
        return self._places[kind]


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
    def root(self) -> _Any:
        """Its parts; raises PhraseError when they cannot be read."""
        return _Reader(self.source, self.lexicons).read()

    @cached_property
    def anchors(self) -> Anchors:
        """For each obligatory part, the rarest first, the words of which one must be present.

        A word behind a ``*`` may stand inside another. Empty when no word is obligatory.
        """
        return tuple(sorted(self.root.anchors(), key=_cost))

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
        if not self.anchors:
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


class _Word:
    """One word, or a word with further letters at an end."""

    optional = False
    loose = False

    __slots__ = ("_token", "_words", "open")

    def __init__(self, token: str) -> None:
        self._token = token
        self.open = "*" in token
        self._words = (token,) if token.isalpha() else tuple(WORD.findall(token)) or (token.strip("*"),)

    @property
    def width(self) -> int:
        return len(self._words)

    @property
    def starts(self) -> Set[str] | None:
        return None if self.open else frozenset(self._words[:1])

    def ends(self, sentences: Sentences, at: int, first: bool) -> tuple[int, ...]:
        words = sentences.words
        if at >= len(words) or (sentences.apart[at] and not first):
            return ()
        if self.open:
            return (at + 1,) if _fits(words[at], self._token) else ()
        return _along(sentences, at, self._words)

    def anchors(self) -> Anchors:
        return (frozenset({_rarest(self._token)}),)


class _Term:
    """Any term of a lexicon."""

    optional = False
    loose = False

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self.width = lexicon.longest
        self.starts = None if lexicon.parts else lexicon.table.keys()

    def ends(self, sentences: Sentences, at: int, first: bool) -> Iterable[int]:
        words = sentences.words
        if at >= len(words) or (sentences.apart[at] and not first):
            return ()
        word = words[at]
        table = self._lexicon.table
        found = [end for form in _forms(word) for term in table.get(form, ()) for end in _along(sentences, at, term)]
        if any(_fits(word, part) for part in self._lexicon.parts):
            found.append(at + 1)
        return found

    def anchors(self) -> Anchors:
        return (anchors_of(self._lexicon),)


class _Skip:
    """Up to so many words of any kind."""

    optional = True
    loose = False

    starts = None

    def __init__(self, most: int) -> None:
        self._most = self.width = most

    def ends(self, sentences: Sentences, at: int, first: bool) -> list[int]:
        ends = []
        for end in range(at, min(at + self._most, len(sentences.words))):
            if sentences.apart[end] and not (first and end == at):
                break
            ends.append(end + 1)
        return ends

    def anchors(self) -> Anchors:
        return ()


class _Place:
    """Words in quotation marks, a link, a number: found beforehand, whatever signs stand around them."""

    optional = False
    loose = True

    width = 60
    starts = None

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def ends(self, sentences: Sentences, at: int, first: bool) -> tuple[int, ...]:
        end = sentences.places(self._kind).get(at)
        near = first or at >= len(sentences.begins) or not sentences.begins[at] or self._kind == "quoted"
        return (end,) if end is not None and near else ()

    def anchors(self) -> Anchors:
        return ()


class _Clause:
    """Any words up to the end of the sentence."""

    width = _LONGEST_CLAUSE
    starts = None
    optional = True
    loose = False

    def ends(self, sentences: Sentences, at: int, first: bool) -> list[int]:
        ends = []
        for end in range(at, min(at + _LONGEST_CLAUSE, len(sentences.words))):
            if sentences.begins[end] and not (first and end == at):
                break
            ends.append(end + 1)
        return ends

    def anchors(self) -> Anchors:
        return ()


class _Edge:
    """The start or the end of a sentence; takes no word."""

    width = 0
    starts = None
    optional = False
    loose = False

    def __init__(self, sign: str) -> None:
        self._sign = sign

    def ends(self, sentences: Sentences, at: int, first: bool) -> tuple[int, ...]:  # noqa: ARG002 - as its siblings
        return (at,) if sentences.begins[at] else ()

    def anchors(self) -> Anchors:
        return ()


class _Any:
    """Any one of several sequences of parts."""

    def __init__(self, branches: list[_Branch]) -> None:
        self._branches = branches
        self.optional = any(all(optional for _, optional in branch) for branch in branches)

    # What follows is worked out when a comment is first searched: most phrases are only asked for their anchors.

    @cached_property
    def loose(self) -> bool:
        return any(branch[-1][0].loose for branch in self._branches if branch)

    @cached_property
    def width(self) -> int:
        return max(sum(node.width for node, _ in branch) for branch in self._branches)

    @cached_property
    def starts(self) -> Set[str] | None:
        every = [starts for starts, _ in self._openings if starts is not None]
        if len(every) < len(self._openings):
            return None
        return every[0] if len(every) == 1 else frozenset().union(*every)

    @cached_property
    def _openings(self) -> list[tuple[Set[str] | None, _Branch]]:
        return [(_starts_of(branch), branch) for branch in self._branches]

    @cached_property
    def _by_word(self) -> dict[str, list[_Branch]]:
        table: dict[str, list[_Branch]] = {}
        for starts, branch in self._openings:
            if starts is not None and len(starts) == 1:
                table.setdefault(next(iter(starts)), []).append(branch)
        return table

    @cached_property
    def _others(self) -> list[tuple[Set[str] | None, _Branch]]:
        return [(starts, branch) for starts, branch in self._openings if starts is None or len(starts) != 1]

    def ends(self, sentences: Sentences, at: int, first: bool) -> set[int]:
        ends: set[int] = set()
        forms = _forms(sentences.words[at]) if at < len(sentences.words) else ("",)
        for branch in self._by_word.get(forms[0], ()) if len(forms) == 1 else [b for form in forms for b in self._by_word.get(form, ())]:
            ends |= _follow(branch, sentences, at, first)
        for starts, branch in self._others:
            if starts is None or forms[0] in starts or (len(forms) > 1 and forms[1] in starts):
                ends |= _follow(branch, sentences, at, first)
        return ends

    def anchors(self) -> Anchors:
        each = [[anchor for node, optional in branch if not optional for anchor in node.anchors()] for branch in self._branches]
        if len(each) == 1:
            return tuple(each[0])
        if not all(each):
            return ()
        return (frozenset().union(*[anchors[0] if len(anchors) == 1 else min(anchors, key=_cost) for anchors in each]),)


_Branch = list[tuple["_Node", bool]]
_Node = _Word | _Term | _Skip | _Place | _Clause | _Edge | _Any


def _follow(branch: _Branch, sentences: Sentences, at: int, first: bool) -> set[int]:
    """Where the parts of a branch, one behind the other, end."""
    reached = {at}
    loose = False  # behind a quotation or a link the next word follows whatever signs stand between
    for node, optional in branch:
        further: set[int] = set()
        for place in reached:
            further.update(node.ends(sentences, place, loose or (first and place == at)))
        reached = reached | further if optional else further
        if not reached:
            break
        loose = node.loose or (loose and optional)
    return reached


def _starts_of(branch: _Branch) -> Set[str] | None:
    """The words that a branch may begin with; None when any may."""
    starts: Set[str] = frozenset()
    for node, optional in branch:
        if node.starts is None:
            return None
        starts = node.starts if not starts else starts | node.starts
        if not optional:
            return starts
    return None


class _Reader:
    """Reads a phrase, token by token."""

    def __init__(self, source: str, lexicons: Mapping[str, Lexicon]) -> None:
        self._source = source
        self._lexicons = lexicons
        self._tokens = source.translate(_SPACED).split()
        self._at = 0

    def read(self) -> _Any:
        root = self._alternatives()
        if self._at < len(self._tokens):
            raise PhraseError(f"'{self._source}' closes a bracket that was not opened: remove the ')'.")
        return root

    def _alternatives(self) -> _Any:
        branches: list[_Branch] = [[]]
        while self._at < len(self._tokens) and (token := self._tokens[self._at]) != ")":
            self._at += 1
            if token == "|":
                branches.append([])
                continue
            node = self._node(token)
            optional = self._at < len(self._tokens) and self._tokens[self._at] == "?"
            self._at += optional
            branches[-1].append((node, optional or node.optional))
        return _Any(branches)

    def _node(self, token: str) -> _Node:
        if token == "(":
            inner = self._alternatives()
            if self._at >= len(self._tokens):
                raise PhraseError(f"'{self._source}' leaves a bracket open: add the ')'.")
            self._at += 1
            return inner
        if token in "^$":
            return _Edge(token)
        if token.startswith(".."):
            if not 1 <= int(token[2:]) <= _WIDEST_GAP:
                raise PhraseError(f"'{self._source}' lets {token[2:]} words stand between: use ..1 to ..{_WIDEST_GAP}.")
            return _Skip(int(token[2:]))
        if token.startswith("{"):
            return self._named(token[1:-1])
        if token == "?":
            raise PhraseError(f"'{self._source}' has a '?' behind nothing: put it right behind a word or bracket.")
        if token == "*":
            raise PhraseError(f"'{self._source}' has a '*' without a word: write ..1 for any word.")
        return _Word(token)

    def _named(self, name: str) -> _Node:
        if name in _PLACES:
            return _Place(name)
        if name == "clause":
            return _Clause()
        if name not in self._lexicons:
            raise PhraseError(f"'{self._source}' names the lexicon '{name}', which is not there: add {name}.txt or correct the name.")
        return _Term(self._lexicons[name])


@lru_cache(4096)
def _is_apart(gap: str) -> bool:
    return _APART.search(gap) is not None


def _along(sentences: Sentences, at: int, words: tuple[str, ...]) -> tuple[int, ...]:
    """Where words that stand one behind the other end, from one place on."""
    there = sentences.words
    end = at + len(words)
    if end > len(there):
        return ()
    for offset, word in enumerate(words):
        place = at + offset
        if (there[place] != word and word not in _forms(there[place])) or (offset and sentences.apart[place]):
            return ()
    return (end,)


def _forms(word: str) -> tuple[str, ...]:
    """A word, and what it is without a genitive's ending: ``minister's`` is ``minister`` too."""
    if "'" in word:
        return (word, word.removesuffix("'s").removesuffix("'"))
    return (word,)


def anchors_of(lexicon: Lexicon) -> frozenset[str]:
    """The words of which one must stand in a comment that holds a term of the lexicon."""
    known = _ANCHORS.get(id(lexicon))
    if known is None or known[0] is not lexicon:
        known = _ANCHORS[id(lexicon)] = (lexicon, frozenset(map(_rarest, lexicon.terms)))
    return known[1]


_ANCHORS: dict[int, tuple[Lexicon, frozenset[str]]] = {}


@cache
def _rarest(term: str) -> str:
    """The rarest word of a term; behind a ``*`` when other letters may stand beside it."""
    if term.isalpha():
        return term
    pieces = [piece for piece in re.split(r"[\W_]+", term) if piece] or [term]
    rarest = min(pieces, key=lambda piece: (_SHARES.get(piece, _UNCOMMON), -len(piece)))
    return f"*{rarest}" if "*" in term else rarest


def _fits(word: str, part: str) -> bool:
    """Whether a word is one with further letters, as ``threat*`` or ``*wit`` say."""
    letters = part.strip("*")
    if part[0] == "*":
        return letters in word if part[-1] == "*" else word.endswith(letters)
    return word.startswith(letters)


@cache
def _cost(anchors: frozenset[str]) -> float:
    return sum(_SHARES.get(anchor, _UNCOMMON) for anchor in anchors)
