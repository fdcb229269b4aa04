"""The parts of a phrase: each says where it can end from a given word on, and which words it cannot do without.

All share one interface:

- ``ends(sentences, at, first)``: the words before which it can end when it begins at word ``at``; ``first`` when nothing of
  the phrase stands before it, so that whatever precedes that word does not matter;
- ``anchors()``: see `Anchors`;
- ``optional``: whether it may match nothing; ``loose``: whether signs such as quotation marks may follow it;
- ``width``: how many words it takes at most; ``starts``: the words that it can begin with, None when any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from functools import cache, cached_property
from importlib.resources import files

from moderation.lexicon import Lexicon
from moderation.sentences import Sentences
from moderation.text import ENDINGS, WORD

Anchors = tuple[frozenset[str], ...]
"""For each obligatory part the words of which one must be present; one behind a ``*`` may stand inside another."""

_LONGEST_CLAUSE = 40
_SIGNS = {
    "quoted": frozenset({'*"', "*'", "*\u00ab"}),
    "link": frozenset({"*@", "*://", "*www.", *(f"*.{ending}" for ending in ENDINGS.split("|"))}),
}
"""Signs of which one must stand in the comment for a place to be there; unlike words they say not where."""


def _read_shares() -> Mapping[str, float]:
    lines = files("moderation").joinpath("data/common_words.txt").read_text(encoding="utf-8").splitlines()
    return {word: float(share) for word, share in (line.split() for line in lines if not line.startswith("#"))}


_SHARES = _read_shares()
_UNCOMMON = 0.2
"""Share of comments, in thousandths, assumed of a word that is not counted."""


class Word:
    """One word, or a word with further letters at an end."""

    optional = False
    loose = False

    __slots__ = ("_anchors", "_token", "_words", "open")

    def __init__(self, token: str) -> None:
        self._token = token
        self.open = "*" in token
        self._words = (token,) if token.isalpha() else tuple(WORD.findall(token)) or (token.strip("*"),)
        self._anchors: Anchors = (frozenset({_rarest(token)}),)

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
        return self._anchors


@cache
def word(token: str) -> Word:
    """The part for a token, made once: phrases share most of their words."""
    return Word(token)


class Term:
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


class Skip:
    """Up to so many words of any kind."""

    optional = True
    loose = False

    starts = None

    def __init__(self, most: int) -> None:
        self._most = self.width = most

    def ends(self, sentences: Sentences, at: int, first: bool) -> list[int]:
        return _onward(sentences.apart, at, self._most, first)

    def anchors(self) -> Anchors:
        return ()


class Place:
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
        return (_SIGNS[self._kind],) if self._kind in _SIGNS else ()


class Clause:
    """Any words up to the end of the sentence."""

    width = _LONGEST_CLAUSE
    starts = None
    optional = True
    loose = False

    def ends(self, sentences: Sentences, at: int, first: bool) -> list[int]:
        return _onward(sentences.begins, at, _LONGEST_CLAUSE, first)

    def anchors(self) -> Anchors:
        return ()


class Edge:
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


class Either:
    """Any one of several sequences of parts."""

    def __init__(self, branches: list[Branch]) -> None:
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
    def _openings(self) -> list[tuple[Set[str] | None, Branch]]:
        return [(_starts_of(branch), branch) for branch in self._branches]

    @cached_property
    def _by_word(self) -> dict[str, list[Branch]]:
        table: dict[str, list[Branch]] = {}
        for starts, branch in self._openings:
            if starts is not None and len(starts) == 1:
                table.setdefault(next(iter(starts)), []).append(branch)
        return table

    @cached_property
    def _others(self) -> list[tuple[Set[str] | None, Branch]]:
        return [(starts, branch) for starts, branch in self._openings if starts is None or len(starts) != 1]

    def ends(self, sentences: Sentences, at: int, first: bool) -> set[int]:
        if len(self._branches) == 1:
            return _follow(self._branches[0], sentences, at, first)
        ends: set[int] = set()
        forms = _forms(sentences.words[at]) if at < len(sentences.words) else ("",)
        for form in forms:
            for branch in self._by_word.get(form, ()):
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
        return (frozenset().union(*[anchors[0] if len(anchors) == 1 else min(anchors, key=cost) for anchors in each]),)


Branch = list[tuple["Part", bool]]
Part = Word | Term | Skip | Place | Clause | Edge | Either


def _follow(branch: Branch, sentences: Sentences, at: int, first: bool) -> set[int]:
    """Where the parts of a branch, one behind the other, end."""
    if len(branch) == 1:
        node, optional = branch[0]
        return {at, *node.ends(sentences, at, first)} if optional else set(node.ends(sentences, at, first))
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


def _starts_of(branch: Branch) -> Set[str] | None:
    """The words that a branch may begin with; None when any may."""
    starts: Set[str] = frozenset()
    for node, optional in branch:
        if node.starts is None:
            return None
        starts = node.starts if not starts else starts | node.starts
        if not optional:
            return starts
    return None


def _onward(fences: list[bool], at: int, most: int, first: bool) -> list[int]:
    """Where a run of any words ends, from one place on: before each fence, which stands before a word or the end."""
    ends = []
    for end in range(at, min(at + most, len(fences) - 1)):
        if fences[end] and not (first and end == at):
            break
        ends.append(end + 1)
    return ends


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
def cost(anchors: frozenset[str]) -> float:
    """How many of a thousand comments are expected to hold one of the words."""
    return sum(_SHARES.get(anchor, _UNCOMMON) for anchor in anchors)
