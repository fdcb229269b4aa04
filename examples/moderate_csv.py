"""Moderate a file of comments, lazily, and count the reasons.

The command ``moderate file comments.csv --out decided.csv`` does the same without a line of Python.
"""

import csv
from collections import Counter
from pathlib import Path

from moderation import Moderator

with (Path(__file__).parent / "comments.csv").open(encoding="utf-8", newline="") as lines:
    comments = [row["text"] for row in csv.DictReader(lines)]

reasons: Counter[str] = Counter()
for comment, decision in zip(comments, Moderator().moderate_many(comments), strict=True):
    reasons[decision.category or "approved"] += 1
    print(f"{decision.category or 'approved':<18} {comment}")
print(dict(reasons))
