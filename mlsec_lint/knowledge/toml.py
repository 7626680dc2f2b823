"""TOML files as plain data, with errors that name the file and the line."""

from __future__ import annotations

import sys
from pathlib import Path

from mlsec_lint.domain.errors import KnowledgeError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_toml(path: Path) -> dict[str, object]:
    """The content of a TOML file; :class:`KnowledgeError` if it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise KnowledgeError(path.name, "", f"cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnowledgeError(path.name, "", f"is not valid TOML: {error}") from None
