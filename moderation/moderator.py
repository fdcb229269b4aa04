"""The pipeline: fold a comment, let the rules and the model speak, let the policy decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path

from moderation.decision import Category, Decision, Evidence
from moderation.model import Model
from moderation.policy import Policy, combine
from moderation.relevance import relevance
from moderation.rules import Match, RuleSet, withhold, without_excused
from moderation.text import Text, fold

BATCH = 256
"""Comments that are scored at once: enough to spread the fixed costs, little enough to stay in the cache."""


class Moderator:
    """Moderates comments under one policy with one model and one set of rules. Safe to share between threads.

    Args:
        policy: What is rejected; the bundled policy when None.
        model: A model, or the path of one; the bundled one when None.
        rules: Rules, or a folder of yours that is added to the bundled ones; the bundled ones alone when None.

    Raises:
        ModelError: The model cannot be read.
        RuleError: A rule cannot be read.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        model: Model | str | Path | None = None,
        rules: RuleSet | str | Path | None = None,
    ) -> None:
        self.policy = Policy.load() if policy is None else policy
        self.model = model if isinstance(model, Model) else Model.load(model)
        self._lowest = self.policy.lowest_threshold
        self.rules = rules if isinstance(rules, RuleSet) else RuleSet.load(rules)

    def moderate(self, text: str, article: str | None = None) -> Decision:
        """Decide one comment.

        Args:
            text: The comment, any str.
            article: The article that it stands under, for its relevance; None when there is none.

        Returns:
            The decision; a comment without a letter or sign is approved without evidence.

        Raises:
            TypeError: The comment or the article is not a str.
        """
        _expect_str(text)
        if article is not None:
            _expect_str(article)
        return self._decide([text], article)[0]

    def moderate_many(self, texts: Iterable[str]) -> Iterator[Decision]:
        """Decide many comments, lazily, in order; each exactly as `moderate` decides it.

        Args:
            texts: Comments, from a list, a file, a generator.

        Yields:
            A decision for each comment.

        Raises:
            TypeError: One of them is not a str, or all of them together are one str.
        """
        if isinstance(texts, str):
            raise TypeError("moderate_many() takes an iterable of comments, not one str; use moderate() for one.")
        remaining = iter(texts)
        while batch := list(islice(remaining, BATCH)):
            for text in batch:
                _expect_str(text)
            yield from self._decide(batch, None)

    def _decide(self, comments: list[str], article: str | None) -> list[Decision]:
        texts = [fold(comment, self.rules.respellings) for comment in comments]
        readings = [_Reading(self, text, self.rules.find(text)) for text in texts]
        for reading, probability in zip(readings, self.model.must_reject([text.folded for text in texts]).tolist(), strict=True):
            reading.must_reject = probability if reading.text.folded.strip() else 0.0
        doubtful = [reading for reading in readings if reading.matches or reading.must_reject >= self._lowest]
        self._score(doubtful)
        # only what would be rejected can be excused
        excused = [reading for reading in doubtful if self.policy.decide(reading.scores()) and reading.excuse()]
        if excused:
            anew = self.model.must_reject([reading.read for reading in excused]).tolist()
            for reading, probability in zip(excused, anew, strict=True):
                reading.must_reject = min(reading.must_reject, probability)
            self._score(excused)
        context = None if article is None else fold(article, self.rules.respellings).folded
        return [self._decision(reading, context) for reading in readings]

    def _score(self, readings: list[_Reading]) -> None:
        if readings:
            for reading, row in zip(readings, self.model.by_codes([reading.read for reading in readings]).tolist(), strict=True):
                reading.combine(row)

    def _decision(self, reading: _Reading, article: str | None) -> Decision:
        shared = None if article is None else relevance(reading.text.folded, article, self.model)
        if reading.combined is None:
            return Decision(self.policy.decide({}, shared), reading.must_reject, reading.scores, no_evidence, shared)
        categories = self.policy.decide(reading.combined, shared)
        find_evidence = _Evidence(reading, categories) if categories else no_evidence
        return Decision(categories, max(reading.combined.values()), reading.scores, find_evidence, shared)


