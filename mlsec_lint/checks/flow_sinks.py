"""The check of flow rules: sinks that data of known sources reaches, judged by the same cases as every call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from mlsec_lint.checks.call_sinks import CallSinks
from mlsec_lint.checks.draft import Draft
from mlsec_lint.dataflow.arguments import Arguments, Passed
from mlsec_lint.dataflow.events import Event
from mlsec_lint.dataflow.flow.conditions import held
from mlsec_lint.dataflow.flow.labels import DOUBT, Label, Source
from mlsec_lint.dataflow.flow.reach import Reached
from mlsec_lint.dataflow.flow.values import Ext, Inst
from mlsec_lint.dataflow.flow.values import Value as FlowValue
from mlsec_lint.dataflow.values import LITERAL, External, Instance, Value
from mlsec_lint.domain.levels import Confidence, Severity
from mlsec_lint.knowledge.index import Knowledge, SinkEntry

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import Rule
    from mlsec_lint.domain.threats import ThreatModel

EventKey = tuple[int, int, str]


@dataclass(frozen=True)
class Reaching:
    """Data that reaches a sink: by which way, with which label, and through which argument of the sink."""

    reached: Reached
    label: Label
    argument: str
    draft: Draft

    source: Source


class FlowSinks:
    """Judges the sinks of one module. ``events`` are what the local evaluation saw of the same calls."""

    def __init__(
        self,
        calls: CallSinks,
        rules: Sequence[Rule],
        threat: ThreatModel,
        events: Mapping[EventKey, Event],
    ) -> None:
        self._calls = calls
        self._rules = [rule for rule in rules if rule.flow is not None]
        self._threat = threat
        self._events = events
        self._knowledge: Knowledge = calls.judge.context.knowledge
        tags = self._knowledge.tags
        self._stopping = {
            rule.slug: frozenset(tag for tag in rule.flow.guards if not tags[tag].lowers)
            for rule in self._rules
            if rule.flow is not None
        }
        self._any_stop = frozenset[str]().union(*self._stopping.values())
        self._guards: dict[EventKey, frozenset[str]] = {}
        self._unguarded: set[EventKey] = set()

    def judged(self, reached: Iterable[Reached]) -> list[Reaching]:
        """For each sink and rule the worst of the ways on which data reaches it."""
        best: dict[tuple[int, int, str], Reaching] = {}
        for each in reached:
            for entry in self._calls.entries(self._event(each)):
                for found in self._of_entry(each, entry):
                    key = (found.draft.at, found.draft.end, found.draft.rule.slug)
                    old = best.get(key)
                    if old is None or self._rank(found) > self._rank(old):
                        best[key] = found
        return [best[key] for key in sorted(best)]

    def _rank(self, found: Reaching) -> tuple[object, ...]:
        """Worse severity first, then surer, then the shorter way, then a fixed order."""
        draft, source = found.draft, found.source
        trust = self._knowledge.origins[source.kind].trust
        return (
            draft.severity, trust, draft.confidence, not found.reached.entered, -len(found.reached.hit.hops),
            tuple(-ord(c) for c in f"{source.module}:{source.at:09}:{source.name}"),
        )  # fmt: skip

    def _of_entry(self, reached: Reached, entry: SinkEntry) -> Iterable[Reaching]:
        sink = entry.sink
        if not sink.argument:
            return
        value = argument_value(reached, sink.parameters, sink.argument)
        if value is None:
            return
        for rule in (*self._rules, *((entry.rule,) if entry.rule is not None else ())):
            wanted = self._sources(rule, entry)
            labels = [each for each in value.labels if self._accepted(each, rule, wanted)]
            if rule.flow is None:
                self._note_guards(reached, rule, value)
            if not labels:
                continue
            label = max(labels, key=self._label_rank)
            draft = self._draft(reached, entry, rule, label)
            if draft is not None:
                yield Reaching(reached, label, sink.argument, draft, _source(label))

    def _sources(self, rule: Rule, entry: SinkEntry) -> frozenset[str]:
        """The origins for which a rule speaks about this sink; the local rule shows the way of any other."""
        if rule.flow is None:
            return frozenset(self._knowledge.origins)
        if entry.sink.kind not in rule.flow.sinks:
            return frozenset()
        return frozenset(rule.flow.sources) & self._threat.untrusted

    def _accepted(self, label: Label, rule: Rule, wanted: frozenset[str]) -> bool:
        if not isinstance(label.origin, Source) or label.origin.kind not in wanted:
            return False
        return self._stopping.get(rule.slug, self._any_stop).isdisjoint(held(label.tags))

    def _note_guards(self, reached: Reached, rule: Rule, value: FlowValue) -> None:
        """Remember whether some data gets to a sink past all guards."""
        key = (reached.hit.site.at, reached.hit.site.end, rule.slug)
        for label in value.labels:
            if isinstance(label.origin, Source):
                passed = self._any_stop & held(label.tags)
                if passed:
                    self._guards[key] = self._guards.get(key, frozenset()) | passed
                else:
                    self._unguarded.add(key)

    def guards(self, at: int, end: int, slug: str) -> tuple[str, ...]:
        """What all data that reaches a sink was checked for; nothing if some of it was not."""
        key = (at, end, slug)
        return tuple(sorted(self._guards.get(key, ()))) if key not in self._unguarded else ()

    def _label_rank(self, label: Label) -> tuple[object, ...]:
        source = _source(label)
        return (
            self._knowledge.origins[source.kind].trust,
            -len(label.tags),
            tuple(-ord(c) for c in f"{source.module}:{source.at:09}:{source.name}{sorted(held(label.tags))}"),
        )

    def _draft(self, reached: Reached, entry: SinkEntry, rule: Rule, label: Label) -> Draft | None:
        event = self._judged_event(reached, entry, _source(label).kind)
        draft, _ = self._calls.draft(event, SinkEntry(entry.sink, entry.library, entry.packages, rule))
        if draft is None:
            return None
        tags = sorted(held(label.tags))
        lowering = [tag for tag in tags if tag in self._knowledge.tags and self._knowledge.tags[tag].lowers]
        doubts = tuple(tag[1:] for tag in tags if tag.startswith(DOUBT))
        reasons = draft.reasons
        confidence, severity = draft.confidence, draft.severity
        if doubts:
            confidence = min(confidence, Confidence.MEDIUM)
            reasons = (*reasons, *(f"the way of the data passes {doubt}" for doubt in doubts))
        if lowering and rule.flow is not None:
            severity = Severity(max(severity - 1, Severity.LOW))
            reasons = (*reasons, *(f"the data {self._knowledge.tags[tag].phrase}" for tag in lowering))
        return replace(draft, confidence=confidence, severity=severity, reasons=reasons)

    def _judged_event(self, reached: Reached, entry: SinkEntry, origin: str) -> Event:
        """The call as both evaluations see it: known values of the flow first, else what is seen locally."""
        event = self._event(reached)
        local = self._events.get((event.at, event.end, event.name))
        name = entry.sink.argument
        if local is not None:
            event = _merged(local, event)
        origins = frozenset((origin,))
        if name == "self":
            receiver = event.receiver if event.receiver is not None else Value(open=True)
            return msgspec.structs.replace(event, receiver=msgspec.structs.replace(receiver, origins=origins))
        found = event.arguments.get(entry.sink.parameters, name)
        passed = found if found is not None else Passed(Value(open=True))
        passed = msgspec.structs.replace(
            passed, value=Value((), passed.value.references, True, origins, passed.value.identity)
        )
        return msgspec.structs.replace(event, arguments=_with(event.arguments, entry.sink.parameters, name, passed))

    def _event(self, reached: Reached) -> Event:
        hit = reached.hit
        positional = tuple(Passed(_converted(a.value), a.at, a.end) for a in hit.call.positional)
        keywords = {n: Passed(_converted(a.value), a.at, a.end) for n, a in hit.call.keywords}
        arguments = Arguments(positional, keywords, hit.call.more is not None, hit.call.more_keywords is not None)
        receiver = _converted(hit.receiver) if hit.receiver is not None else None
        return Event(
            hit.name, hit.site.at, hit.site.end, arguments, receiver, exact=hit.exact, passed=hit.passed,
            definition=hit.definition,
        )  # fmt: skip


def _source(label: Label) -> Source:
    """The source of a label that has one."""
    if not isinstance(label.origin, Source):
        raise TypeError(label)
    return label.origin


def argument_value(reached: Reached, parameters: tuple[str, ...], name: str) -> FlowValue | None:
    """The value of the argument that carries the data of a sink."""
    if name == "self":
        return reached.hit.receiver
    found = reached.hit.call.get(parameters, name.partition(".")[0])
    if found is not None:
        return found.value
    return reached.hit.call.more_keywords


def _converted(value: FlowValue) -> Value:
    """A value in the words of the local evaluation, in which conditions are written."""
    references = tuple(
        External(r.name) if isinstance(r, Ext) else Instance(r.name) for r in value.refs if isinstance(r, (Ext, Inst))
    )
    is_open = value.open or len(references) < len(value.refs) or bool(value.labels)
    return Value(value.consts, references, is_open, LITERAL if value.consts else frozenset())


def _merged(local: Event, flow: Event) -> Event:
    """The local event with the arguments that the flow knows better."""
    positional = tuple(
        _better(passed, flow.arguments.positional[i] if i < len(flow.arguments.positional) else None)
        for i, passed in enumerate(local.arguments.positional)
    )
    keywords = {n: _better(p, flow.arguments.keywords.get(n)) for n, p in local.arguments.keywords.items()}
    for name, passed in flow.arguments.keywords.items():
        keywords.setdefault(name, passed)
    arguments = msgspec.structs.replace(local.arguments, positional=positional, keywords=keywords)
    return msgspec.structs.replace(local, arguments=arguments)


def _better(local: Passed, flow: Passed | None) -> Passed:
    if flow is None or not flow.value.constants or local.value.known or (flow.value.open and local.value.constants):
        return local
    return msgspec.structs.replace(local, value=flow.value)


def _with(arguments: Arguments, parameters: tuple[str, ...], name: str, passed: Passed) -> Arguments:
    if name in arguments.keywords or name not in parameters:
        return msgspec.structs.replace(arguments, keywords={**arguments.keywords, name: passed})
    index = parameters.index(name)
    if index < len(arguments.positional):
        positional = (*arguments.positional[:index], passed, *arguments.positional[index + 1 :])
        return msgspec.structs.replace(arguments, positional=positional)
    return msgspec.structs.replace(arguments, keywords={**arguments.keywords, name: passed})
