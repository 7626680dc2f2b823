"""How many flows are found and how many cuts are silent: ``python -m tests.dataflow.pairs_report [WORD ...]``.

With words, only the programs whose file or name contains one of them. ``--quiet`` leaves the list of failures out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.dataflow.pairs import PARTS, Program, read_pairs
from tests.dataflow.pairs_verdict import mistakes


def main(words: Sequence[str]) -> int:
    """Prints the summary by file and the failures; the exit code is 1 if a program without a debt fails."""
    start, quiet = time.perf_counter(), "--quiet" in words
    words = [word for word in words if word != "--quiet"]
    programs = [program for program in read_pairs() if not words or any(word in str(program) for word in words)]
    wrong = {program: found for program in programs if (found := _judged(program))}
    sys.stdout.writelines(f"{line}\n" for line in _table(programs, wrong))
    failures = [program for program in programs if bool(program.debt) != (program in wrong)]
    for program in [] if quiet else failures:
        sys.stdout.write(f"\n{program}\n")
        for sentence in wrong.get(program, [f"the debt is paid: {program.debt}"]):
            sys.stdout.write(f"    {sentence}\n")
    seconds = time.perf_counter() - start
    sys.stdout.write(f"\n{len(programs)} programs, {len(failures)} failures, {seconds:.1f} s\n")
    return 1 if failures else 0


def _judged(program: Program) -> list[str]:
    """The mistakes of one program; a crash is one of them, so that the others are still looked at."""
    with TemporaryDirectory() as folder:
        try:
            return mistakes(program, Path(folder))
        except Exception as error:  # noqa: BLE001
            return [f"{type(error).__name__}: {error}"]


def _table(programs: Sequence[Program], wrong: dict[Program, list[str]]) -> list[str]:
    constructs = list(dict.fromkeys(program.construct for program in programs))
    width = max(map(len, [*constructs, "construct"]))
    rows = [f"{'construct':<{width}}  flows found  cuts silent  debts"]
    for construct in [*constructs, ""]:
        chosen = [program for program in programs if construct in ("", program.construct)]
        counts: list[str] = []
        for part in PARTS:
            of_part = [program for program in chosen if program.part == part]
            counts.append(f"{sum(program not in wrong for program in of_part)}/{len(of_part)}")
        debts = sum(bool(program.debt) for program in chosen)
        rows.append(f"{construct or 'all':<{width}}  {counts[0]:>11}  {counts[1]:>11}  {debts or '':>5}")
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
