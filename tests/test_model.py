from __future__ import annotations

import json
import pickle
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moderation.decision import Category
from moderation.features import Hasher
from moderation.model import FORMAT, Model, ModelError

BITS = 8


def arrays() -> dict[str, Any]:
    header = {"format": FORMAT, "bits": BITS, "words": 1, "shortest": 2, "longest": 3, "codes": ["threats", "profanity"]}
    return {
        "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
        "verdict": np.zeros(1 << BITS, np.int8),
        "by_code": np.zeros((1 << BITS, 2), np.int8),
        "idf": np.full(1 << BITS, 16, np.uint8),
        "scales": np.ones(3),
        "slopes": np.ones(3),
        "intercepts": np.zeros(3),
    }


def write(path: Path, content: dict[str, Any]) -> Path:
    np.savez_compressed(path, allow_pickle=True, **content)
    return path


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    model = Model.load(write(tmp_path / "model.npz", arrays()))
    model.save(tmp_path / "again.npz", {"made": "by a test"})
    again = Model.load(tmp_path / "again.npz")
    assert again.hasher == model.hasher == Hasher(BITS, 1, 2, 3)
    assert again.codes == (Category.THREATS, Category.PROFANITY)
    assert json.loads((tmp_path / "again.json").read_text(encoding="utf-8")) == {"made": "by a test"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.json", "again.npz", "model.npz"]


def test_the_same_model_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    model = Model.load(write(tmp_path / "model.npz", arrays()))
    model.save(tmp_path / "one.npz", {})
    model.save(tmp_path / "two.npz", {})
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def damaged(**changes: Any) -> dict[str, Any]:
    return {**arrays(), **changes}


@pytest.mark.parametrize(
    "content",
    [
        damaged(verdict=np.zeros(100, np.int8)),
        damaged(verdict=np.zeros(1 << BITS, np.float32)),
        damaged(by_code=np.zeros((1 << BITS, 3), np.int8)),
        damaged(scales=np.array([1.0, np.nan, 1.0])),
        damaged(slopes=np.array([1.0, np.inf, 1.0])),
        damaged(header=np.frombuffer(b'{"format": "another"}', np.uint8)),
        damaged(header=np.frombuffer(b"not json", np.uint8)),
        damaged(header=np.frombuffer(json.dumps({"format": FORMAT, "bits": -3}).encode(), np.uint8)),
        damaged(verdict=np.array([{"an": "object"}], object)),
        {"verdict": np.zeros(1)},
    ],
)
def test_a_damaged_model_is_refused_with_the_remedy(tmp_path: Path, content: dict[str, Any]) -> None:
    path = write(tmp_path / "model.npz", content)
    with pytest.raises(ModelError, match="damaged or no model") as refused:
        Model.load(path)
    assert str(path) in str(refused.value)


class Explosive:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path("exploded"),)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "content", [b"", b"no zip", b"PK\x03\x04 truncated", pickle.dumps(Explosive())], ids=["empty", "text", "cut", "pickle"]
)
def test_what_is_no_archive_is_refused_and_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(ModelError, match="damaged or no model"):
        Model.load(tmp_path / "model.npz")
    assert not (tmp_path / "exploded").exists()


def test_a_truncated_model_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "model.npz", arrays())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ModelError, match="damaged or no model"):
        Model.load(path)


def test_a_zip_bomb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            with archive.open(f"{number}.npy", "w") as member:
                for _ in range(200):
                    member.write(bytes(1 << 20))
    with pytest.raises(ModelError, match="unpacks to more than 512 MiB"):
        Model.load(path)


def test_a_missing_model_is_refused_with_the_remedy() -> None:
    with pytest.raises(ModelError, match="there is no such model; correct the path or train one"):
        Model.load("absent.npz")


def test_a_model_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    model = Model.load(write(tmp_path / "model.npz", arrays()))
    with pytest.raises(ModelError, match="cannot be written"):
        model.save(tmp_path / "no folder" / "model.npz", {})


def test_the_words_that_weigh_most_are_whole_words() -> None:
    model = Model.load()
    folded = "well, my neighbour is a complete idiot and that is all"
    places = model.weigh(folded)
    assert places
    assert any("idiot" in folded[place.start : place.end] for place in places)
    for place in places:
        assert place.start == 0 or not folded[place.start - 1].isalnum()
        assert place.end == len(folded) or not folded[place.end].isalnum()


def test_no_comment_gives_no_probability() -> None:
    assert len(Model.load().must_reject([])) == 0


def test_the_bundled_model_has_a_card() -> None:
    card = json.loads(files("moderation").joinpath("data/model.json").read_text(encoding="utf-8"))
    assert {"trained_on", "made_with", "date", "figures_held_out"} <= set(card)
