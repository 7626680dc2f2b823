"""``python -m benchmarks``: what to measure, on which code, and whether a missed target fails the run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import PACKAGES, CorpusError, open_corpus
from benchmarks.speed import measure_speed

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlsec-lint-bench"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a benchmark; 0 unless ``--check`` is given and a target was missed, 2 if there is nothing to measure."""
    options = _parser().parse_args(arguments)
    try:
        packages = open_corpus(options.corpus, _CACHE, options.package)
    except CorpusError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    missed = measure_speed(packages, options.runs)
    return int(options.check and missed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmark", nargs="?", choices=["speed"], default="speed", help="what to measure")
    parser.add_argument(
        "--corpus",
        type=Path,
        default=os.environ.get("MLSEC_BENCH_CORPUS") or None,
        help="a folder with one unpacked package per subfolder (default: MLSEC_BENCH_CORPUS, or a download)",
    )
    parser.add_argument("--runs", type=int, default=3, help="runs per tool and package, of which the median counts")
    parser.add_argument(
        "--package", action="append", help=f"only this subfolder; may be repeated (download: {', '.join(PACKAGES)})"
    )
    parser.add_argument("--check", action="store_true", help="end with code 1 if a target was missed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
