"""Questions about functions and classes that conditions ask: what does it call, does it restrict?"""

from __future__ import annotations

from mlsec_lint.dataflow.context import Context
from mlsec_lint.dataflow.events import EventLog
from mlsec_lint.dataflow.units import observe_function
from mlsec_lint.dataflow.values import FunctionRef


class CallsOf:
    """Which kinds of sinks a function calls, found by evaluating it once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[int, frozenset[str]] = {}

    def __call__(self, function: FunctionRef, kinds: tuple[str, ...]) -> bool:
        """Whether the function calls a sink of one of the kinds."""
        key = id(function.body)
        if key not in self._known:
            self._known[key] = frozenset()
            self._known[key] = self._kinds(function)
        return not self._known[key].isdisjoint(kinds)

    def _kinds(self, function: FunctionRef) -> frozenset[str]:
        module = self._context.project.module(function.module)
        if module is None:
            return frozenset()
        log = EventLog()
        observe_function(self._context, module, function, log)
        sinks = self._context.knowledge.sinks
        return frozenset(entry.sink.kind for event in log if event.exact for entry in sinks.find(event.name))
