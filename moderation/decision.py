"""The values that a moderation gives back: categories, evidence, the decision. All frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Category(StrEnum):
    """Every code of the guideline; the value is the public identifier.

    Example:
        >>> Category("abuse.sexism").parent
        <Category.ABUSE: 'abuse'>
    """

    THREATS = "threats"
    ABUSE = "abuse"
    ABUSE_SEXISM = "abuse.sexism"
    ABUSE_RACISM = "abuse.racism"
    ABUSE_HOMOPHOBIA = "abuse.homophobia"
    ABUSE_XENOPHOBIA = "abuse.xenophobia"
    ABUSE_RELIGION = "abuse.religion"
    ABUSE_TRANSPHOBIA = "abuse.transphobia"
    ABUSE_DISABILITY = "abuse.disability"
    PERSONAL_ATTACKS = "personal_attacks"
    VULGARITY = "vulgarity"
    PROFANITY = "profanity"
    PROMOTION = "promotion"
    PROMOTION_COMMERCIAL = "promotion.commercial"
    PROMOTION_PERSONAL = "promotion.personal"

    @property
    def parent(self) -> Category:
        """The category that a subcategory belongs to; a category is its own parent."""
        return _PARENTS[self]

    @property
    def phrase(self) -> str:
        """The code in words: ``personal attacks``, ``abuse (sexism)``."""
        parent, _, sub = self.value.partition(".")
        return parent.replace("_", " ") + (f" ({sub})" if sub else "")


_PARENTS = {code: Category(code.value.partition(".")[0]) for code in Category}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of a comment that speak for a code.

    Attributes:
        code: The code that they speak for.
        source: The rule's id, such as ``threats.harm``, or ``model``.
        start: Position of the first character in the original comment.
        end: Position after the last one.
        quote: The characters between them, as the comment has them.
        weight: How strongly they speak for the code, 0 to 1.
        reason: A sentence that a moderator can read.
    """

    code: Category
    source: str
    start: int
    end: int
    quote: str
    weight: float
    reason: str


class Decision:
    """What is decided of one comment, and why. Frozen; compared by value.

    ``scores`` and ``evidence`` are worked out when they are first read, so that moderating many comments costs nothing
    for the reasons that nobody asks for.

    Attributes:
        categories: Every code violated, by the policy's precedence, a subcategory behind its parent; empty when approved.
        score: Calibrated probability that the comment must be rejected, 0 to 1.
        relevance: Share of the comment's vocabulary that is the article's, 0 to 1; None when no article was given.
    """

    __slots__ = ("_evidence", "_find_evidence", "_find_scores", "_scores", "categories", "relevance", "score")

    categories: tuple[Category, ...]
    score: float
    relevance: float | None

    def __init__(
        self,
        categories: tuple[Category, ...],
        score: float,
        find_scores: Callable[[], Mapping[Category, float]],
        find_evidence: Callable[[], tuple[Evidence, ...]],
        relevance: float | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "categories", categories)
        put(self, "score", score)
        put(self, "relevance", relevance)
        put(self, "_find_scores", find_scores)
        put(self, "_find_evidence", find_evidence)

    @property
    def approved(self) -> bool:
        """Whether the comment may be published: no code reaches its threshold under the policy."""
        return not self.categories

    @property
    def category(self) -> Category | None:
        """The first reason by the policy's precedence, one of the six categories; None when approved."""
        return self.categories[0].parent if self.categories else None

    @property
    def scores(self) -> Mapping[Category, float]:
        """Every code with its score, 0 to 1, rules and model combined. A Category is a str, so ``scores["threats"]`` works."""
        try:
            return self._scores  # type: ignore[no-any-return,attr-defined]  # a slot that is filled at the first reading
        except AttributeError:
            scores = MappingProxyType(dict(self._find_scores()))  # type: ignore[attr-defined]
            object.__setattr__(self, "_scores", scores)
            return scores

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The words that decided it, the weightiest first; empty when approved."""
        try:
            return self._evidence  # type: ignore[no-any-return,attr-defined]
        except AttributeError:
            evidence: tuple[Evidence, ...] = self._find_evidence()  # type: ignore[attr-defined]
            object.__setattr__(self, "_evidence", evidence)
            return evidence

    def explain(self) -> str:
        """The decision in a few lines for a person: the verdict, then a line for each piece of evidence."""
        if self.approved:
            lines = [f"APPROVED (probability of a violation {self.score:.2f})"]
        else:
            lines = [f"REJECTED {', '.join(self.categories)} (probability of a violation {self.score:.2f})"]
        for found in self.evidence:
            lines.append(f"  {found.code}: \u201c{found.quote}\u201d - {found.reason} [{found.source}, {found.weight:.2f}]")
        if self.relevance is not None:
            lines.append(f"  relevance to the article: {self.relevance:.2f}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The decision as plain values, for JSON.

        Returns:
            ``approved``, ``category``, ``categories``, ``score``, ``scores``, ``evidence`` (a list of dicts) and ``relevance``.
        """
        return {
            "approved": self.approved,
            "category": None if self.category is None else self.category.value,
            "categories": [code.value for code in self.categories],
            "score": round(self.score, 4),
            "scores": {code.value: round(score, 4) for code, score in self.scores.items()},
            "evidence": [
                {
                    "code": found.code.value,
                    "source": found.source,
                    "start": found.start,
                    "end": found.end,
                    "quote": found.quote,
                    "weight": round(found.weight, 4),
                    "reason": found.reason,
                }
                for found in self.evidence
            ],
            "relevance": None if self.relevance is None else round(self.relevance, 4),
        }

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Decision is frozen: '{name}' cannot be set.")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Decision is frozen: '{name}' cannot be deleted.")

    def _values(self) -> tuple[object, ...]:
        return self.categories, self.score, dict(self.scores), self.evidence, self.relevance

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((self.categories, self.score, self.relevance))

    def __repr__(self) -> str:
        verdict = "approved" if self.approved else f"rejected {', '.join(self.categories)}"
        return f"<Decision {verdict}, score {self.score:.3f}>"

    def __reduce__(self) -> tuple[Callable[..., Decision], tuple[object, ...]]:
        return _restore, (self.categories, self.score, dict(self.scores), self.evidence, self.relevance)


def _restore(
    categories: tuple[Category, ...],
    score: float,
    scores: Mapping[Category, float],
    evidence: tuple[Evidence, ...],
    relevance: float | None,
) -> Decision:
    return Decision(categories, score, lambda: scores, lambda: evidence, relevance)
