"""Rules: phrases that speak for a code, exceptions that excuse words, all of them data.

A rule is one block of a TOML file in ``data/rules``::

    [[rule]]
    id = "threats.harm"
    code = "threats"
    reason = "Threatens someone with physical harm"
    phrases = ["(i'll|i will|we'll|we will) ..1 {harm} (you|him|her)"]
    unless = ["beat you at"]
    unless_near = ["chess"]
    weight = 0.97
    reject = ["One day I will come and I will kill you"]
    approve = ["I will call you tomorrow", "We'll beat you at chess"]

An exception looks the same with ``[[exception]]``: what its phrase covers (``reach = "match"``) or the sentence around
it (``reach = "sentence"``) is excused. Excused words are no evidence for a rule and are withheld from the model:
that is how negation, quoting, counter-speech and idiom are understood, which no bag of words can. ``approve`` holds
lines that it excuses, ``reject`` near-misses that it must not. The lines of both are run by the tests.
"""

from __future__ import annotations

import gc
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from moderation import lexicon as lexicons_module
from moderation.decision import Category
from moderation.lexicon import Lexicon
from moderation.phrase import Phrase, PhraseError, read
from moderation.respellings import Respellings
from moderation.sentences import Sentences
from moderation.spans import Spans
from moderation.text import Text

_SENTENCE_END = re.compile(r"[.!?\n]+")
_CODES = frozenset(code.value for code in Category)


class RuleError(ValueError):
    """A rule that cannot be used; the message names the file, the rule and the remedy."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule or an exception, as its block says it.

    Attributes:
        id: Its name, unique: ``threats.harm``.
        reason: A sentence that a moderator can read.
        code: What it speaks for; None for an exception to every code.
        phrases: Any of them is enough.
        unless: Phrases that, where they overlap with what was found, withdraw it.
        unless_near: Phrases that withdraw it from anywhere in the same sentence.
        weight: Probability that a comment in which it is found violates its code, 0 to 1.
        reach: For an exception, ``match`` or ``sentence``; empty for a rule.
        reject: Lines in which a rule must find its code, or which an exception must leave alone.
        approve: Lines in which a rule must find nothing, or which an exception excuses.
    """

    id: str
    reason: str
    code: Category | None
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    unless_near: tuple[Phrase, ...]
    weight: float
    reach: str
    reject: tuple[str, ...]
    approve: tuple[str, ...]


class Match(NamedTuple):
    """A rule or an exception found in a folded comment, from ``start`` to ``end``."""

    rule: Rule
    start: int
    end: int


@dataclass(frozen=True)
class RuleSet:
    """All rules and exceptions, and the lexicons that they name.

    Attributes:
        rules: Those that find evidence.
        exceptions: Those that excuse words.
        lexicons: By name.
    """

    rules: tuple[Rule, ...]
    exceptions: tuple[Rule, ...]
    lexicons: Mapping[str, Lexicon]
    respellings: Respellings = field(repr=False)

    @classmethod
    def load(cls, folder: str | Path | None = None) -> RuleSet:
        """Read the rules.

        Args:
            folder: A folder of yours with ``rules/*.toml`` and perhaps ``lexicon/*.txt``, added to the bundled ones; a
                lexicon of the same name takes the bundled one's place. The bundled ones alone when None.

        Returns:
            The rules, ready.

        Raises:
            RuleError: A rule cannot be read; the sentence says which and why.
            LexiconError: A lexicon cannot be read.
        """
        return _bundled() if folder is None else _load(Path(folder))

    def __reduce__(self) -> tuple[type[RuleSet], tuple[object, ...]]:
        return RuleSet, (self.rules, self.exceptions, self.lexicons, self.respellings)  # the gates are built again

    @cached_property
    def _rule_gate(self) -> _Gate:
        with _uncollected():
            return _Gate(self.rules)

    @cached_property
    def _exception_gate(self) -> _Gate:
        with _uncollected():
            return _Gate(self.exceptions)

    def find(self, text: Text) -> list[Match]:
        """Find the rules in a comment, without regard to exceptions.

        Returns:
            The matches, by the order of the rules; empty for most comments, after two look-ups.
        """
        return list(_spans(self._rule_gate.candidates(text), text.folded))

    def excuse(self, text: Text) -> list[Match]:
        """Find the spans that an exception excuses."""
        return [
            Match(match.rule, *_sentence(text.folded, match.start, match.end)) if match.rule.reach == "sentence" else match
            for match in _spans(self._exception_gate.candidates(text), text.folded)
        ]


