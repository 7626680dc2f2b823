"""How the tool names itself in documents that other tools read."""

from __future__ import annotations

from mlsec_lint import __version__

NAME = "mlsec-lint"
VERSION = __version__
INFORMATION_URI = "https://github.com/mlsec-lint/mlsec-lint"
