"""Fitting: labelled comments in, a model out.

One-vs-rest logistic regression with scikit-learn, a head for the verdict and one for each code that has labels. An
example counts for a head only where its label speaks of it. Weights are kept as 8-bit integers, and each head is
calibrated on the held-out part with Platt's sigmoid ("Probabilistic Outputs for Support Vector Machines", 1999).
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from moderation.decision import Category
from moderation.features import Hasher
from moderation.model import IDF_STEP, Model
from moderation.rules import RuleSet
from moderation.text import fold
from training.examples import HEADS, REJECT, Example, is_held_out

FEWEST = 5
"""A head needs so many positive and so many negative rows, in training and held out together."""

Progress = Callable[[str], None]


class FitError(ValueError):
    """Data that cannot train a model; the message says what is missing."""


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted; the values of ``recipe.toml``."""

    hasher: Hasher = field(default_factory=Hasher)
    strength: float = 4.0
    iterations: int = 150
    tolerance: float = 1e-4
    most_positive_weight: float = 8.0
    weights: Mapping[str, float] = field(default_factory=dict)
    not_calibrating: frozenset[str] = frozenset()
    domain_strength: float = 0.3
    shared_domains: frozenset[str] = frozenset()
    held_out: float = 0.1
    seed: int = 0

    @classmethod
    def bundled(cls) -> Recipe:
        """The recipe of the bundled model."""
        content = tomllib.loads(files("training").joinpath("recipe.toml").read_text(encoding="utf-8"))
        return cls(
            Hasher(**content["features"]),
            **content["regression"],
            weights=content["weights"],
            not_calibrating=frozenset(content["calibration"]["not_with"]),
            domain_strength=content["domains"]["strength"],
            shared_domains=frozenset(content["domains"]["shared"]),
            held_out=content["held_out"],
            seed=content["seed"],
        )

    def weight(self, example: Example) -> float:
        """How much a row weighs, by its corpus."""
        return self.weights.get(example.source.partition("/")[0], 1.0)


@dataclass(frozen=True)
class Data:
    """Examples made ready: what is scored and what is known of it.

    Attributes:
        examples: In order.
        folded: Their folded texts.
        counts: N-gram counts; sparse, shape (examples, buckets).
        labels: 1, 0 or -1 for unknown; int8, shape (examples, heads).
        held_out: Which examples never train; bool, shape (examples,).
        weights: Weight of each example; shape (examples,).
    """

    examples: Sequence[Example]
    folded: list[str]
    counts: sparse.csr_matrix
    labels: npt.NDArray[np.int8]
    held_out: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float64]


def prepare(examples: Sequence[Example], recipe: Recipe, progress: Progress) -> Data:
    """Fold and hash the examples.

    Args:
        examples: Labelled comments.
        recipe: Which features, which split, which weights.
        progress: Is told what goes on.

    Returns:
        The data.
    """
    respellings = RuleSet.load().respellings
    folded = []
    for number, example in enumerate(examples, 1):
        folded.append(fold(example.text, respellings).folded)
        if number % 50_000 == 0:
            progress(f"folded {number:,} of {len(examples):,} comments")
    labels = np.full((len(examples), len(HEADS)), -1, np.int8)
    for row, example in enumerate(examples):
        for head, holds in example.labels.items():
            labels[row, HEADS.index(head)] = holds
    held_out = np.array([is_held_out(example, recipe.held_out, recipe.seed) for example in examples], np.bool_)
    weights = np.array([recipe.weight(example) for example in examples])
    progress(f"hashing {len(examples):,} comments into {1 << recipe.hasher.bits:,} buckets")
    return Data(examples, folded, count(folded, recipe.hasher), labels, held_out, weights)


def count(folded: Sequence[str], hasher: Hasher, block: int = 2000) -> sparse.csr_matrix:
    """Count the n-grams of folded comments; sparse, shape (comments, buckets)."""
    blocks = []
    for start in range(0, len(folded), block):
        part = folded[start : start + block]
        found = hasher.find(part)
        ones = np.ones(len(found.buckets), np.float32)
        blocks.append(sparse.coo_matrix((ones, (found.rows[found.sentences], found.buckets)), shape=(len(part), 1 << hasher.bits)).tocsr())
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, 1 << hasher.bits), dtype=np.float32)


