"""Summaries on demand, cycles to a fixed point, and what becomes stale when something changes.

Asking for a body that is being evaluated gives what is known of it so far; if that changes, everything that was worked
out with it is dropped and the body is evaluated again. So the result is a fixed point whoever asked first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from mlsec_lint.dataflow.flow.summary import BOTTOM, Summary
from mlsec_lint.dataflow.flow.values import Address, CodeKey, made_by

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.specialising import Spec

T = TypeVar("T")

_ROUNDS: Final = 4
_MOST_EVALUATIONS: Final = 12
_DEEPEST: Final = 24
"""Bodies that are evaluated inside each other; deeper ones are evaluated first, and the outer one again."""

_MOST_FIRST: Final = 400
"""Bodies that are worked out first for one that needs them."""

Demand = tuple[CodeKey, "Spec", bool]
"""A body, the constants of some parameters, and whether it serves the top level of a module."""


class NeededFirstError(Exception):
    """A summary is asked for too deep inside other evaluations: it has to be worked out first."""

    def __init__(self, demand: Demand) -> None:
        super().__init__(str(demand))
        self.demand = demand


class Fixpoint:
    """The summaries that were worked out. ``evaluate`` makes one; ``trimmed`` counts what did not settle."""

    def __init__(self, evaluate: Callable[[Demand], Summary], trimmed: Counter[str]) -> None:
        self._evaluate = evaluate
        self._trimmed = trimmed
        self.summaries: dict[Demand, Summary] = {}
        self.edges: dict[tuple[CodeKey, CodeKey], None] = {}
        self.readers: dict[str, set[CodeKey]] = {}
        self._current: dict[Demand, Summary] = {}
        self._running: list[Demand] = []
        self._used: list[set[Demand]] = []
        self._taints: dict[Demand, frozenset[Demand]] = {}
        self._finished: list[Demand] = []
        self._counts: Counter[Demand] = Counter()

    def summary(self, demand: Demand) -> Summary:
        """The summary of a body, for an evaluation that needs it."""
        known = self.summaries.get(demand)
        if known is not None:
            if self._used and demand in self._taints:
                self._used[-1] |= self._taints[demand]
            return known
        if demand in self._running:
            if self._used:
                self._used[-1].add(demand)
            return self._current.get(demand, BOTTOM)
        if len(self._running) >= _DEEPEST:
            raise NeededFirstError(demand)
        return self._solve(demand)

    def demanded(self, demand: Demand) -> Summary:
        """As ``summary``, from outside of any evaluation."""
        pending = [demand]
        for _ in range(_MOST_FIRST):
            try:
                result = self.summary(pending[-1])
            except NeededFirstError as error:
                self._reset()
                if error.demand in pending:
                    self.summaries[error.demand] = BOTTOM
                else:
                    pending.append(error.demand)
                continue
            pending.pop()
            if not pending:
                return result
        return BOTTOM

    def guarded(self, work: Callable[[], T]) -> T | None:
        """Do something that asks for summaries; those too deep inside others are worked out first."""
        for _ in range(_MOST_FIRST):
            try:
                return work()
            except NeededFirstError as error:
                self._reset()
                self.demanded(error.demand)
        return None

    def _reset(self) -> None:
        self._running.clear()
        self._used.clear()

    def _solve(self, demand: Demand) -> Summary:
        start = len(self._finished)
        used, new = set[Demand](), BOTTOM
        self._running.append(demand)
        try:
            for _ in range(_ROUNDS):
                used, new = self._evaluated(demand)
                old = self._current.get(demand, BOTTOM)
                self._current[demand] = new
                if demand not in used or new == old or self._counts[demand] >= _MOST_EVALUATIONS:
                    break
                for other in self._finished[start:]:
                    if demand in self._taints.get(other, ()):
                        self.summaries.pop(other, None)
            else:
                self._trimmed["a recursion did not settle"] += 1
        finally:
            if self._running and self._running[-1] == demand:
                self._running.pop()
        outer = frozenset(used & set(self._running))
        if outer:
            self._taints[demand] = outer
            self._finished.append(demand)
        if self._used:
            self._used[-1] |= outer
        self.summaries[demand] = new
        return new

    def _evaluated(self, demand: Demand) -> tuple[set[Demand], Summary]:
        self._counts[demand] += 1
        self._used.append(set())
        depth = len(self._used)
        try:
            summary = self._evaluate(demand)
            return self._used[depth - 1], summary
        finally:
            del self._used[depth - 1 :]

    def note_edge(self, caller: CodeKey, callee: CodeKey) -> None:
        """Remember that one body calls another."""
        self.edges[(caller, callee)] = None

    def note_reader(self, address: Address, key: CodeKey) -> None:
        """Remember that a body looks at an object of a module."""
        self.readers.setdefault(made_by(address), set()).add(key)

    def forget_users(self, keys: set[CodeKey]) -> None:
        """Drop the summaries of some bodies, and of all that call them."""
        callers: dict[CodeKey, list[CodeKey]] = {}
        for caller, callee in self.edges if keys else ():
            callers.setdefault(callee, []).append(caller)
        stale = set(keys)
        pending = list(stale)
        while pending:
            for caller in callers.get(pending.pop(), ()):
                if caller not in stale:
                    stale.add(caller)
                    pending.append(caller)
        for demand in [d for d in self.summaries if d[0] in stale and not d[2]]:
            del self.summaries[demand]
            self._current.pop(demand, None)
            self._taints.pop(demand, None)

    def users_of(self, paths: frozenset[str]) -> set[CodeKey]:
        """The bodies of some modules, those that call them, and those that look at their objects."""
        users = {caller for caller, callee in self.edges if callee[0] in paths}
        readers = (key for path in paths for key in self.readers.get(path, ()))
        return users.union(readers, (key for key, _, _ in self.summaries if key[0] in paths))
