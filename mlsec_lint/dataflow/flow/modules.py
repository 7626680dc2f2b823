"""Modules after their top level ran: names, objects, and what was reached on the way."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.heap import State, Thing, join_states, join_things
from mlsec_lint.dataflow.flow.labels import Key
from mlsec_lint.dataflow.flow.statics import module_code
from mlsec_lint.dataflow.flow.values import Address, CodeKey, Value, made_by
from mlsec_lint.dataflow.values import ObjectRef

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.summary import SinkHit
    from mlsec_lint.dataflow.state import HeapObject


@dataclass(frozen=True)
class ModuleExit:
    """The global names and the objects of a module, and the sinks that data reached at its top level.

    ``writes`` are what it wrote to globals of other modules.
    ``affects`` are the modules of which it changed something. ``unresolved`` says that it makes calls which only other
    modules can tell the target of.
    """

    names: dict[str, Value] = field(default_factory=dict[str, Value])
    heap: dict[Address, Thing] = field(default_factory=dict[Address, Thing])
    sinks: tuple[SinkHit, ...] = ()
    unresolved: bool = False
    writes: tuple[tuple[Address, Thing], ...] = ()
    affects: frozenset[str] = frozenset()


class Modules:
    """The exits of modules, each evaluated once; a module that is asked for while it runs is empty so far."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._exits: dict[str, ModuleExit] = {}
        self._running: set[str] = set()
        self.heap: dict[Address, Thing] = {}
        self.idents: set[object] = set()
        self._settled: dict[Address, Thing] = {}
        self._listed: dict[str, frozenset[str] | None] = {}
        self.written: dict[tuple[str, Key], Value] = {}
        self.of_classes: dict[Address, Thing] = {}
        self.defaults: dict[CodeKey, tuple[Value | None, ...]] = {}

    def exit(self, path: str) -> ModuleExit:
        """A module after its top level ran, with the globals of other modules as symbols."""
        known = self._exits.get(path)
        if known is not None:
            return known
        code = module_code(self._solver, path)
        if code is None or path in self._running:
            return ModuleExit()
        self._running.add(path)
        try:
            found = self._evaluated(code)
        finally:
            self._running.discard(path)
        self._exits[path] = found
        self.idents.update(value.ident for value in found.names.values() if value.ident is not None)
        for address, thing in found.heap.items():
            old = self.heap.get(address) if address[0] == "c" else None
            self.heap[address] = thing if old is None else join_things(old, thing)
            self._settled.pop(address, None)
        return found

    def _evaluated(self, code: Code) -> ModuleExit:
        from mlsec_lint.dataflow.flow.machine import Machine

        self._solver.codes[code.key] = code
        self._solver.evaluations += 1
        machine = Machine(self._solver, code, early=True)
        machine.run()
        path = code.module.path
        state: State | None = None
        for _, end in machine.returned:
            state = end if state is None else join_states(state, end)
        state = state or machine.state
        heap = {address: thing for address, thing in state.heap.items() if address[0] in ("a", "f")}
        heap |= {a: t if a[1] == path else _perhaps(t) for a, t in state.heap.items() if a[0] == "c"}
        hits = tuple(sorted(machine.sinks.values(), key=lambda h: (h.site.module, h.site.at, h.name)))
        writes = tuple((a, t) for a, t in state.heap.items() if a[0] == "s" and a[1][0] == "g" and a[1][1] != path)
        changed = (made_by(a) for a, t in heap.items() if a[0] == "c" or self._solver.is_changed(a, t))
        affects = frozenset([*(a[1][1] for a, _ in writes), *changed]) - {path}
        return ModuleExit(state.names, heap, hits, bool(machine.residuals), writes, affects)

    def late(self, path: str, demand: Hashable = None) -> Machine | None:
        """The top level of a module as it runs when all others have run."""
        from mlsec_lint.dataflow.flow.machine import Machine

        code = module_code(self._solver, path)
        if code is None:
            return None
        self._solver.exit(path)
        self._solver.codes[code.key] = code
        machine = Machine(self._solver, code, late=True, demand=demand)
        machine.run()
        return machine

    def paths(self) -> list[str]:
        """The modules that have run."""
        return sorted(self._exits)

    def affected(self) -> frozenset[str]:
        """The modules of which others changed something while they ran."""
        return frozenset[str]().union(*(each.affects for each in self._exits.values()))

    def forget_settled(self) -> None:
        """Objects have changed since they were asked for."""
        self._settled.clear()

    def adopt(self, heap: dict[Address, Thing]) -> None:
        """Objects that the body of a class made."""
        for address, thing in heap.items():
            if address[0] in ("a", "f"):
                self.of_classes.setdefault(address, thing)
                self.heap.setdefault(address, thing)

    def replace(self, address: Address, thing: Thing) -> None:
        """An object of a module turned out to hold more."""
        self.heap[address] = thing
        if address in self._settled:
            self._settled[address] = thing

    def thing(self, address: Address) -> Thing | None:
        """An object of a module, with symbols of other modules replaced."""
        known = self._settled.get(address)
        if known is not None:
            return known
        thing = self.heap.get(address)
        if thing is None:
            return None
        settled = self._solver.settled
        items = {key: settled(value) for key, value in thing.items.items()}
        rest = settled(thing.rest) if thing.rest is not None else None
        found = self._settled[address] = replace(thing, items=items, rest=rest)
        self.heap[address] = found
        return found

    def is_exported(self, path: str, name: str) -> bool:
        """Whether ``__all__`` of the module lists a name."""
        local = self._all_of(path)
        return any(name in item.constants for thing in local or () for item in thing.items.values())

    def listed(self, path: str) -> frozenset[str] | None:
        """The names in ``__all__`` of a module, if all of them are known."""
        if path not in self._listed:
            things = self._all_of(path) or []
            items = list(things[0].items.values()) if len(things) == 1 else []
            known = all(len(item.constants) == 1 and not item.open and not item.references for item in items)
            whole = len(things) == 1 and things[0].exact and things[0].rest is None and known
            self._listed[path] = frozenset(str(item.constants[0]) for item in items) if whole else None
        return self._listed[path]

    def _all_of(self, path: str) -> list[HeapObject] | None:
        """What a module makes its ``__all__``; none if there is none."""
        module = self._solver.project.module(path)
        if module is None or b"__all__" not in module.data:
            return None
        local = self._solver.context.exit_of(path)
        value = local.names.get("__all__") if local is not None else None
        if local is None or value is None or value.open:
            return None
        found = [local.heap.get(r.site) for r in value.references if isinstance(r, ObjectRef)]
        return [thing for thing in found if thing is not None]

    def default(self, code: Code, index: int) -> Value | None:
        """The default of a parameter, as the body that defines the function evaluates it."""
        known = self.defaults.get(code.key, ())
        value = known[index] if index < len(known) else None
        return self._solver.settled(value) if value is not None else None


def _perhaps(thing: Thing) -> Thing:
    """What a module wrote to a class of another one: nobody knows whether both are imported."""
    return replace(thing, maybe=frozenset(thing.items))