def fit(data: Data, recipe: Recipe, progress: Progress, base: Model | None = None, jobs: int = 2) -> Model:
    """Fit every head that has labels, quantise and calibrate.

    Args:
        data: Prepared examples.
        recipe: How to fit; its features must be the base's, where there is one.
        progress: Is told what goes on.
        base: A model to start from: its score is one more feature, so that few rows suffice to bend it; heads
            without labels are taken from it.
        jobs: Processes to use.

    Returns:
        The model.

    Raises:
        FitError: There are too few approved or too few rejected comments.
    """
    train = ~data.held_out
    idf = _idf(data.counts[train]) if base is None else base.idf
    scaled = _scale(data.counts, idf)
    wanted = [head for head in HEADS if _is_trainable(data.labels[:, HEADS.index(head)], data.held_out)]
    if REJECT not in wanted:
        known = data.labels[:, 0]
        raise FitError(
            f"the data holds {int((known == 1).sum())} rejected and {int((known == 0).sum())} approved comments; "
            f"at least {FEWEST} of each are needed, in several groups."
        )
    rawest = None if base is None else _raw(base, data.counts)
    domains = _domains(data, recipe)

    def one(head: str) -> npt.NDArray[np.float64]:
        column = HEADS.index(head)
        labels = data.labels[:, column]
        rows = np.flatnonzero(train & (labels >= 0))
        weights = data.weights[rows].copy()
        positive = labels[rows] == 1
        if head != REJECT:
            weights[positive] *= min(max(np.sqrt((~positive).sum() / max(positive.sum(), 1)), 1.0), recipe.most_positive_weight)
        features = scaled[rows]
        if rawest is not None:
            features = sparse.hstack([features, sparse.csr_matrix(rawest[rows, column][:, None])], format="csr")
        width = features.shape[1]
        return _regress(sparse.hstack([features, domains[rows]], format="csr"), positive, weights, recipe)[:width]

    fitted = dict(zip(wanted, Parallel(n_jobs=jobs)(delayed(one)(head) for head in wanted), strict=True))
    progress(f"fitted {len(fitted)} heads on {int(train.sum()):,} comments")
    codes = tuple(Category(head) for head in HEADS if head != REJECT and (head in fitted or (base and head in base.codes)))
    columns = []
    for head in (REJECT, *codes):
        own = fitted.get(head)
        inherited = _dequantised(base, head) if base is not None else 0.0
        if own is None:
            columns.append(inherited)
        elif base is None:
            columns.append(own * idf * IDF_STEP)
        else:
            columns.append(own[:-1] * idf * IDF_STEP + own[-1] * inherited)
    return _calibrated(_quantised(columns, codes, idf, recipe.hasher), data, recipe, base, fitted)


def _domains(data: Data, recipe: Recipe) -> sparse.csr_matrix:
    """One column for each corpus that does not share the common intercept; sparse, shape (examples, corpora)."""
    names = [example.source.partition("/")[0] for example in data.examples]
    own = sorted(set(names) - recipe.shared_domains)
    rows = [row for row, name in enumerate(names) if name not in recipe.shared_domains]
    columns = [own.index(names[row]) for row in rows]
    values = np.full(len(rows), recipe.domain_strength, np.float32)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(names), len(own)))


def _is_trainable(labels: npt.NDArray[np.int8], held_out: npt.NDArray[np.bool_]) -> bool:
    return all(((labels == value) & ~held_out).sum() >= FEWEST - 1 for value in (0, 1)) and all(
        (labels == value).sum() >= FEWEST for value in (0, 1)
    )


def _idf(counts: sparse.csr_matrix) -> npt.NDArray[np.uint8]:
    frequencies = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + counts.shape[0]) / (1 + frequencies)) + 1
    steps: npt.NDArray[np.uint8] = np.clip(np.round(idf / IDF_STEP), 1, 255).astype(np.uint8)
    return steps


def _scale(counts: sparse.csr_matrix, idf: npt.NDArray[np.uint8]) -> sparse.csr_matrix:
    """Counts to TF-IDF, as `moderation.features` defines it."""
    steps = (idf * np.float32(IDF_STEP)).astype(np.float32)
    norms = np.sqrt(counts @ (steps**2))
    rows = sparse.diags((1 / np.maximum(norms, 1.0)).astype(np.float32))
    return (rows @ counts @ sparse.diags(steps)).tocsr()


def _regress(
    features: sparse.csr_matrix, positive: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64], recipe: Recipe
) -> npt.NDArray[np.float64]:
    regression = LogisticRegression(C=recipe.strength, max_iter=recipe.iterations, tol=recipe.tolerance)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the iterations are a setting: stopping early regularises
        regression.fit(features, positive, sample_weight=weights)
    coefficients: npt.NDArray[np.float64] = regression.coef_[0].astype(np.float64)
    return coefficients