def without_excused(matches: Iterable[Match], excused: Iterable[Match]) -> list[Match]:
    """Drop the matches whose words an exception covers.

    Args:
        matches: What the rules found.
        excused: What the exceptions found.

    Returns:
        The matches that still count.
    """
    by_code: dict[Category | None, list[tuple[int, int]]] = {}
    for span in excused:
        by_code.setdefault(span.rule.code, []).append((span.start, span.end))
    covered = {code: Spans(pairs) for code, pairs in by_code.items()}
    return [
        match
        for match in matches
        if not any(
            code in covered and covered[code].overlap(match.start, match.end) for code in {None, match.rule.code, _parent(match.rule)}
        )
    ]


def withhold(folded: str, excused: Iterable[Match]) -> str:
    """The folded comment with blanks for the excused words, as the model may read it: every position stays."""
    pieces: list[str] = []
    done = 0
    for start, end in Spans((span.start, span.end) for span in excused):
        pieces += (folded[done:start], " " * (end - start))
        done = end
    return "".join((*pieces, folded[done:]))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector: it would walk the many small parts of the phrases over and over while they are made."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class _Gate:
    """Which phrases are worth searching for in a comment, by the words that it holds."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._phrases = [(rule, phrase) for rule in rules for phrase in rule.phrases]
        self._words: dict[str, list[_Condition]] = {}
        self._parts: dict[str, list[_Condition]] = {}
        self._always: list[int] = []
        for number, (_, phrase) in enumerate(self._phrases):
            if not phrase.anchors:
                self._always.append(number)
                continue
            rarest, *others = phrase.anchors
            condition = (number, [(anchor, [word[1:] for word in anchor if word.startswith("*")]) for anchor in others])
            for anchor in rarest:
                table = self._parts if anchor.startswith("*") else self._words
                table.setdefault(anchor.removeprefix("*"), []).append(condition)
        self._known = frozenset(self._words)

    def candidates(self, text: Text) -> list[tuple[Rule, Phrase]]:
        """The phrases whose every anchor the comment holds, in the order of the rules."""
        folded, words = text.folded, text.tokens
        conditions = [condition for word in self._known & words for condition in self._words[word]]
        for part, further in self._parts.items():
            if part in folded:
                conditions += further
        found = self._always.copy()
        for number, others in conditions:
            for anchor, parts in others:
                if words.isdisjoint(anchor) and not (parts and any(part in folded for part in parts)):
                    break
            else:
                found.append(number)
        return [self._phrases[number] for number in sorted(set(found))] if found else []


_Condition = tuple[int, list[tuple[frozenset[str], list[str]]]]
"""A phrase by its number, and what else must stand in the comment: one of the words, or of the parts of words."""


def _spans(candidates: Iterable[tuple[Rule, Phrase]], folded: str) -> Iterator[Match]:
    """Search for phrases; the spans of one rule together, each once, without those that it withdraws itself."""
    sentences: Sentences | None = None
    for rule, group in groupby(candidates, key=itemgetter(0)):
        sentences = sentences or Sentences(folded)
        spans = {span for _, phrase in group for span in phrase.find(sentences)}
        if not spans:
            continue
        harmless = Spans(span for phrase in rule.unless for span in phrase.find(sentences))
        near = Spans(span for phrase in rule.unless_near for span in phrase.find(sentences))
        for start, end in sorted(spans):
            if harmless.overlap(start, end):
                continue
            if not rule.unless_near or not near.begin_between(*_sentence(folded, start, end)):
                yield Match(rule, start, end)


def _sentence(folded: str, start: int, end: int) -> tuple[int, int]:
    begin = 0
    for match in _SENTENCE_END.finditer(folded, max(0, start - 400), start):
        begin = match.end()
    after = _SENTENCE_END.search(folded, end, end + 400)
    return max(begin, start - 400), after.start() if after else min(len(folded), end + 400)


def _parent(rule: Rule) -> Category | None:
    return None if rule.code is None else rule.code.parent


@cache
def _bundled() -> RuleSet:
    with _uncollected():
        return _load(None)


def _load(folder: Path | None) -> RuleSet:
    lexicons = lexicons_module.load()
    sources: list[Traversable | Path] = sorted(files("moderation").joinpath("data/rules").iterdir(), key=lambda entry: entry.name)
    if folder is not None:
        own = folder / "rules"
        if not own.is_dir():
            raise RuleError(f"{folder}: holds no folder 'rules'; put your .toml files there.")
        sources += sorted(own.glob("*.toml"))
        if (folder / "lexicon").is_dir():
            lexicons |= lexicons_module.load(folder / "lexicon")
    blocks: list[Rule] = []
    for source in sources:
        if source.name.endswith(".toml"):
            blocks += _parse(source, lexicons)
    if folder is not None:  # the bundled rules are checked by the tests, a stranger's when they are loaded
        for rule in blocks:
            _check(rule, lexicons)
    seen: set[str] = set()
    for rule in blocks:
        if rule.id in seen:
            raise RuleError(f"the rule id '{rule.id}' stands twice; rename one of them.")
        seen.add(rule.id)
    rules = tuple(rule for rule in blocks if not rule.reach)
    exceptions = (*(rule for rule in blocks if rule.reach), *_lexicon_exceptions(lexicons))
    return RuleSet(rules, exceptions, lexicons, _respellings(lexicons))


def _parse(source: Traversable | Path, lexicons: Mapping[str, Lexicon]) -> Iterator[Rule]:
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(f"{source.name}: is not TOML in UTF-8 ({error}); mend that place.") from None
    for kind, blocks in content.items():
        if kind not in _KEYS or not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
            raise RuleError(f"{source.name}: holds '{kind}'; use blocks [[rule]] and [[exception]] only.")
        for block in blocks:
            yield _rule(source.name, kind, block, lexicons)


_KEYS = {
    "rule": {"id", "code", "reason", "phrases", "unless", "unless_near", "weight", "reject", "approve"},
    "exception": {"id", "code", "reason", "phrases", "unless", "unless_near", "reach", "reject", "approve"},
}


def _rule(source: str, kind: str, block: Mapping[str, Any], lexicons: Mapping[str, Lexicon]) -> Rule:
    name = block.get("id")
    if not isinstance(name, str) or not name:
        raise RuleError(f"{source}: a {kind} has no id; give it one such as 'threats.harm'.")
    where = f"{source}, {kind} '{name}'"
    for key in block:
        if key not in _KEYS[kind]:
            raise RuleError(f"{where}: '{key}' is an unknown key; use {', '.join(sorted(_KEYS[kind]))}.")
    code = block.get("code")
    if code is None and kind == "rule":
        raise RuleError(f"{where}: has no code; name the one that it speaks for.")
    if code is not None and code not in _CODES:
        raise RuleError(f"{where}: '{code}' is no code of the guideline; use one of {', '.join(sorted(_CODES))}.")
    weight = block.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight <= 1:
        raise RuleError(f"{where}: the weight is {weight!r}; give a number above 0 and up to 1.")
    reach = block.get("reach", "match") if kind == "exception" else ""
    if reach not in ("", "match", "sentence"):
        raise RuleError(f"{where}: the reach is {reach!r}; use 'match' or 'sentence'.")
    lines: dict[str, tuple[str, ...]] = {}
    for key in ("phrases", "unless", "unless_near", "reject", "approve"):
        value = block.get(key, [])
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            raise RuleError(f"{where}: '{key}' must be a list of strings.")
        if not value and not key.startswith("unless"):
            raise RuleError(f"{where}: has no '{key}'; every {kind} needs a phrase, a reject line and an approve line.")
        lines[key] = tuple(value)
    if not isinstance(block.get("reason"), str):
        raise RuleError(f"{where}: has no reason; write a sentence that a moderator can read.")
    phrases, unless, near = (tuple(Phrase(line, lexicons) for line in lines[key]) for key in ("phrases", "unless", "unless_near"))
    return Rule(
        name, block["reason"], None if code is None else Category(code), phrases, unless, near, float(weight), reach,
        lines["reject"], lines["approve"],
    )  # fmt: skip


def _check(rule: Rule, lexicons: Mapping[str, Lexicon]) -> None:
    for phrase in (*rule.phrases, *rule.unless, *rule.unless_near):
        try:
            read(phrase.source, lexicons)
        except PhraseError as error:
            raise RuleError(f"the rule '{rule.id}': {error}") from None


def _lexicon_exceptions(lexicons: Mapping[str, Lexicon]) -> Iterator[Rule]:
    for name, lexicon in lexicons.items():
        if lexicon.exceptions:
            phrases = tuple(Phrase(phrase, lexicons) for phrase in lexicon.exceptions)
            yield Rule(f"{name}.unless", f"Harmless use of a term of '{name}'", None, phrases, (), (), 1.0, "match", (), ())


def _respellings(lexicons: Mapping[str, Lexicon]) -> Respellings:
    def words(chosen: Iterable[Lexicon]) -> Iterator[str]:
        for lexicon in chosen:
            for term in lexicon.terms:
                if "*" not in term:
                    yield from term.split() if not lexicon.masked else ([term] if " " not in term else [])

    worst_first = sorted(lexicons.values(), key=lambda lexicon: (lexicon.name != "profanity", lexicon.name))
    masked = [lexicon for lexicon in worst_first if lexicon.masked]
    real = files("moderation").joinpath("data/real_words.txt").read_text(encoding="utf-8").splitlines()
    return Respellings(dict.fromkeys(words(worst_first)), dict.fromkeys(words(masked)), (word for word in real if not word.startswith("#")))