class _Reading:
    """What rules and model say of one comment; the codes are scored when they matter or are asked for."""

    __slots__ = ("combined", "matches", "moderator", "must_reject", "read", "text")

    def __init__(self, moderator: Moderator, text: Text, matches: list[Match]) -> None:
        self.moderator = moderator
        self.text = text
        self.read = text.folded
        self.matches = matches
        self.must_reject = 0.0
        self.combined: Mapping[Category, float] | None = None

    def excuse(self) -> bool:
        """Take out what an exception covers; True when there is any."""
        excused = self.moderator.rules.excuse(self.text)
        if excused:
            self.matches = without_excused(self.matches, excused)
            self.read = withhold(self.read, excused)
        return bool(excused)

    def combine(self, by_code: list[float]) -> None:
        weights: dict[Category, float] = {}
        for match in self.matches:
            if match.rule.code is not None:  # only an exception may speak for no code
                weights[match.rule.code] = max(weights.get(match.rule.code, 0.0), match.rule.weight)
        self.combined = combine(weights, self.must_reject, dict(zip(self.moderator.model.codes, by_code, strict=True)))

    def scores(self) -> Mapping[Category, float]:
        if self.combined is None:
            if not self.must_reject:
                self.combined = dict.fromkeys(Category, 0.0)
            else:
                self.combine(self.moderator.model.by_codes([self.read])[0].tolist())
        return self.combined or {}


def no_evidence() -> tuple[Evidence, ...]:
    """The evidence of an approval."""
    return ()


class _Evidence:
    """Builds the evidence of a rejection when it is called."""

    __slots__ = ("categories", "reading")

    def __init__(self, reading: _Reading, categories: tuple[Category, ...]) -> None:
        self.reading = reading
        self.categories = categories

    def __call__(self) -> tuple[Evidence, ...]:
        found = [self._of_rule(match, match.rule.code) for match in self.reading.matches if match.rule.code is not None]
        explained = {evidence.code for evidence in found} | {evidence.code.parent for evidence in found}
        parents = {code.parent for code in self.categories if code.parent is not code}
        for code in self.categories:
            if code not in explained and code not in parents:
                found += self._of_model(code)
        kept = {(evidence.code, evidence.source, evidence.start, evidence.end): evidence for evidence in found}
        order = {code: place for place, code in enumerate(self.categories)}
        return tuple(
            sorted(
                (evidence for evidence in kept.values() if evidence.code in order or evidence.code.parent in order),
                key=lambda evidence: (order.get(evidence.code.parent, len(order)), -evidence.weight, evidence.start),
            )
        )

    def _of_rule(self, match: Match, code: Category) -> Evidence:
        text, rule = self.reading.text, match.rule
        start, end = text.span(match.start, match.end)
        return Evidence(code, rule.id, start, end, text.original[start:end], rule.weight, rule.reason)

    def _of_model(self, code: Category) -> list[Evidence]:
        text, model = self.reading.text, self.reading.moderator.model
        score = self.reading.scores()[code]
        places = model.weigh(self.reading.read, code) or model.weigh(self.reading.read)
        heaviest = max((place.weight for place in places), default=1.0)
        evidence = []
        for place in places:
            start, end = text.span(place.start, place.end)
            reason = f"Weighed most in reading this as {code.phrase}"
            evidence.append(Evidence(code, "model", start, end, text.original[start:end], score * place.weight / heaviest, reason))
        return evidence


def moderate(text: str, article: str | None = None) -> Decision:
    """Decide one comment under the bundled policy.

    Args:
        text: The comment, any str.
        article: The article that it stands under; then ``relevance`` is reported.

    Returns:
        The decision.

    Raises:
        TypeError: The comment or the article is not a str.

    Example:
        >>> decision = moderate("You are an idiot and your opinion is worthless.")
        >>> decision.approved, decision.category
        (False, <Category.PERSONAL_ATTACKS: 'personal_attacks'>)
        >>> moderate("The plan is idiotic and the minister should explain it.").approved
        True
    """
    return default().moderate(text, article)


@cache
def default() -> Moderator:
    """The Moderator that `moderate` uses: bundled policy, model and rules, made at the first call."""
    return Moderator()


def _expect_str(text: object) -> None:
    if not isinstance(text, str):
        raise TypeError(f"a comment must be a str, not {type(text).__name__}.")
