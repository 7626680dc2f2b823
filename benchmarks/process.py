"""What a child process costs, as the operating system counts it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """One run: CPU seconds (user and system, all threads), wall seconds, peak memory in MB, exit code."""

    cpu: float
    wall: float
    peak: float
    code: int


def run(command: Sequence[str]) -> Usage:
    """Run a command, its output thrown away, and wait for it."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1_000
    return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * unit / 1e6, child.returncode)
