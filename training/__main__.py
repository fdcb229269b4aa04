"""``python -m training``: the command line, behind one sentence for those who lack the extra."""

import sys

try:
    from training.cli import main
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.partition(".")[0] in ("moderation", "training"):
        raise
    sys.exit(f"training: {missing.name} is not installed; run: pip install 'comment-moderation[training]'")

if __name__ == "__main__":
    sys.exit(main())
