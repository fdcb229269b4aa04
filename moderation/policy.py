"""The policy: thresholds and precedence turn scores into a verdict. Pure: no text, no rule, no model in sight.

How rules and model become one score is written down here, in `combine`, and nowhere else.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from moderation.decision import Category

_CODES = frozenset(code.value for code in Category)


class PolicyError(ValueError):
    """A policy that cannot be used; the message names the file, the key and the remedy."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What the policy says of one code.

    Attributes:
        guideline: The guideline's own sentence.
        threshold: The score from which the code is violated, above 0 and up to 1.
        reject: Whether the code may reject at all.
    """

    guideline: str
    threshold: float
    reject: bool = True


@dataclass(frozen=True)
class Policy:
    """What is rejected.

    Attributes:
        clauses: What is said of each code.
        precedence: The six categories, the one that names a decision first.
        minimum_relevance: 0 to 1; with 0, relevance never rejects.
        relevance_code: The code under which an irrelevant comment is rejected.

    Example:
        >>> policy = Policy.load()
        >>> policy.decide({Category.PROFANITY: 0.9, Category.THREATS: 0.1})
        (<Category.PROFANITY: 'profanity'>,)
    """

    clauses: Mapping[Category, Clause]
    precedence: tuple[Category, ...]
    minimum_relevance: float = 0.0
    relevance_code: Category = Category.PROMOTION

    @classmethod
    def load(cls, path: str | Path | None = None) -> Policy:
        """Read a policy.

        Args:
            path: A TOML file that overrides any part of the bundled policy; the bundled one alone when None.

        Returns:
            The policy.

        Raises:
            PolicyError: The file is missing or no TOML, or holds an unknown key or an impossible value.
        """
        if path is None:
            return _bundled()
        try:
            content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise PolicyError(f"{path}: there is no such policy file; correct the path.") from None
        except OSError as error:
            raise PolicyError(f"{path}: cannot be read ({error.strerror}); name a readable file.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path}: is not TOML in UTF-8 ({error}); mend that place.") from None
        return _over(_bundled(), content, str(path))

    def decide(self, scores: Mapping[Category, float], relevance: float | None = None) -> tuple[Category, ...]:
        """Name the codes that are violated.

        Args:
            scores: Codes with their scores, 0 to 1; a code that is absent counts as 0.
            relevance: Relevance to the article, 0 to 1, or None.

        Returns:
            The violated codes by precedence, a subcategory behind its parent; empty when the comment is approved.
        """
        violated = {code for code, score in scores.items() if self.clauses[code].reject and score >= self.clauses[code].threshold}
        if relevance is not None and relevance < self.minimum_relevance:
            violated.add(self.relevance_code)
        if not violated:
            return ()
        violated |= {code.parent for code in violated}
        return tuple(code for parent in self.precedence for code in Category if code.parent is parent and code in violated)

    @cached_property
    def _bars(self) -> dict[Category, float]:
        """The score that each code must reach; out of reach where it never rejects."""
        return {code: clause.threshold if clause.reject else 2.0 for code, clause in self.clauses.items()}

    @property
    def lowest_threshold(self) -> float:
        """The score below which no code is violated; above 1 when nothing rejects."""
        return min(self._bars.values())


DOUBT = 0.45
"""How far the model moves a rule's weight, on the logit scale: the coefficient of a logistic regression of the label on
both logits, over the held-out comments in which a rule was found."""
RESERVE = 0.7
"""What a rule's weight loses beforehand, from the same regression: weights are given by those who wrote the rules."""
LIKELIER_THAN_ALL_OTHERS = 0.5
"""The share from which a subcategory carries its category's score."""
FIRMEST = 4.0
"""The model's logit is taken no firmer than this, so that no model can silence a certain rule alone."""


def combine(
    rules: Mapping[Category, float], must_reject: float, model: Mapping[Category, float], sure: float = 0.5
) -> dict[Category, float]:
    """Make one score a code of what the rules and the model say.

    Rules and model read the same words, so what they say is not added up. A rule's weight is moved by the model's doubt or
    assent, as far as held-out comments showed that it should be; for the rest the greater score counts. The model
    says two things, how likely the comment must be rejected at all and how likely each code is. A code cannot be
    likelier than a rejection, so its score is bounded by that; and a rejection has some reason, so the likeliest code
    carries it in full - unless a rule has already named a reason, in which case the model only adds the codes that
    it is sure of. A category is of some kind in turn: where no rule has named one, a subcategory that is likelier than
    all others together carries its score, and otherwise they share it by their likelihood.

    Args:
        rules: The greatest weight of the rules found, by code; empty when none was.
        must_reject: The model's calibrated probability of a rejection, 0 to 1.
        model: The model's calibrated probability of each code, 0 to 1.
        sure: The score from which a rule's reason is taken as the reason.

    Returns:
        Every code with its score, 0 to 1; a category scores at least as high as each of its subcategories.

    Example:
        >>> scores = combine({}, 0.9, {Category.VULGARITY: 0.4, Category.THREATS: 0.02})
        >>> scores[Category.VULGARITY], scores[Category.THREATS]
        (0.9, 0.02)
        >>> round(combine({Category.THREATS: 0.86}, 0.01, {})[Category.THREATS], 2)  # the model is sure of the contrary
        0.34
    """
    scores = {code: min(model.get(code, 0.0), must_reject) for code in Category}
    moved = {code: _moved(weight, must_reject) for code, weight in rules.items()}
    if not any(score >= sure for score in moved.values()):
        likeliest = max(_CATEGORIES, key=scores.__getitem__)
        scores[likeliest] = max(must_reject, scores[likeliest])
    for code, score in moved.items():
        scores[code] = max(scores[code], score)
    for code in Category:
        scores[code.parent] = max(scores[code.parent], scores[code])
    for parent, kinds in _KINDS.items():
        if any(code.parent is parent for code in rules):
            continue
        total = sum(model.get(code, 0.0) for code in kinds)
        for code in kinds if total else ():
            share = model.get(code, 0.0) / total
            scores[code] = max(scores[code], scores[parent] * (1.0 if share >= LIKELIER_THAN_ALL_OTHERS else share))
    return scores


