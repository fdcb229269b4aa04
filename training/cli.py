"""The command line of training: fit a model on labelled CSVs, build the bundled one, evaluate one."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from moderation import __version__
from moderation.lexicon import LexiconError
from moderation.model import Model, ModelError, write_beside
from moderation.moderator import Moderator
from moderation.policy import Policy, PolicyError
from moderation.rules import RuleError
from training import evaluation
from training.corpora import CorporaError, read_all
from training.examples import REJECT, is_held_out, without_duplicates
from training.fit import Data, FitError, Recipe, fit, prepare
from training.labelled import LabelledError, own_corpus, read

DONE, FAILED = 0, 2
_STARTED = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; ``sys.argv`` when None.

    Returns:
        0, or 2 for an error that was said in one sentence.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (LabelledError, CorporaError, FitError, ModelError, PolicyError, RuleError, LexiconError) as error:
        print(f"training: {error}", file=sys.stderr)
        return FAILED
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("fit", help="fit a model on your labelled CSVs")
    one.add_argument("csv", nargs="+", help="columns: text, and label (approve, reject, codes joined by ';') or one column a code")
    one.add_argument("--out", required=True, type=Path, help="the model to write; its card is written beside it")
    one.add_argument("--from-scratch", action="store_true", help="learn from your rows alone, not on top of the bundled model")
    one.add_argument("--held-out", type=_share, default=0.2, help="share of the groups to measure on (default 0.2)")
    one.add_argument("--seed", type=int, default=0, help="another seed makes another split (default 0)")
    one.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    one.set_defaults(run=_fit)
    build = commands.add_parser("build", help="build the bundled model from the public corpora and the project's own")
    build.add_argument("--corpora", required=True, type=Path, help="the folder that holds the public corpora")
    build.add_argument("--out", type=Path, default=Path("moderation/data/model.npz"))
    build.add_argument("--jobs", type=int, default=2)
    build.set_defaults(run=_build)
    evaluate = commands.add_parser("evaluate", help="measure a model, the rules and a policy on a labelled CSV")
    evaluate.add_argument("csv", nargs="+")
    evaluate.add_argument("--model", type=Path)
    evaluate.add_argument("--policy", type=Path)
    evaluate.add_argument("--rules", type=Path)
    evaluate.set_defaults(run=_evaluate)
    tell = commands.add_parser("report", help="a page with pictures of what rules, model and both decide on held-out comments")
    tell.add_argument("--corpora", type=Path, help="the folder of the public corpora; the project's own alone when absent")
    tell.add_argument("--model", type=Path)
    tell.add_argument("--policy", type=Path)
    tell.add_argument("--out", type=Path, default=Path("report.html"), help="the page; the figures get the same name with .json")
    tell.set_defaults(run=_report)
    return parser


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError("must lie between 0 and 1")
    return share


def _fit(options: argparse.Namespace) -> None:
    rows = read(options.csv)
    examples = list(without_duplicates(rows))
    _say(f"read {len(rows):,} rows, {len(rows) - len(examples):,} of them duplicates")
    base = None if options.from_scratch else Model.load()
    recipe = replace(Recipe.bundled(), held_out=options.held_out, seed=options.seed)
    if base is not None:
        recipe = replace(recipe, hasher=base.hasher)
    data = prepare(examples, recipe, _say)
    model = fit(data, recipe, _say, base, options.jobs)
    held_out = [example for example, out in zip(examples, data.held_out, strict=True) if out]
    rows_of_figures = list(evaluation.figures(evaluation.judge(Moderator(model=model), held_out)))
    print(f"\nHeld out ({len(held_out):,} comments, rules and model together):\n{evaluation.table(rows_of_figures)}\n")
    model.save(options.out, _card(data, recipe, evaluation.as_dicts(rows_of_figures), "bundled" if base else "none"))
    _say(f"wrote {options.out} and its card; use it with Moderator(model={str(options.out)!r})")


def _build(options: argparse.Namespace) -> None:
    recipe = Recipe.bundled()
    own = own_corpus()
    examples = list(without_duplicates([*own, *read_all(options.corpora)]))
    _say(f"read {len(examples):,} distinct comments, {len(own):,} of them the project's own")
    data = prepare(examples, recipe, _say)
    model = fit(data, recipe, _say, jobs=options.jobs)
    held_out = [example for example, out in zip(examples, data.held_out, strict=True) if out]
    judged = evaluation.judge(Moderator(model=model), held_out)
    sources = sorted({example.source.partition("/")[0] for example in held_out})
    figures: dict[str, Any] = {}
    for source in sources:
        part = judged.of(source)
        figures[source] = evaluation.as_dicts(list(evaluation.figures(part)))
        print(f"\n{source} ({len(part.examples):,} held out)\n{evaluation.table(list(evaluation.figures(part)))}")
    model.save(options.out, _card(data, recipe, figures, "none"))
    _say(f"wrote {options.out} ({options.out.stat().st_size / 1e6:.1f} MB) and its card")


def _evaluate(options: argparse.Namespace) -> None:
    examples = read(options.csv)
    moderator = Moderator(Policy.load(options.policy), options.model, options.rules)
    judged = evaluation.judge(moderator, examples)
    print(evaluation.table(list(evaluation.figures(judged))))
    accuracy = evaluation.category_accuracy(judged)
    if accuracy is not None:
        print(f"category right among the rightly rejected: {accuracy:.1%}")


def _report(options: argparse.Namespace) -> None:
    from training.report import report  # noqa: PLC0415 - matplotlib takes a second that no other command needs

    recipe = Recipe.bundled()
    public = read_all(options.corpora) if options.corpora else ()
    examples = [example for example in without_duplicates([*own_corpus(), *public]) if is_held_out(example, recipe.held_out, recipe.seed)]
    _say(f"judging {len(examples):,} held-out comments three times: rules alone, model alone, both")
    found, page = report(Moderator(Policy.load(options.policy), options.model), examples)
    for name, value in found["targets"].items():
        print(f"{value:8.3f}  {name}")
    write_beside(options.out, page.encode())
    write_beside(options.out.with_suffix(".json"), (json.dumps(found, indent=2) + "\n").encode())
    _say(f"wrote {options.out} and its figures")


def _card(data: Data, recipe: Recipe, figures: Any, base: str) -> Mapping[str, Any]:
    counts: dict[str, dict[str, int]] = {}
    for example, out in zip(data.examples, data.held_out, strict=True):
        row = counts.setdefault(example.source, {"trained_on": 0, "held_out": 0, "rejected": 0, "approved": 0})
        row["held_out" if out else "trained_on"] += 1
        if REJECT in example.labels:
            row["rejected" if example.labels[REJECT] else "approved"] += 1
    hasher = recipe.hasher
    return {
        "model": "one-vs-rest logistic regression over hashed TF-IDF n-grams of words and characters",
        "date": date.today().isoformat(),
        "base": base,
        "features": {"bits": hasher.bits, "words": hasher.words, "shortest": hasher.shortest, "longest": hasher.longest},
        "recipe": {"strength": recipe.strength, "iterations": recipe.iterations, "weights": dict(recipe.weights), "seed": recipe.seed},
        "trained_on": counts,
        "made_with": {
            "comment-moderation": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
        },
        "figures_held_out": figures,
    }


def _say(what: str) -> None:
    print(f"[{time.monotonic() - _STARTED:5.0f}s] {what}", file=sys.stderr, flush=True)
