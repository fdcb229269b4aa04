from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from moderation import Category, Moderator
from training import corpora as adapters
from training import labelled
from training.cli import main
from training.corpora import CorporaError
from training.examples import HEADS, REJECT, Example, approved, is_held_out, violates, without_duplicates

EXAMPLE = Path(__file__).parents[1] / "examples" / "labelled.csv"


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_a_label_is_read_as_known_and_unknown_codes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\none,approve\ntwo,reject\nthree,abuse.sexism;profanity\nfour,abuse\n")
    one, two, three, four = (example.labels for example in labelled.read([path]))
    assert one == dict.fromkeys(HEADS, False)
    assert two == {REJECT: True}
    assert three["abuse"]
    assert three["abuse.sexism"]
    assert three["profanity"]
    assert not three["abuse.racism"]
    assert not three["threats"]
    assert four["abuse"]
    assert "abuse.sexism" not in four
    assert not four["threats"]


def test_a_column_a_code_is_read_with_blanks_as_unknown(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,threats,abuse.sexism,profanity\none,1,,0\ntwo,0,1,\n")
    one, two = (example.labels for example in labelled.read([path]))
    assert one == {"threats": True, "profanity": False, REJECT: True}
    assert two == {"threats": False, "abuse.sexism": True, "abuse": True, REJECT: True}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("comment,label\na,approve\n", "no column 'text'"),
        ("text,verdict\na,approve\n", "no column 'label'"),
        ("text,label\n,approve\n", "row 2: the text is empty"),
        ("text,label\na,\n", "row 2: the label is empty"),
        ("text,label\na,swearing\n", "row 2: the label 'swearing'"),
        ("text,label\na,approve,more\n", "row 2: has 3 cells where the header has 2"),
        ("text,threats\na,yes\n", "row 2: the column 'threats' holds 'yes'"),
        ("text,threats\na,\n", "row 2: no code has a value"),
        ("text,reject,threats\na,0,1\n", "row 2: 'threats' is 1 although 'reject' is 0"),
        ('text,label\n"a,approve\n', "row 2: is no CSV"),
        ("", "no column 'text'"),
    ],
)
def test_a_bad_row_is_named_by_file_row_and_reason_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    path = write(tmp_path / "bad.csv", content)
    assert main(["fit", str(path), "--out", str(tmp_path / "model.npz")]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert str(path) in err
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.csv"]


def test_every_bad_row_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.csv", "text,label\na,approve\nb,no\nc,\n")
    with pytest.raises(labelled.LabelledError, match=r"row 3: .*\n.*row 4: "):
        labelled.read([path])


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("text,label\ncafé,approve\n".encode("latin-1"))
    with pytest.raises(labelled.LabelledError, match="is not UTF-8"):
        labelled.read([path])


@pytest.mark.parametrize(
    "content", ["text,label\n" + "".join(f"line {n},approve\n" for n in range(30)), "text,label\na,approve\nb,reject\n"]
)
def test_nothing_is_written_when_the_data_cannot_train_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    path = write(tmp_path / "few.csv", content)
    assert main(["fit", str(path), "--out", str(tmp_path / "model.npz")]) == 2
    assert "at least 5 of each" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["few.csv"]


def test_retraining_bends_the_model_towards_the_newsroom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "my-model.npz"
    assert main(["fit", str(EXAMPLE), "--out", str(out), "--jobs", "1"]) == 0
    printed = capsys.readouterr()
    assert "Held out" in printed.out
    assert str(out) in printed.err
    invitation = "Join our tea house trivia night, tickets at the door"
    before, after = Moderator().moderate(invitation), Moderator(model=out).moderate(invitation)
    assert after.scores[Category.PROMOTION] > before.scores[Category.PROMOTION]
    assert Moderator(model=out).moderate("You are an idiot.").category == "personal_attacks"
    assert json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))["base"] == "bundled"


def test_the_same_csv_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main(["fit", str(EXAMPLE), "--from-scratch", "--out", str(tmp_path / f"{name}.npz"), "--jobs", "1"]) == 0
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_evaluating_prints_figures_for_every_labelled_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(EXAMPLE)]) == 0
    assert "promotion.commercial" in capsys.readouterr().out


def test_the_report_is_one_page_with_pictures_and_the_same_figures_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "report.html"
    assert main(["report", "--out", str(page)]) == 0
    assert "own: verdict right" in capsys.readouterr().out
    content = page.read_text(encoding="utf-8")
    assert content.count("data:image/png;base64,") == 3
    assert "http" not in content.split("<h2>The worst")[0]
    found = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert set(found["contributions"]) == {"rules alone", "model alone", "both"}
    assert 0.5 < found["targets"]["own: verdict right"] <= 1.0


