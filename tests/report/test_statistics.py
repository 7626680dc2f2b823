"""What a run tells about itself."""

from __future__ import annotations

from mlsec_lint.domain.finding import ScanResult, Statistics
from mlsec_lint.report.statistics import statistics_text
from mlsec_lint.report.summary import summary_line


def test_a_run_without_flows_is_one_line() -> None:
    assert statistics_text(Statistics(files=2, lines=5, seconds=0.1)) == (
        "2 files and 5 lines scanned, 0 files outlined, 0 functions evaluated, 0 findings suppressed, 0.10 s"
    )


def test_shares_and_what_was_not_followed_are_told() -> None:
    statistics = Statistics(
        definitions=2000,
        lowered=31,
        composed=5,
        unfollowed=(("too many callers", 1200), ("recursion too deep", 2)),
        threat_model="service (judged from the project)",
    )
    assert statistics_text(statistics).splitlines()[1:] == [
        "of 2,000 functions, 31 (1.6 %) were read inside, and the flows of 5 (0.2 %) were composed",
        "not followed: too many callers (1,200); recursion too deep (2)",
        "threat model: service (judged from the project)",
    ]


def test_the_summary_states_the_threat_model() -> None:
    statistics = Statistics(files=1, lines=1, threat_model="library")
    assert summary_line(ScanResult(statistics=statistics)) == (
        "No findings in 1 file, 1 line, 0.0 s; threat model: library"
    )
