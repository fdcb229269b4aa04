"""Change the policy in a text file: a forum for adults that lets people swear, yet is stricter about threats."""

from pathlib import Path

from moderation import Moderator, Policy

moderator = Moderator(policy=Policy.load(Path(__file__).parent / "policy.toml"))
for comment in ("What a fucking goal!", "You should be shot for that article."):
    print(moderator.moderate(comment).explain())