def test_duplicates_and_near_duplicates_are_dropped() -> None:
    examples = [Example(text, approved(), "own") for text in ("A line.", "a  LINE", "another")]
    assert [example.text for example in without_duplicates(examples)] == ["A line.", "another"]


def test_a_group_never_stands_on_both_sides() -> None:
    sides = {is_held_out(Example(str(number), approved(), "own", group="one")) for number in range(50)}
    assert len(sides) == 1
    shares = [is_held_out(Example(str(number), approved(), "own")) for number in range(2000)]
    assert 0.07 < sum(shares) / 2000 < 0.13


def test_a_subcategory_brings_its_parent() -> None:
    assert violates("abuse.racism") == {REJECT: True, "abuse.racism": True, "abuse": True}


def test_the_own_corpus_is_large_distinct_and_grouped() -> None:
    examples = labelled.own_corpus()
    assert len(list(without_duplicates(examples))) >= 6000
    assert all(example.group for example in examples)
    spoken_for = {head for example in examples for head, holds in example.labels.items() if holds}
    assert spoken_for == set(HEADS)
    approving = sum(not example.labels[REJECT] for example in examples)
    assert 0.5 < approving / len(examples) < 0.65


def test_missing_corpora_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--corpora", str(tmp_path), "--out", str(tmp_path / "model.npz")]) == 2
    assert "lacks edos" in capsys.readouterr().err


def table(path: Path, header: str, *rows: list[str], delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, delimiter=delimiter)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def test_handles_links_and_entities_are_masked() -> None:
    assert adapters.clean("@someone see https://a.com/b &amp; [USER]") == "@user see http://link.com & @user"


def test_edos_speaks_of_sexism_only(tmp_path: Path) -> None:
    header = "rewire_id,text,label_sexist,label_category,label_vector,split"
    rows = [["1", "made up", "sexist", "1.", "1.1 threats of harm", "train"], ["2", "made up too", "not sexist", "none", "none", "dev"]]
    table(tmp_path / "edos/edos_labelled_aggregated.csv", header, *rows)
    one, two = adapters.edos(tmp_path)
    assert one.labels == {REJECT: True, "abuse": True, "abuse.sexism": True, "threats": True}
    assert two.labels == {"abuse.sexism": False}
    assert (one.held_out, two.held_out) == (False, True)


def test_paradetox_pairs_share_a_group(tmp_path: Path) -> None:
    table(tmp_path / "paradetox/paradetox.tsv", "toxic,neutral1,neutral2,neutral3", ["bad , really", "good !", "", ""], delimiter="\t")
    toxic, neutral = adapters.paradetox(tmp_path)
    assert (toxic.text, neutral.text) == ("bad, really", "good!")
    assert toxic.labels[REJECT]
    assert not neutral.labels[REJECT]
    assert toxic.group == neutral.group


def test_hatexplain_maps_targets_to_subcodes(tmp_path: Path) -> None:
    post = {"post_tokens": ["made", "up"], "annotators": [{"label": "hatespeech", "target": ["Islam"]}] * 3}
    (tmp_path / "hatexplain").mkdir()
    with gzip.open(tmp_path / "hatexplain/hatexplain.ndjson.gz", "wt", encoding="utf-8") as lines:
        lines.write(json.dumps(post) + "\n")
    (example,) = adapters.hatexplain(tmp_path)
    assert example.labels == {REJECT: True, "abuse": True, "abuse.religion": True}


def test_youtube_spam_is_split_by_video(tmp_path: Path) -> None:
    table(tmp_path / "youtube_spam/comments.csv", "DATE,CONTENT,CLASS,VIDEO", ["", "mine", "1", "07"], ["", "fine", "0", "01"])
    one, two = adapters.youtube_spam(tmp_path)
    assert one.labels[REJECT]
    assert one.held_out
    assert two.labels == {"promotion": False, "promotion.commercial": False, "promotion.personal": False}
    assert not two.held_out


def test_a_corpus_in_another_format_is_named(tmp_path: Path) -> None:
    for adapter in adapters.CORPORA:
        (tmp_path / adapter.__name__).mkdir()
    with pytest.raises(CorporaError, match="edos: is not as its publisher offers it"):
        list(adapters.read_all(tmp_path))


def test_the_real_corpora_are_read(corpora: Path) -> None:
    for adapter in adapters.CORPORA:
        first = next(adapter(corpora))
        assert first.text
        assert set(first.labels) <= set(HEADS)
