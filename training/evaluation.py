"""Evaluation: what a model, the rules, or both decide on labelled comments that never trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from moderation.decision import Category, Decision
from moderation.moderator import Moderator
from training.examples import HEADS, REJECT, Example


@dataclass(frozen=True)
class Judged:
    """Examples and what a moderator made of them.

    Attributes:
        examples: The labelled comments.
        decisions: What was decided of each.
    """

    examples: Sequence[Example]
    decisions: Sequence[Decision]

    def scores(self, head: str) -> npt.NDArray[np.float64]:
        """The score of each example for a code, or for the verdict."""
        if head == REJECT:
            return np.array([decision.score for decision in self.decisions])
        return np.array([decision.scores[Category(head)] for decision in self.decisions])

    def rejected(self) -> npt.NDArray[np.bool_]:
        """Which examples were rejected."""
        return np.array([not decision.approved for decision in self.decisions], np.bool_)

    def labels(self, head: str) -> npt.NDArray[np.int8]:
        """1, 0 or -1 for unknown, for each example."""
        return np.array([int(example.labels[head]) if head in example.labels else -1 for example in self.examples], np.int8)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Judged:
        """The part of it that is chosen."""
        places = np.flatnonzero(chosen).tolist()
        return Judged([self.examples[place] for place in places], [self.decisions[place] for place in places])

    def of(self, *sources: str) -> Judged:
        """The part of it that stands in one of these corpora; ``own`` means all of the project's own."""
        return self.where(np.array([example.source.partition("/")[0] in sources for example in self.examples], np.bool_))


@dataclass(frozen=True)
class Figures:
    """How well one head does.

    Attributes:
        head: The code, or ``reject`` for the verdict.
        positives: Labelled violations.
        negatives: Labelled non-violations.
        precision: Share of those found that are violations; None when none was found.
        recall: Share of the violations that were found.
        false_rejections: Share of the non-violations that were found.
        auc: Area under the ROC curve; None where one side is empty.
        average_precision: Area under the precision-recall curve; None where there is no violation.
    """

    head: str
    positives: int
    negatives: int
    precision: float | None
    recall: float | None
    false_rejections: float | None
    auc: float | None
    average_precision: float | None


def judge(moderator: Moderator, examples: Sequence[Example]) -> Judged:
    """Let a moderator decide labelled comments."""
    return Judged(examples, list(moderator.moderate_many(example.text for example in examples)))


def figures(judged: Judged) -> Iterator[Figures]:
    """Figures for every head that the labels speak of, the verdict first."""
    for head in HEADS:
        labels = judged.labels(head)
        known = labels >= 0
        if not known.any():
            continue
        truth = labels[known] == 1
        scores = judged.scores(head)[known]
        found = np.array([_found(decision, head) for decision in judged.decisions], np.bool_)[known]
        both = bool(truth.any() and (~truth).any())
        yield Figures(
            head,
            int(truth.sum()),
            int((~truth).sum()),
            _share(truth[found]),
            _share(found[truth]),
            _share(found[~truth]),
            float(roc_auc_score(truth, scores)) if both else None,
            float(average_precision_score(truth, scores)) if truth.any() else None,
        )


def category_accuracy(judged: Judged) -> float | None:
    """Share of the rightly rejected comments whose category is among the labelled ones."""
    right = [
        bool(decision.category is not None and example.labels.get(decision.category.value))
        for example, decision in zip(judged.examples, judged.decisions, strict=True)
        if example.labels.get(REJECT) and not decision.approved
    ]
    return _share(np.array(right, np.bool_))


def table(rows: Sequence[Figures]) -> str:
    """Figures as a table for a terminal."""
    lines = [f"{'head':<24}{'violations':>11}{'others':>9}{'precision':>11}{'recall':>9}{'false rej.':>12}{'AUC':>8}"]
    for row in rows:
        cells = (_percent(row.precision, 11), _percent(row.recall, 9), _percent(row.false_rejections, 12))
        auc = f"{row.auc:8.3f}" if row.auc is not None else f"{'-':>8}"
        lines.append(f"{row.head:<24}{row.positives:>11,}{row.negatives:>9,}{''.join(cells)}{auc}")
    return "\n".join(lines)


def as_dicts(rows: Sequence[Figures]) -> list[Mapping[str, float | int | str | None]]:
    """Figures as plain values, for a card."""
    return [{key: round(value, 4) if isinstance(value, float) else value for key, value in vars(row).items()} for row in rows]


def _found(decision: Decision, head: str) -> bool:
    return not decision.approved if head == REJECT else head in decision.categories


def _share(chosen: npt.NDArray[np.bool_]) -> float | None:
    return float(chosen.mean()) if len(chosen) else None


def _percent(value: float | None, width: int) -> str:
    return f"{value:>{width}.1%}" if value is not None else f"{'-':>{width}}"
