"""The bodies from the one in which data has its source to the one with the sink, each evaluated under a recorder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.statics import module_code
from mlsec_lint.dataflow.flow.tracing.recordings import MODULE, Recording, Recordings

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.binding import Spec
    from mlsec_lint.dataflow.flow.reach import Reached
    from mlsec_lint.dataflow.flow.solver import Demand, Solver
    from mlsec_lint.dataflow.flow.summary import Site
    from mlsec_lint.dataflow.flow.values import CodeKey

MOST_BODIES: Final = 10
"""Bodies looked at for one explanation."""

Hop = tuple["CodeKey", "Site", "CodeKey"]


class EnoughError(Exception):
    """An explanation would look at too many bodies, or at one that cannot be evaluated again."""


@dataclass(frozen=True)
class Chain:
    """Recorded bodies, from the outermost inward, and the calls between them; ``entered`` from outside or not."""

    records: tuple[Recording, ...]
    hops: tuple[Hop, ...]
    entered: bool


class Bodies:
    """The recorded bodies of one explanation, within its budget."""

    def __init__(self, solver: Solver, recordings: Recordings) -> None:
        self.solver = solver
        self._recordings = recordings
        self._used: set[Demand] = set()

    def of(self, key: CodeKey, spec: Spec = ()) -> Recording:
        """A body under a recorder; modules are evaluated as they were at first."""
        demand = (key, spec, key[1] == MODULE)
        self._used.add(demand)
        found = self._recordings.of(demand) if len(self._used) <= MOST_BODIES else None
        if found is None:
            raise EnoughError
        return found

    def module(self, path: str) -> Recording | None:
        """The top level of a module; none if the project does not have it."""
        key = (path, MODULE)
        if key not in self.solver.codes:
            code = module_code(self.solver, path)
            if code is None:
                return None
            self.solver.codes[key] = code
        return self.of(key)

    def chain(self, reached: Reached) -> Chain:
        """The bodies on the way to a sink."""
        hops = reached.hit.hops
        root = reached.root
        first = self.module(root[0]) if root[1] == MODULE else self.of(root)
        if first is None:
            raise EnoughError
        records = [first]
        for hop in hops:
            records.append(self.of(hop[2], _spec(records, hop)))
        return Chain(tuple(records), hops, reached.entered)


def _spec(records: list[Recording], hop: Hop) -> Spec:
    """The constants for which a body is called; the call may be made by any of the bodies around it."""
    for record in reversed(records):
        for _, call in record.calls(*hop):
            return call.spec
    return ()
