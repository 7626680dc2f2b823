"""The check that data alone expresses: calls and assignments that library models list, judged by their cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from mlsec_lint.checks.conditions import Judge
from mlsec_lint.checks.draft import Draft, DraftArgument
from mlsec_lint.checks.site import RECEIVER, Site, origins_of
from mlsec_lint.checks.verdict import Verdict, judge_site
from mlsec_lint.checks.wording import described, message_of
from mlsec_lint.dataflow.arguments import Passed
from mlsec_lint.dataflow.events import Event
from mlsec_lint.dataflow.values import UNLISTED, FunctionRef
from mlsec_lint.domain.levels import Confidence, Severity
from mlsec_lint.domain.rule import PROFILES, Rule
from mlsec_lint.knowledge.index import SinkEntry
from mlsec_lint.knowledge.schema import OriginEntry
from mlsec_lint.source.project import Module

OWN: Final = "own"
_CERTAIN: Final = "the called function and the arguments that decide are known"
_HARMLESS_BESIDE_OWN: Final = frozenset((OWN, "literal"))


@dataclass(frozen=True, slots=True)
class CallSinks:
    """Judges the events of one module. ``rules`` are the slugs that are wanted."""

    judge: Judge
    module: Module
    rules: frozenset[str]

    def drafts(self, events: Iterable[Event]) -> list[Draft]:
        """The findings among events; one per rule and span, the worst first."""
        best: dict[tuple[int, int, str], Draft] = {}
        explained: list[tuple[int, int]] = []
        for event in events:
            for entry in self.entries(event):
                if entry.rule is None:
                    continue
                draft, inside = self.draft(event, entry)
                if draft is None:
                    continue
                explained.extend(inside)
                key = (draft.at, draft.end, draft.rule.slug)
                old = best.get(key)
                if old is None or (draft.confidence, draft.severity) > (old.confidence, old.severity):
                    best[key] = draft
        return [d for d in best.values() if not any(a <= d.at and d.end <= e for a, e in explained)]

    def entries(self, event: Event) -> list[SinkEntry]:
        """The sinks that an event may be a call of."""
        knowledge = self.judge.context.knowledge
        if self.judge.context.project.is_own(event.name):
            return []
        if event.assigned:
            found = knowledge.assigned.find(event.name)
        elif event.exact:
            found = knowledge.sinks.find(event.name)
        else:
            found = tuple(e for e in knowledge.methods[event.name[2:]] if self._reachable(e))
        return [e for e in found if e.rule is None or (not e.rule.check and e.rule.slug in self.rules)]

    def _reachable(self, entry: SinkEntry) -> bool:
        if any(self.judge.context.project.is_own(name) for name in entry.sink.call):
            return False
        if entry.sink.receiver == "any":
            return True
        roots = {name.partition(".")[0].encode() for name in entry.sink.call}
        return any(root in self.module.data for root in roots)

    def draft(self, event: Event, entry: SinkEntry) -> tuple[Draft | None, list[tuple[int, int]]]:
        """The finding about an event as a call of a sink, if it is one, and the spans that it explains."""
        site = Site(event, entry.sink, self.module.path, self.module.data)
        rule = entry.rule
        if rule is None:
            return None, []
        origins = self._origins(site)
        if (OWN in origins and origins <= _HARMLESS_BESIDE_OWN) or self._literal_content(site):
            return None, []
        verdict = judge_site(self.judge, site)
        if verdict is None:
            return None, []
        origin = least_trusted(_decisive(origins, verdict, entry), self.judge.context.knowledge.origins)
        confidence, reasons = self._confidence(event, verdict)
        case, sink = verdict.case, entry.sink
        because = (case.because if case is not None else "") or sink.because
        remedy = (case.remedy if case is not None else "") or sink.remedy or rule.remedy
        profile = (case.profile if case is not None else "") or sink.profile or rule.profile
        if event.definition.rpartition(".")[2] in self.judge.context.knowledge.definitions.unpickling:
            profile = PROFILES[1]
        api = self._api(event, entry)
        phrase = self.judge.context.knowledge.origins[origin].phrase
        draft = Draft(
            rule,
            event.at,
            event.end,
            api,
            message_of(rule, api=api, because=because, origin=phrase, remedy=remedy),
            remedy,
            self._severity(rule, entry, verdict, origin),
            confidence,
            PROFILES[1] if confidence is Confidence.LOW else profile,
            reasons,
            self._arguments(site, verdict),
            event.definition,
            provenance=origin,
        )
        return draft, self._callbacks(site, verdict)

    def _origins(self, site: Site) -> frozenset[str]:
        """The provenance of the loaded argument; a literal path that exists in the project says so."""
        name = site.sink.argument
        if not name:
            return UNLISTED
        origins = site.origins(name)
        passed = site.argument(name)
        if "literal" in origins and passed is not None and self._in_repository(passed):
            origins = (origins - {"literal"}) | {"repository"}
        return origins

    def _literal_content(self, site: Site) -> bool:
        """Whether the data itself is written in the code."""
        passed = site.argument(site.sink.argument) if site.sink.content else None
        if passed is None:
            return False
        value = passed.value
        return bool(value.constants) and not value.references and not value.open

    def _in_repository(self, passed: Passed) -> bool:
        texts = [c for c in passed.value.constants if isinstance(c, str)]
        root = self.judge.context.project.root
        folder = root / PurePosixPath(self.module.path).parent
        return bool(texts) and all(_is_file(root, folder, text) for text in texts)

    def _confidence(self, event: Event, verdict: Verdict) -> tuple[Confidence, tuple[str, ...]]:
        confidence, reasons = verdict.confidence, list(verdict.reasons)
        if not event.exact:
            confidence = min(confidence, Confidence.MEDIUM)
            reasons.append("the receiver could not be resolved; the method's name decided")
        elif event.alternatives:
            confidence = min(confidence, Confidence.MEDIUM)
            reasons.append("the called function is one of several")
        if event.passed:
            confidence = min(confidence, Confidence.MEDIUM)
            reasons.append("the function is passed to somebody who calls it")
        if confidence is Confidence.HIGH and not reasons:
            reasons.append(_CERTAIN)
        return confidence, tuple(dict.fromkeys(reasons))

    def _severity(self, rule: Rule, entry: SinkEntry, verdict: Verdict, origin: str) -> Severity:
        named = (verdict.case.severity if verdict.case is not None else "") or entry.sink.severity
        if not rule.graded or not entry.sink.argument:
            return Severity.named(named) if named else rule.severity
        graded = Severity.named(self.judge.context.knowledge.origins[origin].severity)
        return min(graded, Severity.named(named)) if named else graded

    def _api(self, event: Event, entry: SinkEntry) -> str:
        if event.exact:
            return event.name
        last = event.name[2:]
        return next((name for name in entry.sink.call if name.rpartition(".")[2] == last), last)

    def _arguments(self, site: Site, verdict: Verdict) -> tuple[DraftArgument, ...]:
        loaded = (site.sink.argument,) if site.sink.argument else ()
        names: tuple[str, ...] = tuple(dict.fromkeys((*verdict.decided_by, *loaded)))
        found: list[DraftArgument] = []
        for name in names:
            passed = site.argument(name)
            if name == RECEIVER:
                continue
            if passed is None:
                if name in verdict.decided_by:
                    found.append(DraftArgument(name, -1, -1, "not passed"))
            else:
                found.append(DraftArgument(name, passed.at, passed.end, described(passed.value)))
        return tuple(found)

    def _callbacks(self, site: Site, verdict: Verdict) -> list[tuple[int, int]]:
        """The spans of functions whose inside the finding already explains."""
        if verdict.case is None:
            return []
        names = [c.argument for c in verdict.case.when if c.calls]
        found: list[tuple[int, int]] = []
        for name in names:
            passed = site.argument(name)
            found.extend(
                (ref.body.at, ref.body.end)
                for ref in (passed.value.references if passed is not None else ())
                if isinstance(ref, FunctionRef) and ref.module == self.module.path
            )
        return found


def _decisive(origins: frozenset[str], verdict: Verdict, entry: SinkEntry) -> frozenset[str]:
    """The origins that the deciding case asks for, if it asks for any of the loaded argument."""
    if verdict.case is None:
        return origins
    asked = [c.origin for c in verdict.case.when if c.origin and c.argument == entry.sink.argument and not c.unless]
    for wanted in asked:
        origins = origins.intersection(wanted) or origins
    return origins


def least_trusted(origins: frozenset[str], known: Mapping[str, OriginEntry]) -> str:
    """The origin that decides: the least trusted one."""
    return max(sorted(origins or UNLISTED), key=lambda name: known[name].trust)


def _is_file(root: object, folder: object, text: str) -> bool:
    from pathlib import Path

    if not text or len(text) > 400 or "\0" in text or text.startswith(("/", "~")) or ".." in text:
        return False
    return any((Path(str(base)) / text).is_file() for base in (root, folder))


__all__ = ["CallSinks", "least_trusted", "origins_of"]
