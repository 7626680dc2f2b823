"""``python -m mlsec_lint``: the command line, for environments in which its script is not on the path."""

from __future__ import annotations

import sys

from mlsec_lint.frontends.main import main

if __name__ == "__main__":
    sys.exit(main())
