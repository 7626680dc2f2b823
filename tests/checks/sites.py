"""Sites made of a line of code and a sink of the library ``probe``, and the answers and verdicts on them."""

from __future__ import annotations

from pathlib import Path

from mlsec_lint.checks.answers import Answer
from mlsec_lint.checks.callables import CallsOf
from mlsec_lint.checks.conditions import Judge
from mlsec_lint.checks.site import Site
from mlsec_lint.checks.verdict import Verdict, judge_site
from mlsec_lint.knowledge.schema import Case, Condition, Sink
from mlsec_lint.source.manifests import VersionFacts, read_versions
from tests.dataflow.programs import context_of, events_in

CALL = Sink(kind="probe", call=("probe.sink", "probe.Reader.load"), parameters=("value", "flag"), argument="value")


def no_versions() -> VersionFacts:
    """The facts of a project that states nothing."""
    return read_versions(Path("/nowhere"), [])


def site_of(code: str, sink: Sink = CALL, versions: VersionFacts | None = None) -> tuple[Judge, Site]:
    """The last reported event of a program as a site, and a judge for it; classes called ``Strict...`` mitigate."""
    context = context_of({"main.py": f"import probe\n{code}\n"})
    module = context.project.module("main.py")
    assert module is not None
    event = events_in(context, "main.py")[-1]
    judge = Judge(
        context,
        versions or no_versions(),
        mitigates=lambda cls, _: cls.name.startswith("Strict"),
        calls=CallsOf(context),
    )
    return judge, Site(event, sink, "main.py", module.data)


def answer(code: str, condition: Condition, versions: VersionFacts | None = None) -> Answer:
    """Whether a condition holds at the last call of a program."""
    judge, site = site_of(code, versions=versions)
    return judge.answer(condition, site)


def verdict(code: str, *cases: Case, otherwise: str = "unsafe", versions: VersionFacts | None = None) -> Verdict | None:
    """The verdict on the last call of a program, by these cases."""
    sink = Sink(
        kind="probe", call=CALL.call, parameters=CALL.parameters, argument="value", case=cases, otherwise=otherwise
    )
    judge, site = site_of(code, sink, versions)
    return judge_site(judge, site)
