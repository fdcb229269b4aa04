"""Moderate one comment: is it approved, and if not, what for?"""

from moderation import moderate

for comment in (
    "The ministry promised salaries by the tenth. It is the twentieth. Who will answer for this?",
    "You are an idiot and your opinion is worthless.",
):
    decision = moderate(comment)
    print("approved" if decision.approved else f"rejected for {decision.category}", "-", comment)
