"""Adapters: each reads one public corpus in its publisher's own format and maps its labels to our codes.

A label says something of some codes only: the others are left unknown, and unknown rows stay out of that code's
training. What each corpus is, where it is offered, and how its labels are read: ``docs`` in the README of this folder.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Literal

from training.examples import REJECT, Example, approved, violates

csv.field_size_limit(10_000_000)

ABUSE = ("abuse", "abuse.sexism", "abuse.racism", "abuse.homophobia", "abuse.xenophobia", "abuse.religion",
         "abuse.transphobia", "abuse.disability")  # fmt: skip
NO_ABUSE = dict.fromkeys(ABUSE, False)

_HANDLE = re.compile(r"(?<!\w)@\w{1,40}|\[USER\]|<user>")
_LINK = re.compile(r"https?://\S+|\[URL\]|<url>|URL\b")
_ENTITY = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#039;": "'", "<percent>": "%", "<number>": "0"}
_CRUDE = re.compile(r"\b(?:\w*fuck\w*|\w*shit\w*|bitch\w*|cunt\w*|nigg\w*|fag\w*|retard\w*|pussy|dick|whore\w*|slut\w*)\b", re.IGNORECASE)


def clean(text: str) -> str:
    """Mask handles and links, and undo entities."""
    for entity, character in _ENTITY.items():
        text = text.replace(entity, character)
    return _LINK.sub("http://link.com", _HANDLE.sub("@user", text)).strip()


def jigsaw(folder: Path) -> Iterator[Example]:
    """Wikipedia talk comments: six labels, each known for every row."""
    with gzip.open(folder / "jigsaw/train.csv.gz") as raw:
        for row in csv.DictReader(TextIOWrapper(raw, encoding="utf-8", newline="")):
            said = {name: row[name] == "1" for name in ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")}
            labels = approved()
            if any(said.values()):
                labels = {REJECT: True, "promotion": False, "threats": said["threat"], "personal_attacks": said["insult"],
                          "profanity": said["obscene"], "abuse": said["identity_hate"]}  # fmt: skip
                if not said["identity_hate"]:
                    labels |= NO_ABUSE
                if not said["obscene"]:
                    labels["vulgarity"] = False
            kind = "+".join(name for name, holds in said.items() if holds) or "clean"
            yield Example(clean(row["comment_text"]), labels, "jigsaw", kind)


def toxic_spans(folder: Path) -> Iterator[Example]:
    """News comments with the spans that raters marked: a kind counts when half of the raters marked it.

    Every comment had been picked as toxic before, so one that two raters in three find clean is a hard negative.
    """
    comment_of = {}
    raters: Counter[str] = Counter()
    unmarked: Counter[str] = Counter()
    for row in _rows(folder / "toxic_spans/annotations.csv"):
        comment_of[row["annotation"]] = row["comment_id"]
        raters[row["comment_id"]] += 1
        unmarked[row["comment_id"]] += row["not toxic"] == "True"
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for annotation, kind in sorted({(row["annotation"], row["type"]) for row in _rows(folder / "toxic_spans/spans.csv")}):
        kinds[comment_of[annotation]][kind] += 1
    codes = {"Insult": "personal_attacks", "Profane/Obscene": "profanity", "Identity based Attack": "abuse", "Threat": "threats"}
    for row in _rows(folder / "toxic_spans/comments.csv"):
        comment = row["comment_id"]
        clean_share = unmarked[comment] / max(raters[comment], 1)
        if clean_share <= 0.34:
            labels = {REJECT: True, "promotion": False}
            for kind, code in codes.items():
                share = kinds[comment][kind] / raters[comment]
                if share >= 0.5 or share == 0:
                    labels[code] = share >= 0.5
        elif clean_share >= 0.66:
            labels = {REJECT: False, "threats": False, "profanity": False, "abuse": False}
        else:
            continue
        yield Example(clean(row["comment_text"]), labels, "toxic_spans", "toxic" if labels[REJECT] else "clean")


def civil_safe(folder: Path) -> Iterator[Example]:
    """News comments that were found clean."""
    for row in _rows(folder / "civil_safe/safe.csv"):
        if row["label"] == "0":
            yield Example(clean(row["text"]), approved(), "civil_safe", "clean")


def paradetox(folder: Path) -> Iterator[Example]:
    """Toxic sentences and the neutral ones that people made of them."""
    for number, row in enumerate(_rows(folder / "paradetox/paradetox.tsv", "\t")):
        group = f"paradetox-{number}"
        yield Example(_untokenised(row["toxic"]), {REJECT: True, "promotion": False}, "paradetox", "toxic", group)
        for name in ("neutral1", "neutral2", "neutral3"):
            if row.get(name):
                labels = {REJECT: False, "profanity": False, "vulgarity": False, "threats": False, "personal_attacks": False}
                yield Example(_untokenised(row[name]), labels, "paradetox", "neutral", group)


def edos(folder: Path) -> Iterator[Example]:
    """Sexist or not, with the publisher's splits; ``not sexist`` says nothing of other codes."""
    for row in _rows(folder / "edos/edos_labelled_aggregated.csv"):
        if row["label_sexist"] == "sexist":
            labels = violates("abuse.sexism")
            if row["label_vector"].startswith("1."):
                labels["threats"] = True
        else:
            labels = {"abuse.sexism": False}
        yield Example(clean(row["text"]), labels, "edos", row["label_vector"], held_out=row["split"] != "train")


