"""A comment as the rules and the model read it: folded, with the way back to the original.

Folding undoes what people do to letters so that a word filter will not see them: look-alike letters, zero-width
characters, stretched, spaced, masked and numbered spellings. What it makes is only read, never shown: every
position of the folded form leads back to the characters of the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from importlib.resources import files

from moderation.respellings import LONGEST_TERM, STRETCH, Respellings

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
"""One word of a folded text: letters and digits, with apostrophes inside."""

ENDINGS = "com|net|org|info|io|me|ly|co|shop|store|xyz|tv|biz|site|online|app|krd|iq|example"
LINK = (
    r"(?:https?://|www\.)\S{1,300}"
    rf"|(?<![\w@])[a-z0-9][a-z0-9\-]{{0,60}}(?:\.[a-z0-9\-]{{1,40}}){{0,3}}\.(?:{ENDINGS})(?!\w)(?:/\S{{0,200}})?"
)
"""A link in a folded text, by its scheme or by the ending of its domain."""

# Marks and controls that are laid over Latin letters to break a word. Arabic and Hebrew points are letters' parts: kept.
_OVERLAID = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]")
_SPACES = frozenset("\t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029")
# In plain ASCII only controls fold to anything but lower case: white space to a blank, the others to nothing.
_CONTROLS = {code: " " if chr(code) in _SPACES else None for code in (*range(10), *range(11, 32), 127)}
_TOKEN = re.compile(r"[^\W_]+")
_BLANKS = {code: " " for code in range(128) if not chr(code).isalnum()}  # the same for plain ASCII, and quicker
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'", "\u201c": '"', "\u201d": '"'})


# What sends a text to the slow path. Each search looks for rare characters first: most comments hold none of it.
_TRIPLES = tuple(letter * 3 for letter in "abcdefghijklmnopqrstuvwxyz")  # stretched: fuuuck
_SIGNED = re.compile(
    r"[0-9@$*#+|%&_\u20ac\u00a3](?:(?<=[^\W\d_].)|(?<=[0-9@$*#+|])(?=[^\W\d_]))|[!(?](?<=[^\W\d_].)[!(?]{0,9}[^\W\d_]"  # f*ck, 1d1ot
)
_BROKEN = re.compile(r"[.\-](?<=[^\W\d_].)[^\W\d_]")  # id.iot, b.u.l.l
_SPELT = re.compile(r" {1,3}[^\W\d_] {1,3}[^\W\d_](?![^\W_])")  # the end of k i l l
_DOTTED = re.compile(r"[a-z](?:\.[a-z]){0,2}\.?")  # J.A.P., H.M.S., e.g.: abbreviations
_SPACED = re.compile(
    r"(?<![^\W_])[^\W_@$*](?:[ ._\-*|/,]{1,3}[^\W_@$*]){2,%d}(?![^\W_])" % (LONGEST_TERM - 1)  # noqa: UP031 - braces
)
_CHUNK = re.compile(r"[^\s\"<>\[\]{},;:/\\]+")


class Text:
    """A comment and its folded form.

    Attributes:
        original: The comment as it was written.
        folded: Lower case, look-alikes and respellings undone; what rules and model read.
        tokens: The runs of letters and digits that ``folded`` holds.
    """

    __slots__ = ("_ends", "_starts", "folded", "original", "tokens")

    def __init__(self, original: str, folded: str, tokens: frozenset[str], starts: list[int] | None, ends: list[int] | None) -> None:
        self.original = original
        self.folded = folded
        self.tokens = tokens
        self._starts = starts
        self._ends = ends

    @property
    def words(self) -> list[str]:
        """The words of the folded form, in order."""
        return WORD.findall(self.folded)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Lead a span of the folded form back to the original.

        Args:
            start: Position of the first character in ``folded``.
            end: Position after the last one, greater than ``start``.

        Returns:
            Start and end in ``original``.
        """
        if self._starts is None or self._ends is None:
            return start, end
        return self._starts[start], self._ends[end - 1]


def fold(original: str, respellings: Respellings) -> Text:
    """Fold a comment, in time linear in its length.

    Args:
        original: Any str, lone surrogates included.
        respellings: The terms that may be restored.

    Returns:
        The text with its folded form. Folding a folded form again changes nothing.

    Example:
        >>> known = Respellings(["idiot"], maskable=["idiot"])
        >>> text = fold("Y0u 1D10T, K1 costs $54.30", known)
        >>> text.folded
        'y0u idiot, k1 costs $54.30'
        >>> text.span(4, 9)
        (4, 9)
    """
    if original.isascii():
        folded, starts, ends = original.lower().translate(_CONTROLS), None, None
        if len(folded) < len(original):
            folded, starts, ends = _fold_characters(original)
    else:
        folded, starts, ends = _fold_characters(original)
        folded, starts, ends = _replace(folded, starts, ends, _lookalike_words(folded, respellings))
    if _is_suspect(folded):
        folded, starts, ends = _replace(folded, starts, ends, _spaced_words(folded, respellings))
        folded, starts, ends = _replace(folded, starts, ends, _respelt_words(folded, respellings))
    tokens = _tokens(folded)
    if not respellings.misspelt.keys().isdisjoint(tokens):
        folded, starts, ends = _replace(folded, starts, ends, _misspelt_words(folded, respellings))
        tokens = _tokens(folded)
    return Text(original, folded, tokens, starts, ends)


