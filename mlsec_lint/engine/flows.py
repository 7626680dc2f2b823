"""The flows of a project: which bodies are composed, what reaches sinks, and how that joins the local findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlsec_lint.checks.call_sinks import CallSinks
from mlsec_lint.checks.draft import Draft, DraftStep
from mlsec_lint.checks.flow_sinks import EventKey, FlowSinks, Reaching
from mlsec_lint.dataflow.flow.handlers import has_handlers
from mlsec_lint.dataflow.flow.linking import link
from mlsec_lint.dataflow.flow.reach import (
    Reached,
    nested_codes,
    reached,
    reached_at_import,
    reached_by_handing,
    reached_by_inheritance,
)
from mlsec_lint.dataflow.flow.solver import Solver
from mlsec_lint.dataflow.flow.trace import Explainer
from mlsec_lint.domain.levels import Severity

if TYPE_CHECKING:
    from mlsec_lint.checks.conditions import Judge
    from mlsec_lint.dataflow.events import Event
    from mlsec_lint.domain.rule import Rule
    from mlsec_lint.domain.threats import ThreatModel
    from mlsec_lint.engine.demand import Demand


def _run(solver: Solver, path: str) -> Iterator[Reached]:
    """Run the top level of a module, for what it leaves behind."""
    solver.guarded(lambda: solver.exit(path))
    return iter(())


_ROUNDS: Final = 3
"""Evaluations of what functions leave for each other in the objects of modules."""


class Flows:
    """Composes summaries for one project and turns what reaches sinks into drafts, by module."""

    def __init__(self, solver: Solver, judge: Judge, rules: tuple[Rule, ...]) -> None:
        self.solver = solver
        self._judge = judge
        self._rules = rules
        self._slugs = frozenset(rule.slug for rule in rules)
        self._reached: dict[str, list[Reached]] = {}
        self._kinds = frozenset(kind for rule in rules if rule.flow is not None for kind in rule.flow.sinks)
        self._explainer = Explainer(solver)

    def compose(self, demand: Demand, failed: Callable[[str, Exception], None]) -> None:
        """Work out what data reaches in the bodies that are asked for.

        Their modules run first: what one of them says of another's functions, tables and classes must not depend on the
        order of the files.
        """
        for number in range(_ROUNDS):
            self._composed(demand, failed, first=number == 0)
            if not self.solver.escapes.spread():
                break

    def _composed(self, demand: Demand, failed: Callable[[str, Exception], None], *, first: bool) -> None:
        solver = self.solver
        files = demand.files()
        for path in files:
            self._noted(path, lambda path=path: _run(solver, path), failed)
        link(solver)
        if first:  # what was worked out before may not know of what modules changed of each other
            solver.forget_users(solver.fixpoint.users_of(solver.modules.affected()))
        for path in sorted(demand.modules):
            self._noted(path, lambda path=path: reached_at_import(solver, path), failed)
        for code in demand.codes():
            self._noted(code.module.path, lambda code=code: reached(solver, [code]), failed)
        for path in files:
            self._noted(path, lambda path=path: reached_by_inheritance(solver, path, demand.bodies), failed)
        for handed in list(solver.handed):
            path = handed.site.module
            self._noted(path, lambda handed=handed: reached_by_handing(solver, handed, demand.bodies), failed)
        for code in nested_codes(solver):
            self._noted(code.module.path, lambda code=code: reached(solver, [code], entered=False), failed)

    def may_be_unsafe(self, event: Event) -> bool:
        """Whether a call that is safe as far as is seen locally may be unsafe for some callers."""
        knowledge = self._judge.context.knowledge
        entries = knowledge.sinks.find(event.name) if event.exact else knowledge.methods.get(event.name[2:], ())
        for entry in entries:
            if entry.sink.kind not in self._kinds:
                continue
            asked = {c.argument.partition(".")[0] for case in entry.sink.case for c in case.when if c.argument}
            if not asked and entry.sink.otherwise != "safe":
                return True
            # What only a flow makes a finding, no local rule has asked about.
            for name in asked - {entry.sink.argument} if entry.rule is not None else {*asked, entry.sink.argument}:
                passed = event.arguments.get(entry.sink.parameters, name)
                if (passed is not None and passed.value.open) or event.arguments.may_have(entry.sink.parameters, name):
                    return True
        return False

    def _noted(
        self, path: str, work: Callable[[], Iterable[Reached]], failed: Callable[[str, Exception], None]
    ) -> None:
        try:
            for each in work():
                self._reached.setdefault(each.hit.site.module, []).append(each)
        except Exception as error:  # noqa: BLE001 - one file's failure must not end the run
            failed(path, error)

    def paths(self) -> list[str]:
        """The modules in which data reaches a sink."""
        return sorted(self._reached)

    @property
    def has_handlers(self) -> bool:
        """Whether some function of the project is called with data from outside."""
        try:
            return has_handlers(self.solver)
        except Exception:  # noqa: BLE001 - what cannot be evaluated has been reported by its name
            return self.solver.handlers

    def merged(
        self, path: str, drafts: list[Draft], events: Mapping[EventKey, Event], threat: ThreatModel
    ) -> list[Draft]:
        """The findings of a module, local ones and flows: one for each call, with the way of the data."""
        module = self.solver.project.module(path)
        if module is None or path not in self._reached:
            return drafts
        calls = CallSinks(self._judge, module, self._slugs)
        sinks = FlowSinks(calls, self._rules, threat, events)
        found = sinks.judged(self._reached[path])
        flows = self._one_for_each_call([each for each in found if each.draft.rule.flow is not None])
        flows = [each for each in flows if not self._is_outdone(each, drafts)]
        merged = [self._shown(each, drafts) for each in flows]
        spans = {(each.draft.at, each.draft.end, each.draft.api) for each in flows}
        kept = [d for d in drafts if (d.at, d.end, d.api) not in spans]
        ways = {(e.draft.at, e.draft.end, e.draft.rule.slug): e for e in found if e.draft.rule.flow is None}
        for draft in kept:
            way = ways.get((draft.at, draft.end, draft.rule.slug))
            guards = sinks.guards(draft.at, draft.end, draft.rule.slug)
            merged.append(self._with_way(draft, way) if way is not None or not guards else self._lowered(draft, guards))
        return merged

    def _one_for_each_call(self, flows: list[Reaching]) -> list[Reaching]:
        """The worst flow into each call; of two by the same data, the rule whose sink is chosen for being named."""
        known = self._judge.context.knowledge.origins
        best: dict[tuple[int, int], Reaching] = {}
        for each in flows:
            place = (each.draft.at, each.draft.end)
            old = best.get(place)
            rank = (known[each.source.kind].trust, each.draft.severity, each.draft.rule.code)
            if old is None or rank > (known[old.source.kind].trust, old.draft.severity, old.draft.rule.code):
                best[place] = each
        return list(best.values())

    def _is_outdone(self, each: Reaching, drafts: list[Draft]) -> bool:
        """Whether a local finding at the same call knows of worse data than what flows there."""
        known = self._judge.context.knowledge.origins
        flow, trust = each.draft, known[each.source.kind].trust
        return any(
            (draft.at, draft.end, draft.api) == (flow.at, flow.end, flow.api)
            and draft.severity > flow.severity
            and (draft.provenance in known and known[draft.provenance].trust > trust)
            for draft in drafts
        )

    def _lowered(self, draft: Draft, guards: tuple[str, ...]) -> Draft:
        """A local finding about data that was checked before, whatever it is."""
        tags = self._judge.context.knowledge.tags
        reasons = (*draft.reasons, *(f"the data {tags[tag].phrase}" for tag in guards))
        return replace(draft, severity=min(draft.severity, Severity.LOW), reasons=reasons)

    def _shown(self, each: Reaching, drafts: list[Draft]) -> Draft:
        draft = each.draft
        same = [d for d in drafts if (d.at, d.end, d.api) == (draft.at, draft.end, draft.api)]
        covers = tuple(dict.fromkeys(name for d in same for name in (d.rule.slug, d.rule.code)))
        return replace(self._with_steps(draft, each), covers=covers)

    def _with_way(self, draft: Draft, way: Reaching | None) -> Draft:
        """A local finding with the way of its data, and what that says of its severity."""
        if way is None:
            return draft
        found = way.draft
        known = self._judge.context.knowledge.origins
        if draft.severity < found.severity and known[way.source.kind].trust > known["caller"].trust:
            draft = replace(draft, severity=found.severity, message=found.message)
        return self._with_steps(draft, way)

    def _with_steps(self, draft: Draft, each: Reaching) -> Draft:
        steps = tuple(
            DraftStep(s.module, s.at, s.end, s.text, s.role, s.definition)
            for s in self._explainer.explain(each.reached, each.label)
        )
        return replace(draft, origin=each.source.kind, steps=steps)
