"""Speed and memory: every tool on every package, in turns, in one run, so that only ratios need to be believed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.process import Usage, run
from benchmarks.targets import Measured, judge
from benchmarks.tools import FLOOR, Tool, available, mlsec_lint

_HEADS = ("package", "tool", "CPU s", "lines/s", "of floor", "of bandit", "peak MB")


def measure_speed(folders: Sequence[Path], runs: int) -> bool:
    """Measure, print a table and the targets; whether a target was missed."""
    tools, missing = available()
    for name in missing:
        print(f"{name} is not installed; it is left out", file=sys.stderr)
    rows: list[Measured] = []
    for folder in folders:
        rows.extend(_package(folder, tools, runs))
    start = median(run(mlsec_lint("--version")).wall for _ in range(max(runs, 5)))
    _print_table(rows)
    print()
    missed = False
    for target in judge(rows, start):
        missed = missed or not target.met
        print(f"{'pass' if target.met else 'FAIL'}  {target.text}")
    return missed


def _package(folder: Path, tools: Sequence[Tool], runs: int) -> list[Measured]:
    lines = _lines(folder, tools)
    taken: dict[str, list[Usage]] = {tool.name: [] for tool in tools}
    for number in range(1, runs + 1):
        for tool in tools:
            print(f"{folder.name}: {tool.name}, run {number} of {runs}", file=sys.stderr)
            usage = run(tool.command(folder))
            if usage.code not in tool.codes:
                print(f"{tool.name} ended with code {usage.code}; do not trust its row", file=sys.stderr)
            taken[tool.name].append(usage)
    return [
        Measured(folder.name, name, lines, median(u.cpu for u in usages), max(u.peak for u in usages))
        for name, usages in taken.items()
    ]


def _lines(folder: Path, tools: Sequence[Tool]) -> int:
    """The lines of Python of a package, as the floor counts them; the run also warms the file cache for all."""
    floor = next(tool for tool in tools if tool.name == FLOOR)
    done = subprocess.run(floor.command(folder), capture_output=True, text=True, check=True)
    return int(done.stdout.split()[1])


def _print_table(rows: Sequence[Measured]) -> None:
    cpu = {(row.package, row.tool): row.cpu for row in rows}
    print(f"| {' | '.join(_HEADS)} |")
    print(f"| --- | --- |{' ---: |' * (len(_HEADS) - 2)}")
    for row in rows:
        cells = [row.package, row.tool, f"{row.cpu:.2f}", f"{row.lines / row.cpu:,.0f}"]
        cells += [_ratio(row.cpu, cpu.get((row.package, other))) for other in ("floor", "bandit")]
        print(f"| {' | '.join([*cells, f'{row.peak:.0f}'])} |")


def _ratio(seconds: float, base: float | None) -> str:
    return f"{seconds / base:.2f}" if base else ""
