"""Stretches of a text: which of them touch, found by bisection, so that a thousand cost no more than a thousand look-ups."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Spans:
    """Stretches of a text, those that overlap merged.

    Args:
        pairs: Start and end of each stretch, in any order.

    Example:
        >>> spans = Spans([(8, 9), (0, 3), (2, 5)])
        >>> list(spans)
        [(0, 5), (8, 9)]
        >>> spans.overlap(4, 8), spans.overlap(5, 8)
        (True, False)
    """

    def __init__(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(pairs):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)

    def overlap(self, start: int, end: int) -> bool:
        """Whether any stretch shares a character with the one from ``start`` to ``end``."""
        place = bisect_right(self._ends, start)
        return place < len(self._starts) and self._starts[place] < end

    def begin_between(self, start: int, end: int) -> bool:
        """Whether any stretch begins at ``start`` or behind it, and before ``end``."""
        place = bisect_left(self._starts, start)
        return place < len(self._starts) and self._starts[place] < end