def _raw(model: Model, counts: sparse.csr_matrix) -> npt.NDArray[np.float32]:
    """The model's uncalibrated values for every head; zeros for a head that it has not."""
    steps = model.idf.astype(np.float64) * IDF_STEP
    norms = np.maximum(np.sqrt(counts @ (steps**2)), 1.0)
    values = np.zeros((counts.shape[0], len(HEADS)), np.float32)
    for column, head in enumerate(HEADS):
        if head == REJECT or head in model.codes:
            values[:, column] = (counts @ _dequantised(model, head)) / norms
    return values


def _dequantised(model: Model, head: str) -> Any:
    if head == REJECT:
        return model.verdict * model.scales[0]
    if head not in model.codes:
        return 0.0
    column = model.codes.index(Category(head))
    return model.by_code[:, column] * model.scales[1 + column]


def _quantised(columns: list[Any], codes: tuple[Category, ...], idf: npt.NDArray[np.uint8], hasher: Hasher) -> Model:
    weights = np.stack([np.broadcast_to(column, idf.shape) for column in columns], axis=1)
    # the few heaviest weights are cut off at the top, so that the many light ones keep their digits
    tops = np.maximum(np.quantile(np.abs(weights), 0.99995, axis=0), 1e-9)
    scales = tops / 127
    steps = np.clip(np.round(weights / scales), -127, 127).astype(np.int8)
    ones = np.ones(len(columns))
    return Model(hasher, codes, np.ascontiguousarray(steps[:, 0]), np.ascontiguousarray(steps[:, 1:]), idf, scales, ones, ones * 0)


def _calibrated(model: Model, data: Data, recipe: Recipe, base: Model | None, fitted: Mapping[str, Any]) -> Model:
    rows = np.flatnonzero(data.held_out & np.array([is_calibrating(example, recipe) for example in data.examples], np.bool_))
    folded = [data.folded[row] for row in rows]
    # twice, because the margin of a single sentence is in calibrated units
    for _ in range(2):
        slopes, intercepts = model.slopes.copy(), model.intercepts.copy()
        values = logits(model, folded)
        for place, head in enumerate((REJECT, *model.codes)):
            if head not in fitted and base is not None:
                where = 1 + base.codes.index(Category(head))
                slopes[place], intercepts[place] = base.slopes[where], base.intercepts[where]
                continue
            labels = data.labels[rows, HEADS.index(head)]
            known = labels >= 0
            slope, intercept = platt(values[known, place], labels[known] == 1)
            slopes[place], intercepts[place] = slopes[place] * slope, intercepts[place] * slope + intercept
        model = replace_calibration(model, slopes, intercepts)
    return model


def logits(model: Model, folded: Sequence[str], block: int = 256) -> npt.NDArray[np.float64]:
    """Calibrated logits of folded comments for the verdict and every code, shape (comments, 1 + codes)."""
    blocks = [
        np.column_stack([model.must_reject(folded[start : start + block]), model.by_codes(folded[start : start + block])])
        for start in range(0, len(folded), block)
    ]
    probabilities = np.clip(np.concatenate(blocks), 1e-6, 1 - 1e-6)
    values: npt.NDArray[np.float64] = np.log(probabilities / (1 - probabilities))
    return values


def replace_calibration(model: Model, slopes: npt.NDArray[np.float64], intercepts: npt.NDArray[np.float64]) -> Model:
    """The same model with another calibration."""
    return Model(model.hasher, model.codes, model.verdict, model.by_code, model.idf, model.scales, slopes, intercepts)


def is_calibrating(example: Example, recipe: Recipe) -> bool:
    """Whether an example is of the kind that a newsroom sees, so that probabilities are true of a newsroom's mixture."""
    return example.source.partition("/")[0] not in recipe.not_calibrating


def platt(values: npt.NDArray[Any], positive: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Fit Platt's sigmoid, with his smoothed targets where rows are few.

    Args:
        values: Uncalibrated values, shape (rows,).
        positive: Which rows are positive, same shape.

    Returns:
        Slope and intercept; 1 and 0 where there is nothing to fit.
    """
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return 1.0, 0.0
    targets = np.where(positive, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    doubled = np.concatenate([values, values])[:, None]
    labels = np.repeat([1, 0], len(values))
    regression = LogisticRegression(C=1e6, max_iter=1000).fit(doubled, labels, sample_weight=np.concatenate([targets, 1 - targets]))
    return float(regression.coef_[0, 0]), float(regression.intercept_[0])
