"""The compared tools: how each is asked for its findings in a folder, with its security rules and nothing cached."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FLOOR = "floor"
OURS = "mlsec-lint"
BANDIT = "bandit"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool by name, its command for a folder, and the exit codes that mean it has done its work."""

    name: str
    command: Callable[[Path], list[str]]
    codes: frozenset[int] = frozenset((0, 1))


def mlsec_lint(*arguments: str) -> list[str]:
    """The command line of this project, run by the interpreter that measures."""
    return [sys.executable, "-m", "mlsec_lint", *arguments]


def available() -> tuple[list[Tool], list[str]]:
    """The tools that can be run, the floor first, and the names of those that are not installed."""
    tools = [
        Tool(FLOOR, lambda folder: [sys.executable, str(Path(__file__).with_name("floor.py")), str(folder)]),
        Tool(OURS, _check, frozenset((0, 1, 2))),
    ]
    missing: list[str] = []
    for name, arguments in _OTHERS:
        program = _program(name)
        if program is None:
            missing.append(name)
        else:
            tools.append(Tool(name, lambda folder, program=program, rest=arguments: [program, *rest, str(folder)]))
    return tools, missing


_OTHERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (BANDIT, ("-q", "-r", "-f", "json")),
    ("ruff", ("check", "--isolated", "--no-cache", "--select", "S", "--exit-zero")),
    ("torchfix", ("--select", "ALL")),
)


def _check(folder: Path) -> list[str]:
    return mlsec_lint("check", "--isolated", "--no-cache", "--jobs", "1", "--format", "concise", str(folder))


def _program(name: str) -> str | None:
    """A program beside the interpreter, or else on the path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