def _tokens(folded: str) -> frozenset[str]:
    return frozenset(folded.translate(_BLANKS).split() if folded.isascii() else _TOKEN.findall(folded))


def _is_suspect(folded: str) -> bool:
    for triple in _TRIPLES:
        if triple in folded:
            return True
    return bool(_SIGNED.search(folded) or _BROKEN.search(folded) or _SPELT.search(folded))


Replacement = tuple[int, int, str]


class _Characters(dict[int, str]):
    """What each character folds to, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    kind = unicodedata.category(character)
    if character in _SPACES:
        return character if character == "\n" else " "
    if kind in ("Cf", "Cc") or _OVERLAID.match(character):
        return ""
    if kind == "Cs":
        return "\ufffd"
    if kind in ("Zs", "Zl", "Zp"):
        return " "
    plain = character.translate(_QUOTES)
    decomposed = unicodedata.normalize("NFKD", plain)
    latin = decomposed[0].isascii()
    plain = _OVERLAID.sub("", decomposed) if latin else unicodedata.normalize("NFKC", plain)
    lowered = unicodedata.normalize("NFKC", plain.casefold())
    return _OVERLAID.sub("", lowered).replace("\u2044", "/")


_CHARACTERS = _Characters()


def _fold_characters(original: str) -> tuple[str, list[int] | None, list[int] | None]:
    pieces = [_CHARACTERS[ord(character)] for character in original]
    folded = "".join(pieces)
    if len(folded) == len(original) and all(map(len, pieces)):
        return folded, None, None
    starts = [index for index, piece in enumerate(pieces) for _ in piece]
    return folded, starts, [start + 1 for start in starts]


def _replace(
    folded: str, starts: list[int] | None, ends: list[int] | None, replacements: list[Replacement]
) -> tuple[str, list[int] | None, list[int] | None]:
    if not replacements:
        return folded, starts, ends
    old_starts = starts if starts is not None else list(range(len(folded)))
    old_ends = ends if ends is not None else list(range(1, len(folded) + 1))
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    done = 0
    for start, end, word in replacements:
        pieces += (folded[done:start], word)
        new_starts += old_starts[done:start]
        new_ends += old_ends[done:start]
        if len(word) == end - start:
            new_starts += old_starts[start:end]
            new_ends += old_ends[start:end]
        else:  # a restored word stands for the whole token: any part of it leads back to all of the token
            new_starts += [old_starts[start]] * len(word)
            new_ends += [old_ends[end - 1]] * len(word)
        done = end
    pieces.append(folded[done:])
    new_starts += old_starts[done:]
    new_ends += old_ends[done:]
    return "".join(pieces), new_starts, new_ends


def _lookalike_words(folded: str, respellings: Respellings) -> list[Replacement]:
    replacements = []
    for match in WORD.finditer(folded):
        word = match.group()
        if word.isascii():
            continue
        read = word.translate(LOOKALIKES)
        latin = any(character.isascii() and character.isalpha() for character in word)
        # a whole word of another alphabet is that language's word, unless it spells out a term
        if read != word and (latin or read in respellings.terms):
            replacements.append((match.start(), match.end(), read))
    return replacements


def _spaced_words(folded: str, respellings: Respellings) -> list[Replacement]:
    replacements = []
    for match in _SPACED.finditer(folded):
        if _DOTTED.fullmatch(match.group()):
            continue
        joined = respellings.join("".join(letter for letter in match.group() if letter not in " ._-*|/,"))
        if joined is not None:
            replacements.append((match.start(), match.end(), joined))
    return replacements


def _misspelt_words(folded: str, respellings: Respellings) -> list[Replacement]:
    return [
        (*match.span(), respellings.misspelt[match.group()]) for match in WORD.finditer(folded) if match.group() in respellings.misspelt
    ]


def _respelt_words(folded: str, respellings: Respellings) -> list[Replacement]:
    replacements = []
    for match in _CHUNK.finditer(folded):
        chunk = match.group()
        if len(chunk) > LONGEST_TERM:
            shortened = STRETCH.sub(r"\1\1\1", chunk)
            restored = respellings.restore(shortened) or (shortened if len(shortened) < len(chunk) else None)
        elif chunk.isalpha() and not STRETCH.search(chunk):
            continue
        else:
            restored = respellings.restore(chunk)
            if restored is None and STRETCH.search(chunk):
                restored = STRETCH.sub(r"\1\1", chunk)
        if restored is not None and restored != chunk:
            replacements.append((match.start(), match.end(), restored))
    return replacements


def _read_lookalikes() -> Mapping[int, str]:
    table = {}
    for line in files("moderation").joinpath("data/lookalikes.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            letter, *others = line.split()
            table.update({ord(other): letter for other in others})
    return table


LOOKALIKES: Mapping[int, str] = _read_lookalikes()
"""Letters of other alphabets that look like a Latin one, by code point."""
