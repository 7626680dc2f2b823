"""The bodies from the one in which data has its source to the one with the sink, each evaluated under a recorder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.statics import module_code
from mlsec_lint.dataflow.flow.tracing.recordings import MODULE, Recording, Recordings

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.fixpoint import Demand
    from mlsec_lint.dataflow.flow.reach import Reached
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.specialising import Spec
    from mlsec_lint.dataflow.flow.summary import Site
    from mlsec_lint.dataflow.flow.tracing.recorder import Called
    from mlsec_lint.dataflow.flow.values import CodeKey

MOST_BODIES: Final = 10
"""Bodies looked at for one explanation."""

Hop = tuple["CodeKey", "Site", "CodeKey"]


@dataclass(frozen=True)
class Chain:
    """Recorded bodies, from the outermost inward, and the calls between them.

    ``entered`` says that the first is called from outside, on an instance of the class ``owner``.
    """

    records: tuple[Recording, ...]
    hops: tuple[Hop, ...]
    entered: bool
    owner: CodeKey | None = None


class Bodies:
    """The recorded bodies of one explanation, within its budget."""

    def __init__(self, solver: Solver, recordings: Recordings) -> None:
        self.solver = solver
        self._recordings = recordings
        self._used: set[Demand] = set()

    def of(self, key: CodeKey, spec: Spec = (), *, early: bool = False) -> Recording | None:
        """A body under a recorder; none beyond the budget."""
        demand = (key, spec, early)
        if len(self._used) >= MOST_BODIES and demand not in self._used:
            return None
        self._used.add(demand)
        return self._recordings.of(demand)

    def called(self, call: Called) -> Recording | None:
        """The body of a function as a call uses it."""
        return self.of(call.fun.code, call.spec, early=call.early)

    def module(self, path: str) -> Recording | None:
        """The top level of a module; none if the project does not have it."""
        key = (path, MODULE)
        if key not in self.solver.codes:
            code = module_code(self.solver, path)
            if code is None:
                return None
            self.solver.codes[key] = code
        return self.of(key, early=True)

    def chain(self, reached: Reached) -> Chain | None:
        """The bodies on the way to a sink; none if one of them cannot be looked at."""
        hops, root = reached.hit.hops, reached.root
        early = root[1] == MODULE and not reached.entered
        record = self._handing(hops[0]) if root[1] == MODULE and hops and reached.entered else self._root(root)
        records: list[Recording] = []
        for hop in hops:
            if record is None:
                return None
            records.append(record)
            record = self.of(hop[2], _spec(records, hop), early=early)
        if record is None:
            return None
        return Chain((*records, record), hops, reached.entered and root[1] != MODULE, reached.owner)

    def entering(self, chain: Chain) -> Recording | None:
        """What is called from outside the first body of a chain, if that is entered from there."""
        return self._recordings.entering(chain.records[0].code, chain.owner) if chain.entered else None

    def _root(self, root: CodeKey) -> Recording | None:
        return self.module(root[0]) if root[1] == MODULE else self.of(root)

    def _handing(self, hop: Hop) -> Recording | None:
        """The call of a function that the top level of a module handed over."""
        for handed in self.solver.handed:
            if handed.site == hop[1]:
                record = self._recordings.handing(handed)
                if record is not None and record.calls(*hop):
                    return record
        return None


def _spec(records: list[Recording], hop: Hop) -> Spec:
    """The constants for which a body is called; the call may be made by any of the bodies around it."""
    for record in reversed(records):
        for _, call in record.calls(*hop):
            return call.spec
    return ()
