"""The report: figures and pictures of what rules, model and both decide on comments that never trained.

One self-contained HTML page and the same figures as JSON. The page quotes the worst mistakes, so it holds comments of the
public corpora: keep it to yourself.
"""

from __future__ import annotations

import base64
import html
import io
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score

from moderation.decision import Category
from moderation.model import Model
from moderation.moderator import Moderator
from moderation.rules import RuleSet
from training.evaluation import Judged, as_dicts, category_accuracy, figures, judge
from training.examples import REJECT, Example

mpl.use("Agg")
_SIX = [code for code in Category if code.parent is code]
_WORST = 20
_BIAS = ("subgroup_auc", "bpsn_auc", "bnsp_auc", "false_rejections")


def report(moderator: Moderator, examples: Sequence[Example]) -> tuple[dict[str, Any], str]:
    """Measure a moderator on held-out examples.

    Args:
        moderator: What is measured.
        examples: Labelled comments that never trained.

    Returns:
        The figures, for JSON; and the page, HTML.
    """
    started = time.perf_counter()
    both = judge(moderator, examples)
    seconds = time.perf_counter() - started
    rules_alone = judge(Moderator(moderator.policy, silent(moderator.model), moderator.rules), examples)
    no_rules = RuleSet((), (), moderator.rules.lexicons, moderator.rules.respellings)
    model_alone = judge(Moderator(moderator.policy, moderator.model, no_rules), examples)
    found: dict[str, Any] = {
        "targets": dict(targets(both)),
        "by_corpus": {source: as_dicts(list(figures(both.of(source)))) for source in _sources(examples)},
        "contributions": {
            name: dict(targets(judged)) for name, judged in (("rules alone", rules_alone), ("model alone", model_alone), ("both", both))
        },
        "calibration": calibration(both.of("own", "jigsaw", "civil_safe")),
        "false_rejections_by_kind": by_kind(both.of("own")),
        "bias": bias(both.of("bias_templates")),
        "comments_a_second": round(len(examples) / seconds),
    }
    return found, _page(found, both)


def silent(model: Model) -> Model:
    """A model that says nothing, so that rules are heard alone: every comment is as likely approved as not by it."""
    nothing = np.zeros_like(model.slopes)
    quiet = np.full_like(model.intercepts, -30.0)
    quiet[0] = -0.85  # a neutral word on the verdict, below every threshold
    return replace(model, slopes=nothing, intercepts=quiet)


def targets(judged: Judged) -> Iterator[tuple[str, float]]:
    """The figures that the bundled model is held to, each for the corpora that are there."""
    own, civil, jigsaw = judged.of("own"), judged.of("civil_safe"), judged.of("jigsaw")
    if own.examples:
        truth = own.labels(REJECT) == 1
        yield "own: verdict right", float((own.rejected() == truth).mean())
        yield "own: category right among the rejected", category_accuracy(own) or 0.0
        yield "own: violations rejected", float(own.rejected()[truth].mean())
        yield "own: harmless comments rejected", float(own.rejected()[~truth].mean())
    if civil.examples:
        yield "civil_safe: clean comments rejected", float(civil.rejected().mean())
    if jigsaw.examples:
        clean = np.array([example.kind == "clean" for example in jigsaw.examples])
        heads = {"toxic": REJECT, "obscene": "profanity", "threat": "threats", "insult": "personal_attacks", "identity_hate": "abuse"}
        aucs = [
            _auc(np.array([label in example.kind.split("+") for example in jigsaw.examples]), jigsaw.scores(head))
            for label, head in heads.items()
        ]
        yield "jigsaw: mean AUC over five labels", float(np.mean(aucs))
        yield "jigsaw: violations rejected", float(jigsaw.rejected()[~clean].mean())
        yield "jigsaw: clean comments rejected", float(jigsaw.rejected()[clean].mean())
        for share in (0.015, 0.02):
            bar = np.quantile(jigsaw.scores(REJECT)[clean], 1 - share)
            yield f"jigsaw: violations rejected at {share:.1%} of clean ones", float((jigsaw.scores(REJECT)[~clean] > bar).mean())
    hatexplain = judged.of("hatexplain")
    if hatexplain.examples:
        offending = np.array([example.kind != "normal" for example in hatexplain.examples])
        yield "hatexplain: AUC of hate or offensive against normal", _auc(offending, hatexplain.scores(REJECT))
    edos = judged.of("edos")
    if edos.examples:
        yield "edos: best macro-F1", _best_f1(edos.labels("abuse.sexism") == 1, edos.scores("abuse.sexism"), "macro")
    davidson = judged.of("davidson")
    if davidson.examples:
        yield "davidson: best F1", _best_f1(davidson.labels(REJECT) == 1, davidson.scores(REJECT))
        yield "davidson: AUC", _auc(davidson.labels(REJECT) == 1, davidson.scores(REJECT))
    youtube = judged.of("youtube_spam")
    if youtube.examples:
        yield "youtube_spam: best F1", _best_f1(youtube.labels("promotion") == 1, youtube.scores("promotion"))
    pairs = list(_pairs(judged.of("paradetox")))
    if pairs:
        yield "paradetox: toxic side outscores its rewrite", float(np.mean(pairs))


