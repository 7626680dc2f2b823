"""Hypothesis strategies for results that hold any text a hostile repository could bring."""

from __future__ import annotations

from hypothesis import strategies as st

from mlsec_lint.domain.finding import Argument, Finding, Flow, Location, Problem, ScanResult, Statistics, Step
from mlsec_lint.domain.levels import Confidence, Severity
from mlsec_lint.domain.rule import Risk, Rule

HOSTILE = (
    "\x1b[31m",
    "\u202e",
    "\u2066",
    "\x9b",
    "\r\n",
    "\u2028",
    "\ud800",
    "\udcff",
    "{0}",
    "](x)",
    "%41",
    "\t",
    "é模",
)

texts = st.lists(st.text(st.characters(), max_size=6) | st.sampled_from(HOSTILE), max_size=4).map("".join)
"""Any text, lone surrogates and controls included, with the dangerous ones made common."""

names = st.from_regex(r"\A[a-z]+(-[a-z]+){0,2}\Z")
counts = st.integers(1, 10**6)

risks = st.builds(Risk, id=texts | st.just("CWE-22"), title=texts, catalogue=texts, url=st.just("https://example.org/"))
rules = st.builds(
    Rule,
    slug=names,
    code=st.from_regex(r"\AMLS[0-9]{3}\Z"),
    title=texts,
    summary=texts,
    severity=st.sampled_from(Severity),
    profile=st.sampled_from(("default", "auditor")),
    family=texts,
    kinds=st.just(()),
    graded=st.booleans(),
    message=texts,
    remedy=texts,
    risks=st.lists(risks, max_size=3).map(tuple),
    references=st.lists(texts, max_size=2).map(tuple),
    check=st.just(""),
    since=st.just("0.1.0"),
)
locations = st.builds(
    Location,
    path=texts,
    line=counts,
    column=counts,
    end_line=counts,
    end_column=counts,
    cell=st.none() | counts,
)
steps = st.builds(
    Step, locations, text=texts, code=texts, role=st.sampled_from(("source", "step", "sink")), definition=texts
)
flows = st.builds(Flow, origin=texts, steps=st.lists(steps, max_size=3).map(tuple))
findings = st.builds(
    Finding,
    rule=rules,
    location=locations,
    message=texts,
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    profile=st.sampled_from(("default", "auditor")),
    remedy=texts,
    api=texts,
    reasons=st.lists(texts, max_size=2).map(tuple),
    arguments=st.lists(st.builds(Argument, texts, texts, texts), max_size=2).map(tuple),
    definition=texts,
    code=texts,
    flow=st.none() | flows,
    covers=st.lists(names, max_size=2).map(tuple),
)
results = st.builds(
    ScanResult,
    findings=st.lists(findings, max_size=3).map(tuple),
    problems=st.lists(
        st.builds(Problem, path=texts, message=texts, line=st.none() | counts, fatal=st.booleans()), max_size=2
    ).map(tuple),
    statistics=st.builds(
        Statistics,
        files=counts,
        lines=counts,
        seconds=st.floats(0, 1e6),
        unfollowed=st.lists(st.tuples(texts, counts), max_size=2).map(tuple),
        threat_model=st.sampled_from(("", "service")),
    ),
    root=texts,
)
