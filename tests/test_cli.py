from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from moderation.cli import main

ATTACK = "You are an idiot and your opinion is worthless."


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_bare_form_prints_the_verdict_the_category_and_the_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, ATTACK)
    assert code == 0
    assert out.startswith("REJECTED personal_attacks")
    assert "idiot" in out.splitlines()[1]


def test_an_approved_comment_prints_approved(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "Thank you for this report.")[1].startswith("APPROVED")


def test_a_comment_that_is_named_like_a_command_is_moderated_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "text", "check")[1].startswith("APPROVED")


def test_json_is_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    decided = json.loads(run(capsys, ATTACK, "--json")[1])
    assert decided["approved"] is False
    assert decided["category"] == "personal_attacks"


def test_the_exit_code_tells_the_verdict_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, ATTACK, "--exit-code")[0] == 1
    assert run(capsys, "Thank you.", "--exit-code")[0] == 0


def test_relevance_is_printed_when_an_article_is_given(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    article = tmp_path / "article.txt"
    article.write_text("The Halabja museum reopens after restoration.", encoding="utf-8")
    assert "relevance" in run(capsys, "I visited the Halabja museum.", "--article", str(article))[1]


def test_a_csv_is_moderated_into_a_csv_with_its_own_columns_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f'id,text\n7,"{ATTACK}"\n8,"Two lines,\nboth kind"\n', encoding="utf-8")
    code, _, err = run(capsys, "file", str(source), "--out", str(target))
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert code == 0
    assert "2 comments: 1 approved, 1 rejected" in err
    assert [(row["id"], row["approved"], row["category"]) for row in rows] == [("7", "no", "personal_attacks"), ("8", "yes", "")]


def test_jsonl_is_moderated_into_jsonl(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": 1, "body": ATTACK}) + "\n", encoding="utf-8")
    _, out, _ = run(capsys, "file", str(source), "--column", "body")
    row = json.loads(out)
    assert row["id"] == 1
    assert row["moderation"]["category"] == "personal_attacks"


def test_standard_input_is_a_comment_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "moderation", "-"], input=f"{ATTACK}\nWell said.\n", capture_output=True, text=True, check=True
    )
    assert [row["approved"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["no", "yes"]


def test_check_passes_when_every_case_is_as_expected(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(f'text,expected\n"{ATTACK}",personal_attacks\nWell said.,approve\n', encoding="utf-8")
    code, out, _ = run(capsys, "check", str(cases))
    assert (code, out) == (0, "2 of 2 cases as expected, 0 differ\n")


def test_check_prints_what_differs_and_exits_with_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("text,expected\nWell said.,profanity\n", encoding="utf-8")
    code, out, _ = run(capsys, "check", str(cases))
    assert code == 1
    assert "expected profanity, got approve: Well said." in out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"comment\nhello\n", "has no column 'text'"),
        (b"", "has no column 'text'"),
        (b"text,id\nhello\n", "row 2: has 1 cells where the header has 2"),
        (b'text\n"hello\n', "row 2: is no CSV"),
        (b"text\n\xff\xfe\n", "is not UTF-8"),
    ],
)
def test_a_damaged_csv_is_one_sentence_exit_code_2_and_nothing_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, said: str
) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    target.write_text("what stood there", encoding="utf-8")
    code, out, err = run(capsys, "file", str(source), "--out", str(target))
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not out
    assert target.read_text(encoding="utf-8") == "what stood there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("file", "absent.csv"), "there is no such file"),
        (("hello", "--model", "absent.npz"), "there is no such model"),
        (("hello", "--policy", "absent.toml"), "there is no such policy file"),
        (("hello", "--rules", "absent"), "holds no folder 'rules'"),
        (("hello", "--article", "absent.txt"), "there is no such file"),
        (("check", "absent.csv"), "there is no such file"),
    ],
)
def test_what_is_missing_is_named_in_one_sentence(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_case_file_with_an_unknown_code_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("text,expected\nhello,swearing\n", encoding="utf-8")
    assert run(capsys, "check", str(cases))[0] == 2
