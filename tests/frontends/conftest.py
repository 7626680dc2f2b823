"""A project folder to scan, and the command line in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlsec_lint.frontends.cli import run_command_line

from .runner import Done

Tree = Callable[[Mapping[str, str | bytes]], Path]
Cli = Callable[..., Done]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Writes files into a project folder, makes it the current one and returns it."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        root = tmp_path / "project"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        monkeypatch.chdir(root)
        return root

    return write


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command line in this process."""
    monkeypatch.delenv("NO_COLOR", raising=False)

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        code = run_command_line(arguments)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run
