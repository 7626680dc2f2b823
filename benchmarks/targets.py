"""What speed and memory must stay within, in terms that do not depend on the machine where that is possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.tools import BANDIT, FLOOR, OURS

REFERENCE = "transformers"
"""The package whose ratios are bound: over a million lines, few of which matter."""

MOST_FLOORS = 3.0
MOST_OF_BANDIT = 1 / 5
MOST_SECONDS = 2.0
"""CPU seconds per 100,000 lines in every other package."""
MOST_MEMORY = 300.0
MOST_START = 0.1


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table: the median CPU seconds and the highest peak memory (MB) of a tool on a package."""

    package: str
    tool: str
    lines: int
    cpu: float
    peak: float


@dataclass(frozen=True, slots=True)
class Target:
    """A target in words, with what was measured, and whether it was met."""

    text: str
    met: bool


def judge(rows: Sequence[Measured], start: float) -> Iterator[Target]:
    """The targets that the measured rows allow to judge; ``start`` is the wall time of ``--version`` in seconds."""
    cpu = {(row.package, row.tool): row.cpu for row in rows}
    for row in rows:
        if row.tool != OURS:
            continue
        if row.package == REFERENCE:
            yield from _ratios(row, cpu.get((row.package, FLOOR)), cpu.get((row.package, BANDIT)))
        else:
            rate = row.cpu / row.lines * 100_000
            text = f"{row.package}: {rate:.2f} CPU s per 100,000 lines (at most {MOST_SECONDS:g})"
            yield Target(text, rate <= MOST_SECONDS)
        yield Target(f"{row.package}: peak {row.peak:.0f} MB (under {MOST_MEMORY:g})", row.peak < MOST_MEMORY)
    yield Target(f"--version: {start * 1e3:.0f} ms (under {MOST_START * 1e3:g})", start < MOST_START)


def _ratios(row: Measured, floor: float | None, bandit: float | None) -> Iterator[Target]:
    if floor:
        ratio = row.cpu / floor
        yield Target(f"{row.package}: {ratio:.2f} times the floor (at most {MOST_FLOORS:g})", ratio <= MOST_FLOORS)
    if bandit:
        ratio = row.cpu / bandit
        text = f"{row.package}: {ratio:.3f} of bandit's CPU (at most {MOST_OF_BANDIT:g})"
        yield Target(text, ratio <= MOST_OF_BANDIT)
