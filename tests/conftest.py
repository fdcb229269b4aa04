from __future__ import annotations

from pathlib import Path

import pytest

from moderation.moderator import Moderator, default

CORPORA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def moderator() -> Moderator:
    return default()


@pytest.fixture(scope="session")
def corpora() -> Path:
    if not CORPORA.is_dir():
        pytest.skip(f"the public corpora are not at {CORPORA}")
    return CORPORA
