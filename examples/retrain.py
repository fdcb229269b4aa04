"""Retrain from a labelled CSV: the bundled model learns what your newsroom decided. Needs the ``training`` extra."""

import sys
import tempfile
from pathlib import Path

from moderation import Moderator
from training.cli import main

LABELLED = Path(__file__).parent / "labelled.csv"

with tempfile.TemporaryDirectory() as folder:
    model = Path(folder) / "my-model.npz"
    if main(["fit", str(LABELLED), "--out", str(model)]) != 0:
        sys.exit("the model could not be trained")
    print(Moderator(model=model).moderate("Join our tea house trivia night, tickets at the door").explain())
