"""``python -m moderation``: the same as the command ``moderate``."""

import sys

from moderation.cli import main

if __name__ == "__main__":
    sys.exit(main())
