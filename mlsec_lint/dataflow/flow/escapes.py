"""Foreign data that a function leaves in the objects and globals of a module, where other functions find it.

Handlers are called in any order, so what one of them stores in a module's table, list or settings may be what another
one loads. Bodies are evaluated once without; if foreign data escapes, it is added to the objects of the modules, and
the bodies that look at these modules, with all that call them, are evaluated once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.heap import Thing, join_things
from mlsec_lint.dataflow.flow.labels import Key, Labels, Source
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.values import Address, Obj, Value, data, join, made_by

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.solver import Solver


_DEEPEST: Final = 3
"""Objects in objects that are kept apart."""


class Escapes:
    """What was left behind so far, by object and by global name."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._objects: dict[Address, Thing] = {}
        self._globals: dict[tuple[str, Key], Value] = {}

    def note(self, machine: Machine) -> None:
        """Look at the objects of modules as an evaluation from outside leaves them."""
        for address, thing in machine.state.heap.items():
            if address[0] == "s" and address[1][0] == "g" and len(address) == 2:
                for key, value in thing.items.items():
                    self._global(address[1][1], key, value)
            elif address[0] in ("a", "f") and self._solver.is_changed(address, thing):
                kept = self._kept(thing, machine)
                if kept is not None:
                    old = self._objects.get(address)
                    self._objects[address] = kept if old is None else join_things(old, kept)

    def _global(self, path: str, key: Key, value: Value) -> None:
        labels = self._foreign(value.labels)
        if labels:
            old = self._globals.get((path, key))
            new = data(labels)
            self._globals[(path, key)] = new if old is None else join(old, new)

    def _foreign(self, labels: Labels) -> Labels:
        is_foreign = self._solver.is_foreign
        return frozenset(x for x in labels if isinstance(x.origin, Source) and is_foreign(x.origin.kind))

    def spread(self) -> bool:
        """Add what escaped to the modules; returns whether bodies have to be evaluated again."""
        solver, changed = self._solver, set[str]()
        for address, thing in self._objects.items():
            old = solver.modules.heap.get(address)
            new = thing if old is None else join_things(old, thing)
            if new != old:
                solver.modules.replace(address, new)
                changed.add(made_by(address))
        for (path, key), value in self._globals.items():
            old = solver.modules.written.get((path, key))
            new = value if old is None else join(old, value)
            if new != old:
                solver.modules.written[(path, key)] = new
                changed.add(path)
        self._objects.clear()
        self._globals.clear()
        if changed:
            self._forget(changed)
        return bool(changed)

    def _kept(self, thing: Thing, machine: Machine) -> Thing | None:
        """An object with the foreign data in it, and with the objects below that hold some; none if there is none.

        Of anything else only the constants can be told outside of the evaluation that changed it.
        """
        inside: dict[Address, Thing] = {}
        kept = self._plain(thing, machine, inside, _DEEPEST)
        labels = kept.own.union(
            *(v.labels for v in _values(kept)), *(v.labels for t in inside.values() for v in _values(t))
        )
        if not labels:
            return None
        for address, each in inside.items():
            old = self._objects.get(address)
            self._objects[address] = each if old is None else join_things(old, each)
        return kept

    def _plain(self, thing: Thing, machine: Machine, inside: dict[Address, Thing], depth: int) -> Thing:
        def plain(value: Value) -> Value:
            refs: list[Obj] = []
            labels = self._foreign(value.labels)
            for target in value.refs:
                below = machine.state.heap.get(target.address) if isinstance(target, Obj) else None
                if below is None or not isinstance(target, Obj):
                    continue
                if depth and target.address not in inside and below.cls is None:
                    inside[target.address] = Thing(below.kind, {})
                    inside[target.address] = self._plain(below, machine, inside, depth - 1)
                    refs.append(target)
                elif target.address in inside:
                    refs.append(target)
                else:
                    labels |= self._foreign(deep_labels(value, machine.state.heap))
            return Value(labels, tuple(refs), value.consts, value.open or len(refs) < len(value.refs))

        items = {key: plain(value) for key, value in thing.items.items()}
        rest = plain(thing.rest) if thing.rest is not None else None
        return replace(thing, items=items, rest=rest, own=self._foreign(thing.own), keys=None)

    def _forget(self, changed: set[str]) -> None:
        """Drop the summaries of the bodies that look at some modules, and of all that call them."""
        readers = self._solver.fixpoint.readers
        self._solver.forget_users({key for path in changed for key in readers.get(path, ())})


def _values(thing: Thing) -> list[Value]:
    return [*thing.items.values(), *(v for v in (thing.rest, thing.keys) if v is not None)]
