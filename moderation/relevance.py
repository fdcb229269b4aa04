"""How much of a comment's vocabulary is the article's."""

from __future__ import annotations

from moderation.model import Model

COMMONPLACE = 3.5
"""Words of a lower inverse document frequency (the, and, people ...) say nothing of the topic."""


def relevance(comment: str, article: str, model: Model) -> float:
    """Measure the share of a comment's vocabulary that is the article's, each word weighed by its squared rarity.

    Containment rather than cosine: a short comment under a long article is relevant when its few words are the
    article's, however many words the article has besides.

    Args:
        comment: A folded comment.
        article: The folded article.
        model: Its document frequencies say which words are rare.

    Returns:
        0 (no rare word in common) to 1 (all of them are the article's); 0 for a comment without a rare word.
    """
    words = {word: rarity**2 for word, rarity in model.rarity(comment).items() if rarity > COMMONPLACE}
    shared = words.keys() & model.rarity(article).keys()
    return sum(words[word] for word in shared) / sum(words.values()) if words else 0.0