_CATEGORIES = [code for code in Category if code.parent is code]
_KINDS = {parent: [code for code in Category if code.parent is parent is not code] for parent in (Category.ABUSE, Category.PROMOTION)}


def _moved(weight: float, must_reject: float) -> float:
    doubt = max(-FIRMEST, min(FIRMEST, _logit(must_reject)))
    return 1 / (1 + math.exp(-_logit(weight) + RESERVE - DOUBT * doubt))


def _logit(probability: float) -> float:
    bounded = max(1e-6, min(1 - 1e-6, probability))
    return math.log(bounded / (1 - bounded))


@cache
def _bundled() -> Policy:
    content = tomllib.loads(files("moderation").joinpath("data/policy.toml").read_text(encoding="utf-8"))
    empty = Policy({code: Clause("", 0.5) for code in Category}, tuple(code for code in Category if code.parent is code))
    return _over(empty, content, "policy.toml")


def _over(base: Policy, content: Mapping[str, Any], path: str) -> Policy:
    _only(content, {"precedence", "codes", "relevance"}, path, "")
    clauses = dict(base.clauses)
    for name, said in _table(content, "codes", path).items():
        key = f"codes.{name}"
        if name not in _CODES:
            raise PolicyError(f"{path}: '{key}' is no code of the guideline; use one of {', '.join(Category)}.")
        if not isinstance(said, dict):
            raise PolicyError(f"{path}: '{key}' is not a table; write [{key}] above its keys.")
        _only(said, {"guideline", "threshold", "reject"}, path, f"{key}.")
        code = Category(name)
        guideline, reject = said.get("guideline", clauses[code].guideline), said.get("reject", clauses[code].reject)
        if not isinstance(guideline, str) or not isinstance(reject, bool):
            raise PolicyError(f"{path}: '{key}' needs a sentence as guideline and true or false as reject.")
        clauses[code] = Clause(guideline, _threshold(said, clauses[code].threshold, path, f"{key}.threshold"), reject)
    relevance = _table(content, "relevance", path)
    _only(relevance, {"minimum", "code"}, path, "relevance.")
    minimum = relevance.get("minimum", base.minimum_relevance)
    if isinstance(minimum, bool) or not isinstance(minimum, (int, float)) or not 0 <= minimum <= 1:
        raise PolicyError(f"{path}: 'relevance.minimum' is {minimum!r}; give a number from 0 (never rejects) to 1.")
    under = relevance.get("code", base.relevance_code)
    if under not in _CODES:
        raise PolicyError(f"{path}: 'relevance.code' is {under!r}; use one of {', '.join(Category)}.")
    return Policy(clauses, _precedence(content, base, path), float(minimum), Category(under))


def _precedence(content: Mapping[str, Any], base: Policy, path: str) -> tuple[Category, ...]:
    named = content.get("precedence", list(base.precedence))
    six = [code.value for code in Category if code.parent is code]
    if not isinstance(named, list) or sorted(map(str, named)) != sorted(six):
        raise PolicyError(f"{path}: 'precedence' must name each of {', '.join(six)} once; correct the list.")
    return tuple(Category(name) for name in named)


def _threshold(said: Mapping[str, Any], default: float, path: str, key: str) -> float:
    threshold = said.get("threshold", default)
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or not 0 < threshold <= 1:
        raise PolicyError(
            f"{path}: '{key}' is {threshold!r}; give a number above 0 and up to 1, or 'reject = false' to switch the code off."
        )
    return float(threshold)


def _table(content: Mapping[str, Any], name: str, path: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise PolicyError(f"{path}: '{name}' is not a table; write [{name}] above its keys.")
    return table


def _only(table: Mapping[str, Any], known: set[str], path: str, prefix: str) -> None:
    for key in table:
        if key not in known:
            raise PolicyError(f"{path}: '{prefix}{key}' is an unknown key; use one of {', '.join(sorted(known))}.")
