"""How much a run looked at and what it left out, in words for people."""

from __future__ import annotations

from collections.abc import Iterator

from mlsec_lint.domain.finding import Statistics
from mlsec_lint.report.escape import one_line


def statistics_text(statistics: Statistics) -> str:
    """Several lines, without a line break at the end."""
    return "\n".join(_lines(statistics))


def _lines(statistics: Statistics) -> Iterator[str]:
    yield (
        f"{statistics.files:,} files and {statistics.lines:,} lines scanned, {statistics.outlined:,} files outlined, "
        f"{statistics.evaluated:,} functions evaluated, {statistics.suppressed:,} findings suppressed, "
        f"{statistics.seconds:.2f} s"
    )
    if statistics.definitions:
        yield (
            f"of {statistics.definitions:,} functions, {_share(statistics.lowered, statistics.definitions)} were read "
            f"inside, and the flows of {_share(statistics.composed, statistics.definitions)} were composed"
        )
    if statistics.unfollowed:
        reasons = "; ".join(f"{one_line(reason)} ({count:,})" for reason, count in statistics.unfollowed)
        yield f"not followed: {reasons}"
    if statistics.threat_model:
        yield f"threat model: {one_line(statistics.threat_model)}"


def _share(part: int, whole: int) -> str:
    """Such as ``31 (2.6 %)``."""
    return f"{part:,} ({100 * part / whole:.1f} %)"