def calibration(judged: Judged) -> list[tuple[float, float, int]]:
    """Mean score, share of violations and count, in ten bands of the score."""
    scores, truth = judged.scores(REJECT), judged.labels(REJECT) == 1
    bands = np.minimum((scores * 10).astype(int), 9)
    return [
        (round(float(scores[bands == band].mean()), 3), round(float(truth[bands == band].mean()), 3), int((bands == band).sum()))
        for band in range(10)
        if (bands == band).any()
    ]


def by_kind(judged: Judged) -> dict[str, tuple[float, int]]:
    """Share of harmless comments rejected, and how many there are, by kind of comment."""
    rejected: dict[str, list[bool]] = defaultdict(list)
    for example, decision in zip(judged.examples, judged.decisions, strict=True):
        if not example.labels.get(REJECT, True):
            rejected[example.kind].append(not decision.approved)
    return {kind: (round(float(np.mean(cases)), 3), len(cases)) for kind, cases in sorted(rejected.items()) if len(cases) >= 5}


def bias(judged: Judged) -> dict[str, dict[str, float]]:
    """Subgroup, BPSN and BNSP AUC (Borkan et al., 2019) and the false-rejection rate for each identity word of the templates."""
    if not judged.examples:
        return {}
    truth, scores, rejected = judged.labels(REJECT) == 1, judged.scores(REJECT), judged.rejected()
    words = np.array([example.text.lower().rstrip(".!").split()[-1] for example in judged.examples])
    found = {}
    for word in sorted(set(words)):
        inside = words == word
        if (inside & ~truth).sum() < 50 or not (inside & truth).any():
            continue
        background_positive, background_negative = ~inside & truth, ~inside & ~truth
        found[str(word)] = {
            "subgroup_auc": _auc(truth[inside], scores[inside]),
            "bpsn_auc": _auc(truth[(inside & ~truth) | background_positive], scores[(inside & ~truth) | background_positive]),
            "bnsp_auc": _auc(truth[(inside & truth) | background_negative], scores[(inside & truth) | background_negative]),
            "false_rejections": float(rejected[inside & ~truth].mean()),
            "harmless": float((inside & ~truth).sum()),
        }
    return found


def _pairs(judged: Judged) -> Iterator[bool]:
    sides: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"toxic": [], "neutral": []})
    for example, decision in zip(judged.examples, judged.decisions, strict=True):
        sides[example.group][example.kind].append(decision.score)
    for side in sides.values():
        for toxic in side["toxic"]:
            yield from (toxic > neutral for neutral in side["neutral"])


def _auc(truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64]) -> float:
    return float(roc_auc_score(truth, scores)) if truth.any() and not truth.all() else float("nan")


def _best_f1(truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64], average: str = "binary") -> float:
    bars = np.unique(np.quantile(scores, np.linspace(0.02, 0.98, 97)))
    return max(float(f1_score(truth, scores > bar, average=average)) for bar in bars)


def _sources(examples: Sequence[Example]) -> list[str]:
    return sorted({example.source.partition("/")[0] for example in examples})


