"""Respellings: the ways back from what people make of a word, so that a filter will not see it, to the word.

A respelling is undone **towards a known term only** (``1d10t`` because ``idiot`` is a term). A token that leads to no term
stays as it was typed, which is why ``K1``, ``45s`` and ``$54.30`` stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

LONGEST_TERM = 40
"""Longer runs of characters are never a respelt term; the bound keeps the search for one linear."""
SHORTEST_MISSPELT = 5
"""Letters that a term must have for its misspellings to be undone: shorter words are too near to one another."""
STRETCH = re.compile(r"([^\W\d_])\1{2,}")
"""A letter three times or more."""

# Symbols and digits read as letters, only inside a token that also holds letters.
_LEET = {
    "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "|": "i", "+": "t", "\u20ac": "e", "\u00a3": "l", "(": "c",
}  # fmt: skip
_AS_I = str.maketrans(_LEET)
_AS_L = str.maketrans({**_LEET, "1": "l", "!": "l", "|": "l"})
_MASKS = frozenset("*#@$%!_-+")
_NUMBER = re.compile(r"[^\w]*\d[\d.,:/%]*[^\W\d_]{0,2}|[^\W\d_]{1,2}\d+")  # 45s, K1, A55, 5pm, $30


class Respellings:
    """The known terms, and the ways back to them from a respelt token.

    Args:
        terms: Every word that folding may restore, lower case. Those that come first win where a mask is ambiguous.
        maskable: The part of them that people mask (``f*ck``) and whose misspellings are undone: the others are restored
            from digits, spaces and stretched letters only.
        words: Words that look like a misspelt term and are none.
    """

    def __init__(self, terms: Iterable[str], maskable: Iterable[str] = (), words: Iterable[str] = ()) -> None:
        self.terms = frozenset(term for term in terms if " " not in term)
        self._maskable: dict[tuple[str, int], list[str]] = {}
        self.misspelt: dict[str, str] = {}
        for term in maskable:
            if " " not in term and len(term) > 2:
                self._maskable.setdefault((term[0], len(term)), []).append(term)
                for variant in misspellings(term):
                    self.misspelt.setdefault(variant, term)
        for word in (*self.terms.intersection(self.misspelt), *words):
            self.misspelt.pop(word, None)
        self._squeezed: dict[str, str] = {}
        for term in sorted(self.terms, reverse=True):
            self._squeezed[squeeze(term)] = term

    def restore(self, token: str) -> str | None:
        """Find the term that a respelt token stands for.

        Args:
            token: Lower-case, without spaces.

        Returns:
            The term, or None when the token leads to no term or is one already.
        """
        if len(token) > LONGEST_TERM or token in self.terms:
            return None
        core = token.strip(".-_'\"!?()")
        if not core or _NUMBER.fullmatch(core):
            return None
        if core.isalpha():
            return self._unstretch(core)
        if not any(character.isalpha() for character in core):
            return None
        for alphabet in (_AS_I, _AS_L):
            read = core.translate(alphabet)
            if read.isalpha() and (found := self._known(read)):
                return found
        stripped = token.lstrip(".-_'\"(").rstrip(".'\",;)")
        return self._unmask(stripped) or self._unbreak(core)

    def join(self, letters: str) -> str | None:
        """Read letters that were spaced apart: one term or several, the longest first.

        Args:
            letters: The letters without what stood between them.

        Returns:
            The words with a space between them, or None when they are not all terms.
        """
        for alphabet in (_AS_I, _AS_L):
            if words := self._segment(letters.translate(alphabet)):
                return " ".join(words)
        return None

    def _known(self, word: str) -> str | None:
        return word if word in self.terms else self._unstretch(word)

    def _unstretch(self, word: str) -> str | None:
        if not STRETCH.search(word):
            return None
        for kept in (r"\1", r"\1\1"):
            if (shorter := STRETCH.sub(kept, word)) in self.terms:
                return shorter
        return self._squeezed.get(squeeze(word))

    def _unmask(self, token: str) -> str | None:
        token = token.rstrip("!?")
        hidden = [place for place, character in enumerate(token) if character in _MASKS]
        # a lone hyphen is a compound, not a mask; f---, f*** and a*s are masks, A** is a rating
        if not hidden or hidden[0] == 0 or (len(hidden) == 1 and token[hidden[0]] in "-+"):
            return None
        if len(token) - len(hidden) < (1 if len(token) > 3 and len(hidden) == len(token) - 1 else 2):
            return None
        letters = [None if character in _MASKS else character.translate(_AS_I) for character in token]
        lengths = [letters]
        if len(hidden) == 1 and token[hidden[0]] == "*":  # f*k: one star for two letters
            lengths.append([*letters[: hidden[0]], None, *letters[hidden[0] :]])
        for wanted in lengths:
            for term in self._maskable.get((token[0], len(wanted)), ()):
                if all(letter is None or letter == there for letter, there in zip(wanted, term, strict=True)):
                    return term
        return None

    def _unbreak(self, core: str) -> str | None:
        whole = core.translate({ord(character): None for character in "._-*'"})
        if len(whole) < 4 or not whole.isalpha() or whole == core or whole not in self.terms:
            return None
        # "the cat.as" is a missing space, not a broken word: no part may be a term of its own
        parts = re.split(r"[._\-*']+", core)
        return None if any(part in self.terms for part in parts) else whole

    def _segment(self, letters: str) -> list[str] | None:
        best: list[list[str] | None] = [[]]
        for end in range(1, len(letters) + 1):
            found: list[str] | None = None
            for start in range(max(0, end - LONGEST_TERM), end):
                before, word = best[start], letters[start:end]
                if before is not None and word in self.terms and (found is None or len(before) + 1 < len(found)):
                    found = [*before, word]
            best.append(found)
        words = best[-1]
        return words if words and max(map(len, words)) > 2 else None


def misspellings(term: str) -> Iterator[str]:
    """How people mistype a term of five letters or more: a letter left out, doubled, or two of them swapped; never the first.

    Example:
        >>> list(misspellings("idiot"))[:3]
        ['iiot', 'idot', 'idit']
    """
    if len(term) < SHORTEST_MISSPELT or not term.isalpha():
        return
    for place in range(1, len(term)):
        yield term[:place] + term[place + 1 :]
    for place in range(1, len(term) - 1):
        yield term[:place] + term[place + 1] + term[place] + term[place + 2 :]
    for place in range(len(term)):
        yield term[: place + 1] + term[place:]


def squeeze(word: str) -> str:
    """Reduce every run of one letter to a single letter: ``asshole`` and ``aaasshoole`` both give ``ashole``."""
    return "".join(letter for letter, _ in groupby(word))
