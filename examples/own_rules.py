"""Add a rule of your own: a folder with ``rules/*.toml``, each rule with its own tests."""

import tempfile
from pathlib import Path

from moderation import Moderator

RULE = """
[[rule]]
id = "house.competitor"
code = "promotion.commercial"
reason = "Draws readers to a competitor's site"
phrases = ["(read|follow|see) ..2 on rival news"]
weight = 0.9
reject = ["Read the real story on Rival News"]
approve = ["Rival News reported the same yesterday"]
"""

with tempfile.TemporaryDirectory() as folder:
    rules = Path(folder) / "rules"
    rules.mkdir()
    (rules / "house.toml").write_text(RULE, encoding="utf-8")
    moderator = Moderator(rules=folder)
    print(moderator.moderate("Follow the real story on Rival News!").explain())
    print(moderator.moderate("Rival News reported the same yesterday.").explain())
