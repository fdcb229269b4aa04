"""Labelled comments: what a row says of each code, and what it leaves open."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from moderation.decision import Category

REJECT = "reject"
"""The head that says whether a comment must be rejected, whatever for."""

HEADS: tuple[str, ...] = (REJECT, *(code.value for code in Category))
"""What a model is trained for: the verdict, then every code."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled comment.

    Attributes:
        text: The comment.
        labels: True or False for each head that the label speaks of; a head that is absent is unknown.
        source: The corpus it stands in.
        kind: The sort of comment, where the corpus says so.
        group: Examples of one group (a template, a contrast set) never stand on both sides of a split.
        held_out: True or False where the publisher has made the split; None where the hash of the group decides.
    """

    text: str
    labels: Mapping[str, bool]
    source: str
    kind: str = ""
    group: str = ""
    held_out: bool | None = field(default=None)

    @property
    def key(self) -> str:
        """The text without case, spaces and punctuation: equal for near-duplicates."""
        return re.sub(r"[\W_]+", "", self.text.lower())


def approved() -> dict[str, bool]:
    """The labels of a comment that breaks nothing."""
    return dict.fromkeys(HEADS, False)


def violates(*codes: str, others: bool | None = None) -> dict[str, bool]:
    """The labels of a comment that breaks the guideline.

    Args:
        codes: What it breaks; the parent of a subcategory is added.
        others: What holds of the codes not named: False when the label is exhaustive, None when it is unknown.

    Returns:
        The labels, ``reject`` among them.
    """
    labels = {} if others is None else dict.fromkeys(HEADS, others)
    labels[REJECT] = True
    for code in codes:
        labels[code] = True
        labels[code.partition(".")[0]] = True
    return labels


def without_duplicates(examples: Iterable[Example]) -> Iterator[Example]:
    """Drop every example whose text was seen before, in this corpus or an earlier one."""
    seen = set()
    for example in examples:
        key = hashlib.blake2b(example.key.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if example.key and key not in seen:
            seen.add(key)
            yield example


def is_held_out(example: Example, share: float = 0.1, seed: int = 0) -> bool:
    """Say on which side of the split an example stands: by its publisher, or by the hash of its group or text.

    Args:
        example: The example.
        share: Held-out share of the groups, 0 to 1.
        seed: Another seed makes another split.

    Returns:
        True when the example must stay out of training.
    """
    if example.held_out is not None:
        return example.held_out
    name = f"{seed}:{example.group or example.key}"
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < share
