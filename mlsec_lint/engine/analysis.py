"""The analysis of one project in one process: scan, evaluate, judge. Everything a front end reports comes from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mlsec_lint.checks.call_sinks import CallSinks
from mlsec_lint.checks.callables import CallsOf
from mlsec_lint.checks.conditions import Judge
from mlsec_lint.checks.draft import Draft
from mlsec_lint.checks.flow_sinks import EventKey
from mlsec_lint.checks.overrides import Overrides
from mlsec_lint.dataflow.events import Event, EventLog
from mlsec_lint.dataflow.flow.solver import Solver
from mlsec_lint.dataflow.units import new_context, observe_function, observe_module
from mlsec_lint.domain.finding import Finding, Problem
from mlsec_lint.domain.rule import PROFILES
from mlsec_lint.engine.acceptance import Acceptance, failure
from mlsec_lint.engine.bearing import Bearing
from mlsec_lint.engine.demand import Demand
from mlsec_lint.engine.findings import findings_of
from mlsec_lint.engine.flows import Flows
from mlsec_lint.engine.selection_of_units import Units
from mlsec_lint.engine.suppressions import (
    MARKERS,
    Suppression,
    apply_suppressions,
    suppressions_of,
    unused_drafts,
)
from mlsec_lint.engine.text_functions import TextFunctions
from mlsec_lint.engine.texts import Texts
from mlsec_lint.engine.threat_model import ProjectFacts, threat_model
from mlsec_lint.knowledge.vocabulary import words
from mlsec_lint.source.project import Module, Project
from mlsec_lint.source.scan import Hits, Trigger

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import Rule
    from mlsec_lint.knowledge.index import Knowledge
    from mlsec_lint.source.manifests import VersionFacts

_UNUSED: Final = "unused-suppression"

_SMALL: Final = 60
"""Files of a project that is composed whole, since looking for what leads to a sink would cost as much."""


@dataclass(slots=True)
class Outcome:
    """What the analysis of some files found."""

    findings: list[Finding] = field(default_factory=list[Finding])
    problems: list[Problem] = field(default_factory=list[Problem])
    files: int = 0
    lines: int = 0
    outlined: int = 0
    evaluated: int = 0
    suppressed: int = 0
    definitions: int = 0
    lowered: int = 0
    composed: int = 0
    unfollowed: tuple[tuple[str, int], ...] = ()
    threat_model: str = ""


class Analysis:
    """Analyses the files of one project.

    ``wants`` decides which drafts are reported (selection and profile); ``everything`` treats every file as if the
    scan had accepted every word in it, which must not change the findings and is there to test that.
    """

    def __init__(
        self,
        texts: Texts,
        sources: Sequence[str],
        knowledge: Knowledge,
        versions: VersionFacts,
        rules: Sequence[Rule],
        wants: Callable[[Draft, str], bool],
        *,
        profile: str = PROFILES[0],
        everything: bool = False,
        threat: str | None = None,
        facts: ProjectFacts | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.texts = texts
        self.sources = sources
        self.knowledge = knowledge
        self.rules = tuple(rules)
        self.wants = wants
        self.profile = profile
        self.everything = everything
        self.progress = progress
        self.project = Project(texts.root, sources, texts.module_text)
        self.context = new_context(self.project, knowledge)
        self.overrides = Overrides(self.context)
        self.judge = Judge(self.context, versions, self.overrides.mitigates, CallsOf(self.context))
        self.outcome = Outcome()
        self.units: dict[str, Units] = {}
        self.drafts: dict[str, list[Draft]] = {}
        self.events: dict[str, dict[EventKey, Event]] = {}
        self.flows = Flows(Solver(self.context, texts.module_text, tuple(sources)), self.judge, self.rules)
        self.chosen_threat = threat
        self.facts = facts or ProjectFacts()
        self.threat = threat_model(knowledge.threat_models, threat, self.facts, has_handlers=False)
        self._slugs = frozenset(rule.slug for rule in rules)

    def run(self, wanted: Iterable[str] | None = None) -> Outcome:
        """Analyse the project's files, or only the ``wanted`` ones among them, in order of path."""
        acceptance = Acceptance(self.context, self.texts, self.sources, self._vocabulary(), everything=self.everything)
        self.context.relevant = frozenset(acceptance.words)
        acceptance.run(self._scanned)
        self.outcome.problems.extend(acceptance.problems)
        self.units = acceptance.units
        chosen = set(wanted) if wanted is not None else None
        accepted = [p for p in sorted(acceptance.accepted) if p in self.units and (chosen is None or p in chosen)]
        for path in accepted:
            self._guarded(path, self._local)
        self._compose(accepted)
        for path in sorted({*accepted, *(p for p in self.flows.paths() if chosen is None or p in chosen)}):
            self._guarded(path, lambda module: self._finish(module, acceptance.accepted.get(module.path, Hits())))
        self.outcome.problems.extend(self.texts.problems[p] for p in sorted(self.texts.problems))
        self.outcome.evaluated = self.context.evaluated
        return self.outcome

    def _vocabulary(self) -> Mapping[str, tuple[Trigger, ...]]:
        found = words(self.knowledge, self.rules, self.profile, self.project.own_packages)
        return {
            word: tuple(Trigger(e.roots, e.anywhere, e.options, e.beside, e.base) for e in entries)
            for word, entries in found.items()
        }

    def _scanned(self, data: bytes, accepted: bool) -> None:
        self.outcome.files += 1
        self.outcome.lines += data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
        if not accepted and self.progress is not None:
            self.progress(1)

    def _compose(self, paths: Sequence[str]) -> None:
        """The flows, unless no rule asks for them."""
        solver = self.flows.solver
        functions = TextFunctions(self.texts)
        bearing = Bearing(self.texts, self.sources, functions, self.knowledge, solver)
        bearing.look()
        demand = Demand(solver, self.texts, self.sources, functions, bearing)
        for path in paths:
            demand.seed(path, self._seeds(path))
        demand.follow()
        solver.lead(demand.bodies, bearing.holds)
        if self.everything or len(self.sources) <= _SMALL:
            demand.everything()
        self.flows.compose(demand, self._failed)
        solver.trimmed.update(demand.unfollowed)
        self.outcome.definitions, self.outcome.lowered = solver.index.functions(), self.project.lowered
        self.outcome.composed = len({key for key, _, _ in solver.fixpoint.summaries})
        self.outcome.unfollowed = tuple(sorted(solver.trimmed.items()))
        judged = self.chosen_threat is None and not self.facts.installable
        self.threat = threat_model(
            self.knowledge.threat_models,
            self.chosen_threat,
            self.facts,
            has_handlers=judged and self.flows.has_handlers,
        )
        self.outcome.threat_model = self.threat.stated

    def _seeds(self, path: str) -> list[int]:
        """The places of calls that may be unsafe sinks: by what is seen locally, or if a caller decides."""
        found = {draft.at for draft in self.drafts.get(path, ())}
        for event in self.events.get(path, {}).values():
            if event.at not in found and not event.assigned and self.flows.may_be_unsafe(event):
                found.add(event.at)
        return sorted(found)

    def _failed(self, path: str, error: Exception) -> None:
        self.outcome.problems.append(failure(path, error))

    def _guarded(self, path: str, work: Callable[[Module], None]) -> None:
        """A defect of ours costs one file, and is reported by name."""
        try:
            module = self.project.module(path)
            if module is not None:
                work(module)
        except Exception as error:  # noqa: BLE001 - one file's failure must not end the run
            self.outcome.problems.append(failure(path, error))

    def _local(self, module: Module) -> None:
        if self.progress is not None:
            self.progress(1)
        self.outcome.outlined += 1
        self.drafts[module.path] = self._drafts(module)

    def _finish(self, module: Module, hits: Hits) -> None:
        """Join local findings and flows, silence what is suppressed, and report the rest."""
        path = module.path
        drafts = self.flows.merged(path, self.drafts.get(path, []), self.events.get(path, {}), self.threat)
        text = self.texts.kept(module.path)
        wanted = [draft for draft in drafts if self.wants(draft, module.path)]
        if hits.suppressions or (self.everything and any(m.encode() in module.data for m in MARKERS)):
            comments = suppressions_of(module, text)
            wanted, silenced, used = apply_suppressions(text, wanted, comments)
            self.outcome.suppressed += len(silenced)
            wanted += self._unused(module, comments, used)
        self.outcome.findings.extend(findings_of(self.texts, path, wanted))

    def _unused(self, module: Module, comments: Sequence[Suppression], used: set[tuple[int, str]]) -> list[Draft]:
        rule = next((r for r in self.rules if r.slug == _UNUSED), None)
        if rule is None or not comments:
            return []
        active = frozenset(n for r in self.rules for n in (r.slug, r.code))
        known = frozenset(n for r in self.knowledge.rules for n in (r.slug, r.code))
        drafts = unused_drafts(rule, comments, used, active, known)
        return [draft for draft in drafts if self.wants(draft, module.path)]

    def _drafts(self, module: Module) -> list[Draft]:
        exit_ = self.context.exit_of(module.path)
        if exit_ is None:
            return []
        units = self.units[module.path]
        log = EventLog()
        if units.top_level or self.everything:
            observe_module(self.context, module, log)
        for function in units.functions:
            observe_function(self.context, module, function, log)
        self.events[module.path] = {(event.at, event.end, event.name): event for event in log}
        drafts = CallSinks(self.judge, module, self._slugs).drafts(log)
        return drafts + self.overrides.drafts(exit_.functions, self._slugs)
