"""A folded comment, cut into words: what phrases are matched on."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property, lru_cache
from itertools import accumulate

from moderation.text import LINK, WORD

_CUT = re.compile(f"({WORD.pattern})")
_APART = re.compile(r"[.!?;:\"()\[\]\n\u00ab\u00bb]|.{5}")
_SENTENCE = re.compile(r"[.!?\n]")
PLACES = {
    "quoted": re.compile(r"\"([^\"\n]{1,200})\"|(?<!\w)'([^'\"\n]{1,200})'(?!\w)|\u00ab([^\u00bb\n]{1,200})\u00bb"),
    "link": re.compile(rf"({LINK}|(?<![\w@])@\w{{2,40}})"),
    "number": re.compile(r"((?<!\w)\+?\d[\d \-().]{5,20}\d(?!\w))"),
}


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
        if not parts and "'" not in self.folded:
            return [place for place, word in enumerate(self.words) if word in anchor]
        return [
            place
            for place, word in enumerate(self.words)
            if word in anchor or ("'" in word and not anchor.isdisjoint(word.split("'"))) or (parts and any(part in word for part in parts))
        ]

    def places(self, kind: str) -> dict[int, int]:
        """Where ``quoted``, ``link`` or ``number`` stands: the first word of each, with the word behind its last."""
        if kind not in self._places:
            spans = (match.span(match.lastindex or 0) for match in PLACES[kind].finditer(self.folded))
            self._places[kind] = {
                bisect_left(self.starts, start): bisect_left(self.starts, end)
                for start, end in spans
                if bisect_left(self.starts, start) < bisect_left(self.starts, end)
            }
        return self._places[kind]


@lru_cache(4096)
def _is_apart(gap: str) -> bool:
    return _APART.search(gap) is not None
