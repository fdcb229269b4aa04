"""Named lists of terms, in files that a newsroom can edit.

A lexicon is a text file; its name is the name that rules use between braces (``{insult}`` is ``insult.txt``)::

    # Nouns that insult whoever they are said of.
    @masked
    idiot/s
    son/s of a bitch
    dog/s           unless hot dog/s; guide dog/s; dog food
    *wit/s

- one term a line, lower case; ``/s`` adds a form with that ending, so ``kill/s/ed`` is kill, kills, killed;
- ``unless`` names the phrases in which the term is harmless: the exception stands beside what it excuses;
- ``*`` at an end lets further letters stand there (``*fuck*`` is found inside longer words);
- ``@masked`` says that people mask these words (``f*ck``), so that folding restores them; ``@include name`` takes
  in another lexicon; ``#`` begins a comment.

better-profanity's list is one more source: ``better_profanity.csv`` gives each of its entries a code or ``ignore``,
and the entries of code ``abuse.racism`` are the lexicon ``listed.abuse.racism``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from itertools import product
from pathlib import Path

from moderation.text import WORD

IGNORE = "ignore"
TRIAGE = "better_profanity.csv"


class LexiconError(ValueError):
    """A lexicon file that cannot be read; the message names the file, the line and the remedy."""


@dataclass(frozen=True)
class Lexicon:
    """A named list of terms.

    Attributes:
        name: The name that rules use.
        terms: Lower case, every form spelt out, in the file's order.
        exceptions: Phrases in which a term of this lexicon is harmless.
        masked: Whether folding restores these terms from masks such as ``f*ck``.
    """

    name: str
    terms: tuple[str, ...]
    exceptions: tuple[str, ...] = ()
    masked: bool = False

    @cached_property
    def table(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """The terms, cut into words, by their first word; those with a ``*`` are left out."""
        table: dict[str, list[tuple[str, ...]]] = {}
        for term in self.terms:
            words = tuple(WORD.findall(term)) if "*" not in term else ()
            if words:
                table.setdefault(words[0], []).append(words)
        return {first: tuple(terms) for first, terms in table.items()}

    @cached_property
    def longest(self) -> int:
        """How many words its longest term has."""
        return max([1, *(len(term) for terms in self.table.values() for term in terms)])

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The terms with a ``*``."""
        return tuple(term for term in self.terms if "*" in term)


def load(folder: Path | Traversable | None = None) -> dict[str, Lexicon]:
    """Read a folder of lexicons.

    Args:
        folder: Holds ``*.txt`` and perhaps the triage of better-profanity's list; the bundled one when None.

    Returns:
        The lexicons by name.

    Raises:
        LexiconError: A file is damaged, or includes one that is not there.
    """
    if folder is None:
        return dict(_bundled())
    return _load(folder)


@cache
def _bundled() -> Mapping[str, Lexicon]:
    return _load(files("moderation").joinpath("data/lexicon"))


def _load(folder: Path | Traversable) -> dict[str, Lexicon]:
    lexicons: dict[str, Lexicon] = {}
    includes: dict[str, list[str]] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".txt"):
            name = entry.name.removesuffix(".txt")
            lexicons[name], includes[name] = _parse(name, entry.read_text(encoding="utf-8"))
        elif entry.name == TRIAGE:
            lexicons.update(_listed(entry.read_text(encoding="utf-8")))
    for name, others in includes.items():
        for other in others:
            if other not in lexicons:
                raise LexiconError(f"{name}.txt includes the lexicon '{other}', which is not there: name one of {', '.join(lexicons)}.")
    return {name: _with_included(lexicons, includes, name, ()) for name in lexicons}


def _with_included(lexicons: Mapping[str, Lexicon], includes: Mapping[str, list[str]], name: str, path: tuple[str, ...]) -> Lexicon:
    if name in path:
        raise LexiconError(f"{name}.txt includes itself by way of {' > '.join(path)}: remove one @include.")
    own = lexicons[name]
    others = [_with_included(lexicons, includes, other, (*path, name)) for other in includes.get(name, [])]
    terms = dict.fromkeys([*own.terms, *(term for other in others for term in other.terms)])
    return Lexicon(name, tuple(terms), own.exceptions, own.masked)


def _parse(name: str, content: str) -> tuple[Lexicon, list[str]]:
    terms: list[str] = []
    exceptions: list[str] = []
    includes: list[str] = []
    masked = False
    for number, raw in enumerate(content.splitlines(), 1):
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        if line == "@masked":
            masked = True
        elif line.startswith("@include "):
            includes += line.removeprefix("@include ").split()
        elif line.startswith("@"):
            raise LexiconError(f"{name}.txt, line {number}: '{line}' is no directive: use @masked or @include NAME.")
        else:
            term, _, unless = line.partition(" unless ")
            if term != term.lower():
                raise LexiconError(f"{name}.txt, line {number}: '{term.strip()}' holds capitals: terms are lower case.")
            terms += forms(term.strip())
            for phrase in filter(None, (part.strip() for part in unless.split(";"))):
                exceptions += forms(phrase)
    if not terms and not includes:
        raise LexiconError(f"{name}.txt holds no term: add one or remove the file.")
    return Lexicon(name, tuple(dict.fromkeys(terms)), tuple(dict.fromkeys(exceptions)), masked), includes


def _listed(triage: str) -> Iterator[tuple[str, Lexicon]]:
    by_code: dict[str, list[str]] = {}
    for row in csv.DictReader(triage.splitlines()):
        by_code.setdefault(row["code"], []).append(row["term"].lower())
    present = set(listed_terms())
    for code, terms in by_code.items():
        if code != IGNORE:
            kept = tuple(re.sub(r"[^\w' ]+", "", term) if "*" in term else term for term in terms if term in present)
            yield f"listed.{code}", Lexicon(f"listed.{code}", kept, masked=True)


def listed_terms() -> list[str]:
    """better-profanity's own list, lower case, read from the installed package without importing it.

    Raises:
        LexiconError: The package is not installed.
    """
    package = find_spec("better_profanity")
    if package is None or package.origin is None:
        raise LexiconError("better-profanity is not installed: run 'pip install better-profanity'.")
    words = Path(package.origin).with_name("profanity_wordlist.txt").read_text(encoding="utf-8")
    return [word.lower() for word in words.splitlines() if word]


def forms(term: str) -> list[str]:
    """Spell out the endings of a term.

    Args:
        term: As in a lexicon file.

    Returns:
        Every form, the bare one first.

    Example:
        >>> forms("son/s of a bitch")
        ['son of a bitch', 'sons of a bitch']
    """
    words = []
    for word in term.split():
        stem, *endings = word.split("/")
        words.append([stem, *(stem + ending for ending in endings)])
    return [" ".join(form) for form in product(*words)]
