from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_runs(example: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(example)])
    runpy.run_path(str(example), run_name=example.stem)
    assert example.stem == "comment_endpoint" or capsys.readouterr().out


def test_the_endpoint_answers_with_the_reason() -> None:
    app = runpy.run_path(str(EXAMPLES / "comment_endpoint.py"), run_name="comment_endpoint")["app"]
    client = app.test_client()
    assert client.post("/comments", json={"text": "Thank you for this report."}).status_code == 201
    rejected = client.post("/comments", json={"text": "You are an idiot and a liar."})
    assert rejected.status_code == 422
    assert rejected.get_json()["category"] == "personal_attacks"
    assert client.post("/comments", json=["no"]).status_code == 400