_HATEXPLAIN = {
    "African": "racism", "Arab": "racism", "Asian": "racism", "Caucasian": "racism", "Hispanic": "racism", "Indian": "racism",
    "Indigenous": "racism", "Jewish": "racism", "Islam": "religion", "Hindu": "religion", "Buddhism": "religion",
    "Christian": "religion", "Refugee": "xenophobia", "Women": "sexism", "Homosexual": "homophobia",
    "Bisexual": "homophobia", "Disability": "disability",
}  # fmt: skip


def hatexplain(folder: Path) -> Iterator[Example]:
    """Posts with three annotators' labels and targets: two of them decide."""
    with gzip.open(folder / "hatexplain/hatexplain.ndjson.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            post = json.loads(line)
            label, votes = Counter(person["label"] for person in post["annotators"]).most_common(1)[0]
            if votes < 2:
                continue
            targets = Counter(target for person in post["annotators"] for target in person["target"])
            text = clean(" ".join(post["post_tokens"]))
            if label == "normal":
                labels: dict[str, bool] = dict(NO_ABUSE)
                if not _CRUDE.search(text):
                    labels |= {REJECT: False, "threats": False}
            elif label == "hatespeech":
                named = [f"abuse.{_HATEXPLAIN[target]}" for target, count in targets.items() if count > 1 and target in _HATEXPLAIN]
                labels = violates("abuse", *named)
            else:
                labels = {REJECT: True}
            yield Example(text, labels, "hatexplain", label)


def gab_hate_corpus(folder: Path) -> Iterator[Example]:
    """Gab posts: dehumanising hate, calls for violence; neither of both is no sign of a clean comment."""
    for name, held_out in (("ghc_train.tsv", False), ("ghc_test.tsv", True)):
        for row in _rows(folder / "gab_hate_corpus" / name, "\t"):
            labels: dict[str, bool] = {}
            if row["hd"] == "1":
                labels = violates("abuse")
            elif row["vo"] == "1":
                labels = {REJECT: True, "abuse": False}
            else:
                labels = dict(NO_ABUSE)
            if row["cv"] == "1":
                labels |= violates("threats")
            yield Example(clean(row["text"]), labels, "gab_hate_corpus", "hate" if row["hd"] == "1" else "other", held_out=held_out)


def davidson(folder: Path) -> Iterator[Example]:
    """Tweets sampled by keyword: hate, offensive or neither."""
    for row in _rows(folder / "davidson/labeled_data.csv"):
        text = clean(re.sub(r"\bRT\b", "", row["tweet"]))
        if row["class"] == "0":
            labels = violates("abuse")
        elif row["class"] == "1":
            labels = {REJECT: True, "promotion": False}
        else:
            labels = {REJECT: False, **NO_ABUSE, "threats": False}
        yield Example(text, labels, "davidson", ("hate", "offensive", "neither")[int(row["class"])])


def implicit_hate(folder: Path) -> Iterator[Example]:
    """Tweets of extremists: implicit hate teaches topics, so only its plainer kinds count."""
    kinds = {row["post"]: row["implicit_class"] for row in _rows(folder / "implicit_hate/implicit_hate_v1_stg2_posts.tsv", "\t")}
    for row in _rows(folder / "implicit_hate/implicit_hate_v1_stg1_posts.tsv", "\t"):
        kind = kinds.get(row["post"], "")
        if row["class"] == "not_hate":
            labels: dict[str, bool] = dict(NO_ABUSE)
        elif row["class"] == "explicit_hate" or kind in ("inferiority", "stereotypical"):
            labels = violates("abuse")
        elif kind == "threatening":
            labels = violates("threats")
        else:
            labels = {"abuse": True}
        yield Example(clean(row["post"]), labels, "implicit_hate", kind or row["class"])


def misogyny(folder: Path) -> Iterator[Example]:
    """Reddit comments: misogynistic or not, with the publisher's split."""
    for row in _rows(folder / "misogyny/final_labels.csv"):
        if row["level_1"] == "Misogynistic":
            labels = violates("abuse.sexism")
        elif row["level_2"] == "Nonmisogynistic_personal_attack":
            labels = violates("personal_attacks") | {"abuse.sexism": False}
        else:
            labels = {"abuse.sexism": False}
        if row["body"].strip():
            yield Example(clean(row["body"]), labels, "misogyny", row["level_2"], held_out=row["split"] == "test")


def hatemoji_build(folder: Path) -> Iterator[Example]:
    """Posts with emoji in matched pairs, hateful or not."""
    for name in ("train", "validation"):
        for row in _rows(folder / f"hatemoji_build/{name}.csv"):
            group = "hatemoji-" + "-".join(sorted((row["entry_id"], row["matched_id"])))
            if row["label_gold"] == "1":
                labels = violates("abuse", *(("threats",) if row["type"].startswith("threat") else ()))
            else:
                labels = dict(NO_ABUSE)
                if not _CRUDE.search(row["text"]):
                    labels[REJECT] = False
            yield Example(clean(row["text"]), labels, "hatemoji_build", row["type"], group, name == "validation")


def toxigen(folder: Path) -> Iterator[Example]:
    """Statements about groups, written by a machine and rated by people from 1 to 5."""
    for row in _rows(folder / "toxigen/annotated.csv"):
        rated = float(row["toxicity_human"] or "nan")
        if rated <= 2:
            yield Example(clean(row["text"]), approved(), "toxigen", row["target_group"])
        elif rated >= 4:
            yield Example(clean(row["text"]), violates("abuse"), "toxigen", row["target_group"])


def convabuse(folder: Path) -> Iterator[Example]:
    """What people said to a chat bot: the annotators' majority."""
    kinds = {"ableism": "abuse.disability", "homophobic": "abuse.homophobia", "racist": "abuse.racism", "sexist": "abuse.sexism",
             "transphobic": "abuse.transphobia", "sex_harassment": "vulgarity", "intellectual": "personal_attacks"}  # fmt: skip
    seen: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(folder / "convabuse/ConvAbuseEMNLPfull.csv"):
        seen[row["example_no"]].append(row)
    for rows in seen.values():
        abusive = sum(any(row[f"is_abuse.{level}"] == "1" for level in ("-1", "-2", "-3")) for row in rows) / len(rows)
        if abusive == 0 and all(row["is_abuse.1"] == "1" for row in rows):
            labels = approved()
        elif abusive > 0.5:
            named = [code for kind, code in kinds.items() if sum(row[f"type.{kind}"] == "1" for row in rows) * 2 >= len(rows)]
            labels = violates(*named)
        else:
            continue
        yield Example(clean(rows[0]["user"]), labels, "convabuse", "abusive" if labels[REJECT] else "clean")


_SBIC = (
    (re.compile(r"women|woman|female|feminis|girl"), "sexism"),
    (re.compile(r"black|african|asian|latino|mexican|jew|arab|race|indian|native|roma"), "racism"),
    (re.compile(r"gay|lesbian|bisexual|homosexual"), "homophobia"), (re.compile(r"trans"), "transphobia"),
    (re.compile(r"muslim|islam|christian|hindu|catholic"), "religion"), (re.compile(r"immigrant|refugee|foreign"), "xenophobia"),
    (re.compile(r"disab|mental|physical|autis|down syndrome|blind|deaf"), "disability"),
)  # fmt: skip


def sbic(folder: Path) -> Iterator[Example]:
    """Social bias frames: posts with several annotators' answers, taken where they agree."""
    answers: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(folder / "sbic/SBFv2.dev.csv"):
        answers[row["post"]].append(row)
    for post, rows in answers.items():
        offensive = [float(row["offensiveYN"]) for row in rows if row["offensiveYN"]]
        if not offensive:
            continue
        share = sum(offensive) / len(offensive)
        targets = Counter(code for row in rows for pattern, code in _SBIC if pattern.search(row["targetMinority"].lower()))
        named = [f"abuse.{code}" for code, count in targets.items() if count * 2 >= len(rows)]
        if share >= 0.7:
            labels = violates("abuse", *named) if named else {REJECT: True, "promotion": False}
        elif share <= 0.1 and not _CRUDE.search(post):
            labels = {REJECT: False, **NO_ABUSE}
        else:
            continue
        yield Example(clean(post), labels, "sbic", "offensive" if share >= 0.7 else "clean")


def bias_templates(folder: Path) -> Iterator[Example]:
    """Identity words in harmless and in toxic frames: all held out, to test for bias."""
    for row in _rows(folder / "bias_templates/en_sentence_templates.csv"):
        toxic = row["toxicity"] == "toxic"
        labels = {REJECT: True} if toxic else approved()
        yield Example(row["phrase"], labels, "bias_templates", row["template"], held_out=True)


def youtube_spam(folder: Path) -> Iterator[Example]:
    """Comments under music videos, self-promotion or not: one video is held out."""
    for row in _rows(folder / "youtube_spam/comments.csv"):
        spam = row["CLASS"] == "1"
        labels = violates("promotion") if spam else {"promotion": False, "promotion.commercial": False, "promotion.personal": False}
        text = row["CONTENT"].replace("\ufeff", "").strip()
        yield Example(clean(text), labels, "youtube_spam", "spam" if spam else "ham", row["VIDEO"], row["VIDEO"] == "07")


def sms_spam(folder: Path) -> Iterator[Example]:
    """British text messages."""
    for row in _rows(folder / "sms_spam/sms.tsv", "\t", quoting=csv.QUOTE_NONE):
        spam = row["label"] == "spam"
        labels = (
            violates("promotion.commercial") if spam else {"promotion": False, "promotion.commercial": False, "promotion.personal": False}
        )
        yield Example(clean(row["message"]), labels, "sms_spam", row["label"])


def tg_spam(folder: Path) -> Iterator[Example]:
    """Spam from messenger groups; it has no clean side."""
    for row in _rows(folder / "tg_spam/spam.csv"):
        yield Example(
            clean(row["text"]), violates("promotion.commercial"), "tg_spam", "spam", group=re.sub(r"\W+", "", row["text"].lower())[:40]
        )


CORPORA: tuple[Callable[[Path], Iterator[Example]], ...] = (
    edos, misogyny, hatemoji_build, gab_hate_corpus, youtube_spam, toxic_spans, civil_safe, paradetox, jigsaw, hatexplain, davidson,
    implicit_hate, toxigen, convabuse, sbic, sms_spam, tg_spam, bias_templates,
)  # fmt: skip
"""Every adapter; those with a publisher's split come first, so that their rows win over duplicates elsewhere."""


class CorporaError(ValueError):
    """A folder of corpora that cannot be read; the message names what is missing and the remedy."""


def read_all(folder: Path) -> Iterator[Example]:
    """Read every corpus that the folder holds.

    Args:
        folder: Holds a folder for each corpus, named as its adapter.

    Yields:
        The examples, corpus by corpus.

    Raises:
        CorporaError: A corpus is missing or not in its publisher's format.
    """
    missing = [adapter.__name__ for adapter in CORPORA if not (folder / adapter.__name__).is_dir()]
    if missing:
        raise CorporaError(f"{folder}: lacks {', '.join(missing)}; fetch them from their publishers (training/README.md says where).")
    for adapter in CORPORA:
        try:
            yield from adapter(folder)
        except (OSError, KeyError, ValueError, csv.Error) as error:
            raise CorporaError(f"{folder / adapter.__name__}: is not as its publisher offers it ({error!r}); fetch it anew.") from error


def _rows(path: Path, delimiter: str = ",", quoting: Literal[0, 3] = csv.QUOTE_MINIMAL) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter=delimiter, quoting=quoting):
            yield {name: value or "" for name, value in row.items() if isinstance(name, str)}


def _untokenised(text: str) -> str:
    """Close the gaps before punctuation, which would tell the corpus and not the label."""
    return clean(re.sub(r"\s+([.,!?;:%])", r"\1", re.sub(r"\s+(n't|'\w+)", r"\1", text)))
