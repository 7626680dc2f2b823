"""What an evaluation tells its observer: the calls and assignments whose names knowledge speaks about."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from mlsec_lint.dataflow.arguments import Arguments, join_arguments
from mlsec_lint.dataflow.values import ClassRef, Value, join


class Event(Struct, frozen=True):
    """A call (or assignment) of a name that knowledge lists.

    ``name`` is the qualified name; ``exact`` is false if only the method's name matched on an unresolved receiver.
    ``alternatives`` counts what else the callee may be. ``passed`` marks a function handed to somebody who calls it;
    ``assigned`` an assignment. ``receiver`` is the object of a method call; ``subclass`` the project class through
    which an external method was reached.
    """

    name: str
    at: int
    end: int
    arguments: Arguments
    receiver: Value | None = None
    subclass: ClassRef | None = None
    exact: bool = True
    alternatives: int = 0
    passed: bool = False
    assigned: bool = False
    definition: str = ""


class EventLog:
    """Collects the events of one unit; evaluations of one site in a loop or twice in a branch are joined."""

    def __init__(self) -> None:
        self._events: dict[tuple[int, int, str, int], Event] = {}

    def add(self, event: Event) -> None:
        """Record an event."""
        key = (event.at, event.end, event.name, id(event.subclass) if event.subclass is not None else 0)
        old = self._events.get(key)
        if old is None:
            self._events[key] = event
            return
        receiver = old.receiver if event.receiver is None else event.receiver
        if old.receiver is not None and event.receiver is not None:
            receiver = join(old.receiver, event.receiver)
        self._events[key] = Event(
            event.name,
            event.at,
            event.end,
            join_arguments(old.arguments, event.arguments),
            receiver,
            event.subclass,
            old.exact and event.exact,
            max(old.alternatives, event.alternatives),
            event.passed,
            event.assigned,
            event.definition,
        )

    def __iter__(self) -> Iterator[Event]:
        return iter(sorted(self._events.values(), key=_order))

    def __len__(self) -> int:
        return len(self._events)


def _order(event: Event) -> tuple[int, int, str, int]:
    return (event.at, event.end, event.name, event.subclass.at if event.subclass is not None else -1)
