"""The trained model: reads and writes its artefact, scores folded comments, says which words weighed most.

One-vs-rest logistic regression over hashed TF-IDF n-grams: a head for the verdict and one for each code. The
artefact is an ``.npz`` of plain arrays, read with ``allow_pickle=False`` and bounded before anything is unpacked, so a
model from a stranger can be wrong but cannot run code; and no scikit-learn is needed to read it, so none can break it.
Beside it lies a JSON card of the same name: what it was trained on, when, with what, and how good it is.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.decision import Category
from moderation.features import Hasher, Occurrences
from moderation.text import WORD

FORMAT = "comment-moderation model 1"
IDF_STEP = 1 / 16
MARGIN = 1.5
"""What a single sentence must exceed the whole comment by, in logits, to speak for it. Chosen on the development split."""
SHORTEST_SENTENCE = 2
"""Words that a sentence must have to be scored alone."""
LARGEST = 1 << 29
"""Bytes that an artefact may unpack to; more is refused unread."""

Floats = npt.NDArray[np.float64]


class ModelError(ValueError):
    """A model that cannot be read or written; the message names the file, what is wrong and the remedy."""


class Weighed(NamedTuple):
    """Neighbouring words of a folded comment and how much they weighed, above 0."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True, eq=False)
class Model:
    """A model in memory.

    Attributes:
        hasher: The n-grams that it looks at.
        codes: The codes that it has a head for, in the order of its columns.
        verdict: Weight of each bucket for a rejection, times its inverse document frequency; int8, shape (buckets,).
        by_code: The same for each code; int8, shape (buckets, codes).
        idf: Inverse document frequency of each bucket in steps of 1/16; uint8, shape (buckets,).
        scales: What one step of a head's weights is worth; shape (1 + codes,), the verdict first.
        slopes: Slope of each head's calibration (Platt), same shape.
        intercepts: Intercept of each head's calibration, same shape.
    """

    hasher: Hasher
    codes: tuple[Category, ...]
    verdict: npt.NDArray[np.int8]
    by_code: npt.NDArray[np.int8]
    idf: npt.NDArray[np.uint8]
    scales: Floats
    slopes: Floats
    intercepts: Floats
    _pairs: npt.NDArray[np.float32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        squared = (self.idf.astype(np.float32) * np.float32(IDF_STEP)) ** 2
        pairs = np.stack([self.verdict.astype(np.float32) * np.float32(self.scales[0]), squared], axis=1)
        object.__setattr__(self, "_pairs", pairs)

    @classmethod
    def load(cls, path: str | Path | None = None) -> Model:
        """Read a model.

        Args:
            path: An ``.npz`` file that training wrote; the bundled model when None.

        Returns:
            The model. The bundled one is read once.

        Raises:
            ModelError: The file is missing, damaged, not a model, or larger than 512 MiB unpacked.
        """
        if path is None:
            return _bundled()
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError:
            raise ModelError(f"{path}: there is no such model; correct the path or train one with 'python -m training fit'.") from None
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror}); name a readable file.") from None
        return _read(content, str(path))

    def save(self, path: str | Path, card: Mapping[str, Any]) -> None:
        """Write the model and its card: beside their places first, then renamed, so that a failure leaves the old ones.

        Args:
            path: The ``.npz`` to write; the card gets the same name with ``.json``.
            card: Anything that JSON holds.

        Raises:
            ModelError: The place cannot be written to.
        """
        path = Path(path)
        header = {
            "format": FORMAT, "bits": self.hasher.bits, "words": self.hasher.words, "shortest": self.hasher.shortest,
            "longest": self.hasher.longest, "codes": [code.value for code in self.codes],
        }  # fmt: skip
        arrays: dict[str, npt.NDArray[Any]] = {
            "header": np.frombuffer(json.dumps(header).encode(), np.uint8), "verdict": self.verdict, "by_code": self.by_code,
            "idf": self.idf, "scales": self.scales, "slopes": self.slopes, "intercepts": self.intercepts,
        }  # fmt: skip
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        try:
            write_beside(path.with_suffix(".json"), (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode())
            write_beside(path, buffer.getvalue())
        except OSError as error:
            raise ModelError(f"{path}: cannot be written ({error.strerror}); name a folder that you may write to.") from None

    def must_reject(self, folded: Sequence[str]) -> Floats:
        """How likely each comment must be rejected.

        Args:
            folded: Folded comments.

        Returns:
            Calibrated probabilities, 0 to 1, shape (comments,). What stands beside a comment does not change its value.
        """
        if not folded:
            return np.zeros(0)
        found = self.hasher.find(folded)
        pairs = self._pairs[found.buckets]
        sums = _summed(found, pairs[:, 0])
        squares = _summed(found, pairs[:, 1])
        return self._of_worst_sentence(sums[:, None], squares, found, slice(0, 1))[:, 0]

    def by_codes(self, folded: Sequence[str]) -> Floats:
        """How likely each comment violates each code, whatever the verdict.

        Args:
            folded: Folded comments, one at least.

        Returns:
            Calibrated probabilities, 0 to 1, shape (comments, codes).
        """
        found = self.hasher.find(folded)
        sums = np.zeros((len(found.rows), len(self.codes)))
        order = np.argsort(found.sentences, kind="stable")
        present, starts = np.unique(found.sentences[order], return_index=True)
        if len(present):
            sums[present] = np.add.reduceat(self.by_code[found.buckets[order]], starts, dtype=np.int32)
        squares = _summed(found, self._pairs[found.buckets, 1])
        return self._of_worst_sentence(sums * self.scales[1:], squares, found, slice(1, None))

    def _of_worst_sentence(self, sums: Floats, squares: Floats, found: Occurrences, heads: slice) -> Floats:
        """A comment is as bad as the whole of it, or as its worst sentence less a margin: friendly words hide nothing."""
        starts = np.flatnonzero(np.diff(found.rows, prepend=-1))
        whole = np.add.reduceat(sums, starts) / np.sqrt(np.maximum(np.add.reduceat(squares, starts), 1.0))[:, None]
        single = sums / np.sqrt(np.maximum(squares, 1.0))[:, None]
        whole = whole * self.slopes[heads] + self.intercepts[heads]
        single = single * self.slopes[heads] + self.intercepts[heads] - MARGIN
        single[found.sizes < SHORTEST_SENTENCE] = -np.inf
        worst = np.maximum(whole, np.maximum.reduceat(single, starts))
        probabilities: Floats = np.round(1 / (1 + np.exp(-worst)), 6)
        return probabilities

    def weigh(self, folded: str, code: Category | None = None, most: int = 2) -> list[Weighed]:
        """Find the words that weighed most.

        Args:
            folded: A folded comment.
            code: The code that they speak for; the verdict when None, or when the model has no head for the code.
            most: How many places to return.

        Returns:
            Runs of whole words, the weightiest first; empty when nothing spoke for the code.
        """
        found = self.hasher.find([folded], places=True)
        if code in self.codes:
            column = self.codes.index(code)
            weights = self.by_code[found.buckets, column] * self.scales[1 + column]
        else:
            weights = self.verdict[found.buckets] * self.scales[0]
        words = [match.span() for match in WORD.finditer(folded)]
        if not words or not len(weights):
            return []
        starts = np.array([start for start, _ in words])
        ends = np.array([end for _, end in words])
        first = np.searchsorted(ends, found.starts, side="right")
        last = np.searchsorted(starts, found.ends, side="left")
        share = weights / np.maximum(last - first, 1)
        edges = np.zeros(len(words) + 1)
        inside = last > first
        np.add.at(edges, first[inside], share[inside])
        np.subtract.at(edges, last[inside], share[inside])
        return _runs(words, np.cumsum(edges)[:-1] / self._norm(found), most)

    def rarity(self, folded: str) -> dict[int, float]:
        """The words of a comment by hash, with their inverse document frequency in the training corpora."""
        words = Hasher(self.hasher.bits, words=1, shortest=8, longest=8).find([folded])
        return {int(bucket): float(self.idf[bucket]) * IDF_STEP for bucket in words.buckets}

    def _norm(self, found: Occurrences) -> float:
        squared = self._pairs[found.buckets, 1]
        return float(max(np.sqrt(squared.sum(dtype=np.float64)), 1.0))


def _summed(found: Occurrences, weights: npt.NDArray[np.float32]) -> Floats:
    """The sum of the weights in each sentence."""
    return np.bincount(found.sentences, weights=weights, minlength=len(found.rows)).astype(np.float64, copy=False)


def _runs(words: list[tuple[int, int]], weights: Floats, most: int) -> list[Weighed]:
    """Join neighbouring words that weighed nearly as much as the weightiest one near them."""
    left = weights.copy()
    runs: list[Weighed] = []
    floor = 0.3 * max(float(left.max()), 0.0)
    while len(runs) < most and left.max() > max(floor, 1e-9):
        top = int(left.argmax())
        low = high = top
        while low > 0 and left[low - 1] > 0.35 * left[top] and high - low < 7:
            low -= 1
        while high + 1 < len(words) and left[high + 1] > 0.35 * left[top] and high - low < 7:
            high += 1
        runs.append(Weighed(words[low][0], words[high][1], float(left[low : high + 1].sum())))
        left[low : high + 1] = 0.0
    return runs


def write_beside(path: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it, so that no reader ever sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@cache
def _bundled() -> Model:
    source: Traversable = files("moderation").joinpath("data/model.npz")
    try:
        return _read(source.read_bytes(), "the bundled model")
    except FileNotFoundError:
        raise ModelError("the bundled model is missing: reinstall comment-moderation.") from None


def _read(content: bytes, name: str) -> Model:
    damaged = f"{name}: is damaged or no model of this library; train it anew with 'python -m training fit'."
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            too_large = sum(member.file_size for member in archive.infolist()) > LARGEST
        if too_large:
            damaged = f"{name}: unpacks to more than 512 MiB, which no model does; do not use this file."
            raise ValueError(damaged)
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return _checked({key: arrays[key] for key in arrays.files})
    except Exception as error:  # numpy, zipfile, zlib and json each raise their own on a damaged file
        raise ModelError(damaged) from error


def _checked(arrays: Mapping[str, npt.NDArray[Any]]) -> Model:
    header = json.loads(arrays["header"].tobytes())
    if header["format"] != FORMAT:
        raise ValueError("another format")
    codes = tuple(Category(code) for code in header["codes"])
    hasher = Hasher(header["bits"], header["words"], header["shortest"], header["longest"])
    buckets, heads = 1 << hasher.bits, 1 + len(codes)
    expected = {
        "verdict": ((buckets,), np.int8), "by_code": ((buckets, len(codes)), np.int8), "idf": ((buckets,), np.uint8),
        "scales": ((heads,), np.float64), "slopes": ((heads,), np.float64), "intercepts": ((heads,), np.float64),
    }  # fmt: skip
    for key, (shape, kind) in expected.items():
        if arrays[key].shape != shape or arrays[key].dtype != kind or not np.isfinite(arrays[key]).all():
            raise ValueError(f"{key} has the wrong shape, type or values")
    return Model(hasher, codes, *(arrays[key] for key in expected))
