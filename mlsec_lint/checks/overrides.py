"""Methods of project classes that override what a library lists, such as ``find_class`` of an unpickler.

The verdict on such an override is needed twice: to report a weak one where it is defined, and to stay silent (or not)
where an instance of the class is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlsec_lint.checks.draft import Draft
from mlsec_lint.checks.wording import message_of
from mlsec_lint.dataflow.context import Context
from mlsec_lint.dataflow.values import ClassRef, External, FunctionRef
from mlsec_lint.domain.levels import Confidence, Severity

if TYPE_CHECKING:
    from mlsec_lint.checks.restricted_unpickler import Judgement
    from mlsec_lint.domain.rule import Rule
    from mlsec_lint.knowledge.index import SinkEntry

_COMPLETE = "every path through the method was read"
_INCOMPLETE = "something that decides could not be seen"

OPEN = "open"
WEAK = "weak"


class Overrides:
    """Judges the overrides of one run, each class once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[int, Judgement | None] = {}

    def mitigates(self, cls: ClassRef, method: str) -> bool:
        """Whether a class's own method restricts what it is there to restrict, or at least tries to."""
        judgement = self._judged(cls, method)
        return judgement is None or judgement.verdict != OPEN

    def drafts(self, functions: Mapping[int, FunctionRef], slugs: frozenset[str]) -> list[Draft]:
        """The weak overrides that a module defines."""
        found: list[Draft] = []
        for function in functions.values():
            if function.owner is None or function.body.kind != "function":
                continue
            entry = self._entry(function.owner, function.body.name)
            if entry is None or entry.rule is None or entry.rule.slug not in slugs or not entry.rule.check:
                continue
            judgement = self._judged(function.owner, function.body.name)
            if judgement is not None and judgement.verdict == WEAK:
                found.append(_draft(entry.rule, entry, function, judgement))
        return found

    def _entry(self, cls: ClassRef, method: str) -> SinkEntry | None:
        for base in self._context.bases_of(cls)[1:]:
            if isinstance(base, External):
                name = self._context.knowledge.canonical(f"{base.name}.{method}")
                entry = next((e for e in self._context.knowledge.sinks.find(name) if e.rule and e.rule.check), None)
                if entry is not None:
                    return entry
        return None

    def _judged(self, cls: ClassRef, method: str) -> Judgement | None:
        if id(cls) not in self._known:
            self._known[id(cls)] = self._judge(cls, method)
        return self._known[id(cls)]

    def _judge(self, cls: ClassRef, method: str) -> Judgement | None:
        entry = self._entry(cls, method)
        module = self._context.project.module(cls.module)
        if entry is None or module is None:
            return None
        from mlsec_lint.checks.judging import judge_class

        return judge_class(self._context, module, cls)


def _draft(rule: Rule, entry: SinkEntry, function: FunctionRef, judgement: Judgement) -> Draft:
    api = function.body.qualname
    remedy = entry.sink.remedy or rule.remedy
    return Draft(
        rule,
        function.body.at,
        function.body.at + len("def ") + len(function.body.name.encode()),
        api,
        message_of(rule, api=api, because=judgement.reason, origin="", remedy=remedy),
        remedy,
        Severity.named(entry.sink.severity) if entry.sink.severity else rule.severity,
        Confidence.HIGH if judgement.complete else Confidence.MEDIUM,
        entry.sink.profile or rule.profile,
        reasons=(_COMPLETE if judgement.complete else _INCOMPLETE,),
        definition=function.body.qualname,
    )