def _page(found: Mapping[str, Any], judged: Judged) -> str:
    kinds = [(kind, f"{share:.1%}", count) for kind, (share, count) in found["false_rejections_by_kind"].items()]
    words = [(word, *(f"{row[name]:.3f}" for name in _BIAS), int(row["harmless"])) for word, row in found["bias"].items()]
    sections = [
        ("What it is held to", _table(["figure", "rules alone", "model alone", "both"], _contributions(found["contributions"]))),
        ("Precision and recall by category, the decisions marked", _picture(_curves(judged.of("own", "jigsaw", "civil_safe")))),
        ("Calibration: of the comments scored so, so many are violations", _picture(_calibration_figure(found["calibration"]))),
        ("Confusion between categories (own corpus; rows labelled, columns decided)", _picture(_confusion(judged.of("own")))),
        ("Harmless comments rejected, by kind (own corpus)", _table(["kind", "rejected", "comments"], kinds)),
        ("Identity words in templates", _table(["word", *_BIAS, "harmless"], words)),
        ("The worst false rejections", _table(["score", "corpus", "comment"], _worst(judged, False))),
        ("The worst misses", _table(["score", "corpus", "comment"], _worst(judged, True))),
    ]
    body = "".join(f"<h2>{html.escape(title)}</h2>{content}" for title, content in sections)
    style = (
        "body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}img{max-width:100%}"
        "td,th{padding:.15rem .7rem;text-align:left;border-bottom:1px solid #ddd}"
    )
    speed = f"<p>{len(judged.examples):,} held-out comments, {found['comments_a_second']:,} a second on one core.</p>"
    return f"<!doctype html><meta charset=utf-8><title>Report</title><style>{style}</style><h1>Report</h1>{speed}{body}"


def _contributions(contributions: Mapping[str, Mapping[str, float]]) -> list[tuple[str, ...]]:
    names = contributions["both"]
    return [(name, *(f"{contributions[who][name]:.3f}" for who in ("rules alone", "model alone", "both"))) for name in names]


def _curves(judged: Judged) -> Figure:
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    for axes, code in zip(figure.subplots(2, 3).flat, _SIX, strict=True):
        labels = judged.labels(code.value)
        known = labels >= 0
        if (labels == 1).any():
            scores = judged.scores(code.value)[known]
            precision, recall, bars = precision_recall_curve(labels[known] == 1, scores)
            axes.plot(recall, precision)
            place = int(np.argmin(np.abs(bars - 0.5)))
            rejected = np.array([code in decision.categories for decision in judged.decisions])[known]
            if rejected.any():
                hit = (labels[known] == 1) & rejected
                axes.plot(hit.sum() / (labels == 1).sum(), hit.sum() / rejected.sum(), "o")
            axes.annotate(f"0.5 at recall {recall[place]:.2f}", (0.03, 0.05), fontsize=8)
        axes.set(title=code.value, xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    return figure


def _calibration_figure(bands: Sequence[tuple[float, float, int]]) -> Figure:
    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], ":", color="grey")
    axes.plot([mean for mean, _, _ in bands], [share for _, share, _ in bands], "o-")
    for mean, share, count in bands:
        axes.annotate(f"{count:,}", (mean, share), fontsize=7, xytext=(4, -9), textcoords="offset points")
    axes.set(xlabel="score", ylabel="share of violations")
    return figure


def _confusion(judged: Judged) -> Figure:
    names = [*(code.value for code in _SIX), "approve"]
    counts = np.zeros((len(names), len(names)))
    for example, decision in zip(judged.examples, judged.decisions, strict=True):
        labelled = next((code.value for code in _SIX if example.labels.get(code.value)), "approve")
        counts[names.index(labelled), names.index(decision.category.value if decision.category else "approve")] += 1
    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    for row in range(len(names)):
        for column in range(len(names)):
            axes.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axes.set_yticks(range(len(names)), names)
    return figure


def _worst(judged: Judged, missed: bool) -> list[tuple[str, str, str]]:
    wrong = [
        (decision.score, example)
        for example, decision in zip(judged.examples, judged.decisions, strict=True)
        if example.labels.get(REJECT) is missed
        and decision.approved is missed
        and example.source.partition("/")[0] in ("own", "jigsaw", "civil_safe")
    ]
    wrong.sort(key=lambda case: case[0], reverse=not missed)
    return [(f"{score:.2f}", example.source, example.text[:300]) for score, example in wrong[:_WORST]]


def _picture(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return f'<img src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows]
    return f"<table><tr>{''.join(f'<th>{html.escape(name)}</th>' for name in head)}</tr><tr>{'</tr><tr>'.join(lines)}</tr></table>"
