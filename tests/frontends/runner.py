"""Ways to run the command line: inside this process for cheap cases, as a process, and on a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

COMMAND = (sys.executable, "-m", "mlsec_lint")
CHECKOUT = Path(__file__).parents[2]

UNSAFE = """\
import torch


def restore(path):
    return torch.load(path, weights_only=False)
"""
"""One finding of MLS102 (medium) in line 5."""

SAFE = "import json\n\n\ndef read(path):\n    return json.loads(path.read_text())\n"


class Done(NamedTuple):
    """A finished run."""

    code: int
    out: str
    err: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process under test: this checkout's package, and nothing that changes colours or widths."""
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONIOENCODING": "utf-8", "TERM": "xterm", **(extra or {})}


def run_process(*arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Done:
    """The real command in a process of its own, in the current folder."""
    done = subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, check=False, env=environment(env), timeout=120
    )
    return Done(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def run_on_terminal(*arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code, and all that a person at a terminal would have been sent."""
    import pty

    near, far = pty.openpty()
    process = subprocess.Popen([*COMMAND, *arguments], stdin=far, stdout=far, stderr=far, env=environment(env))
    os.close(far)
    shown = bytearray()
    try:
        while data := os.read(near, 65536):
            shown += data
    except OSError:
        pass  # Linux reports the end of a terminal as an error
    finally:
        os.close(near)
    return process.wait(timeout=120), shown.decode("utf-8")
