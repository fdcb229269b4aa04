"""Explain a decision to a moderator, and hand it to a program."""

import json

from moderation import moderate

comment = "Buy followers cheap, message me on WhatsApp +964 750 000 00 00"
decision = moderate(comment)
print(decision.explain())
for found in decision.evidence:
    print(f"characters {found.start} to {found.end}: {comment[found.start : found.end]}")
print(json.dumps(decision.as_dict(), indent=2))
