"""The shape of the code: which layer may import which, and how large a file may grow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mlsec_lint"

MAX_LINES = 300
"""A file beyond this does more than one thing."""


def test_every_layer_imports_only_from_those_below() -> None:
    """The contracts are in ``pyproject.toml``; a new package must be placed in a layer before it can merge."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_too_long() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    long = {path.as_posix(): lines for path, lines in lengths.items() if lines > MAX_LINES}
    assert long == {}


def test_every_package_is_a_real_one() -> None:
    """A folder without ``__init__.py`` would be left out of the contracts."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").is_file()) == []
