"""Comment moderation: a comment is approved or rejected, with the guideline's category and the words that decided it.

Example:
    >>> from moderation import moderate
    >>> moderate("Thank you for this report, the water shortage in Sulaimani is getting worse.").approved
    True
"""

from moderation.decision import Category, Decision, Evidence
from moderation.lexicon import LexiconError
from moderation.model import Model, ModelError
from moderation.moderator import Moderator, moderate
from moderation.policy import Policy, PolicyError
from moderation.rules import RuleError, RuleSet

__version__ = "0.1.0"

__all__ = [
    "Category",
    "Decision",
    "Evidence",
    "LexiconError",
    "Model",
    "ModelError",
    "Moderator",
    "Policy",
    "PolicyError",
    "RuleError",
    "RuleSet",
    "moderate",
]
