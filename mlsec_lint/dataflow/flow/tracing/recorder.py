"""Watches an evaluation, and notes of every operation which data it takes from where and puts where.

Labels hold no history, so the way of the data is found afterwards. A record serves every label of its body: it is made
once, however many findings pass through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct

from mlsec_lint.dataflow.flow.labels import NO_LABELS, Labels
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.tracing.operands import operands_of, results_of
from mlsec_lint.dataflow.flow.tracing.places import (
    CONTENT,
    DEFAULT,
    NAME,
    RAISED,
    REGISTER,
    RETURNED,
    THING,
    YIELDED,
    Place,
    addresses_of,
    holders_of,
    items_of,
)
from mlsec_lint.dataflow.flow.values import Address, CodeKey, Fun, Value, ident_of
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.apply import Application
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.specialising import Spec
    from mlsec_lint.dataflow.flow.summary import Site, Summary

_LARGEST_HEAP: Final = 4000
"""Objects beyond which the heap is no longer compared after each operation."""

_WRITES: Final = (
    ir.SetAttribute, ir.SetItem, ir.Store, ir.Build, ir.Accumulate, ir.Call, ir.Method, ir.Binary, ir.Delete, ir.Slice,
)  # fmt: skip
_READS_PART: Final = (ir.Attribute, ir.Item, ir.Iterate, ir.Unpack, ir.Enter)

Occurrence: TypeAlias = tuple[Any, ...]


class Carrier(Struct, frozen=True):
    """A place with its value at one moment, and the labels of all that is in it."""

    place: Place
    value: Value
    labels: Labels


class Called(Struct, frozen=True):
    """A summary that was applied: to which arguments, and where the call is written.

    ``early`` says that it speaks of the project as it is while modules are imported.
    """

    fun: Fun
    values: tuple[Value, ...]
    spec: Spec
    summary: Summary
    caller: CodeKey
    site: Site
    early: bool = False


class Event(Struct, frozen=True):
    """One operation (none for what was there from the start), and the labelled data in its operands and results.

    ``receiver`` are the objects of which a method is called.
    """

    op: ir.Op | None
    inputs: tuple[Carrier, ...]
    outputs: tuple[Carrier, ...]
    calls: tuple[Called, ...] = ()
    receiver: tuple[Address, ...] = ()


class Recorder:
    """Collects the events of one evaluation."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.labels: dict[Place, Labels] = {}
        self.names: dict[ir.Register, str] = {}
        self._bound: dict[str, dict[Place, Value]] = {}
        self._seen: dict[object, object] = {}
        self._held: dict[Address, dict[Place, Carrier]] = {}
        self._known: dict[int, Occurrence] = {}
        self._calls: list[Called] = []
        self._size = -1

    def start(self, machine: Machine) -> None:
        """Take in what is there before the first operation."""
        self._note(None, [], self._changes(machine))

    def finish(self, machine: Machine) -> None:
        """Take in what happened outside of operations."""
        self._note(None, [], self._changes(machine))

    def called(self, application: Application, values: list[Value], spec: Spec) -> None:
        """A summary is about to be applied."""
        if application.hop is not None:
            caller, site, _ = application.hop
            early = application.machine.early
            self._calls.append(Called(application.fun, tuple(values), spec, application.summary, caller, site, early))

    def after(self, machine: Machine, op: ir.Op) -> None:
        """An operation was evaluated."""
        if isinstance(op, ir.Load):
            self.names[op.dst] = op.name
            inputs = self._versions(machine, op)
        elif isinstance(op, ir.Caught):
            inputs = [self._carrier(machine, p, Value(labels)) for p, labels in self.labels.items() if p[0] == RAISED]
        else:
            inputs = self._operands(machine, op)
        outputs = list(self._results(machine, op))
        if isinstance(op, _WRITES) or self._calls or len(machine.state.heap) != self._size:
            changed = self._changes(machine)
            if not isinstance(op, _WRITES) and not self._calls:
                self._note(None, [], changed)
            else:
                outputs += changed
        receiver = addresses_of(machine.registers[op.obj]) if isinstance(op, ir.Method) else ()
        self._note(op, inputs, outputs, tuple(receiver))

    def _note(
        self, op: ir.Op | None, inputs: list[Carrier], outputs: list[Carrier], receiver: tuple[Address, ...] = ()
    ) -> None:
        calls, self._calls = tuple(self._calls), []
        labelled = tuple(each for each in outputs if each.labels)
        taken = tuple(each for each in inputs if each.labels)
        if not labelled and not calls and not (taken and isinstance(op, (ir.Call, ir.Method))):
            return
        for each in labelled:
            self.labels[each.place] = self.labels.get(each.place, NO_LABELS) | each.labels
            if each.place[0] == THING:
                self._held.setdefault(each.place[1], {})[each.place] = each
        occurrence = (taken, labelled)
        if op is not None and self._known.get(id(op)) == occurrence and not calls:
            return
        self._known[id(op)] = occurrence
        self.events.append(Event(op, taken, labelled, calls, receiver))

    def _carrier(self, machine: Machine, place: Place, value: Value) -> Carrier:
        value = machine.current(value)
        labels = deep_labels(value, machine.state.heap)
        content = machine.state.contents.get(ident_of(value)) if value.ident is None else None
        return Carrier(place, value, labels | content.labels if content is not None else labels)

    def _versions(self, machine: Machine, op: ir.Load) -> list[Carrier]:
        """Where a name got the value that is read: the very assignment if the value says so, else any of them."""
        read = machine.state.names.get(op.name)
        versions = self._bound.get(op.name, {})
        exact = {place: value for place, value in versions.items() if value is read}
        found = [self._carrier(machine, place, value) for place, value in (exact or versions).items()]
        for address, thing in machine.state.heap.items():
            if address[0] in ("f", "s") and f"={op.name}" in thing.items:
                found.append(self._carrier(machine, (THING, address, f"={op.name}"), thing.items[f"={op.name}"]))
        return found

    def _operands(self, machine: Machine, op: ir.Op) -> list[Carrier]:
        registers = operands_of(op)
        if self._calls and isinstance(op, ir.Item):
            registers = (op.key, *registers)
        found = [self._carrier(machine, (REGISTER, r), machine.registers[r]) for r in registers]
        if isinstance(op, (ir.Method, ir.Delete)) and found:
            # What a method takes out is no longer there when it has run.
            for address in addresses_of(found[-1].value):
                found[-1:-1] = self._held.get(address, {}).values()
        if isinstance(op, (*_READS_PART, ir.Method)) and found:
            parts = list(self._parts(machine, op, found[-1].value))
            if parts:
                whole = found.pop()
                return [*found, *parts, Carrier(whole.place, whole.value, whole.value.labels)]
        return found

    def _parts(self, machine: Machine, op: ir.Op, holder: Value) -> Iterator[Carrier]:
        """The items of an object that an operation may read."""
        key: str | Value | None = None
        if isinstance(op, ir.Attribute):
            key = f".{op.name}"
        elif isinstance(op, ir.Item):
            key = machine.registers[op.key]
        elif isinstance(op, ir.Method):
            key = machine.registers[op.args[0].src] if op.args else None
            if key is None or not key.known:
                return
        for place, value in items_of(holder, machine.state.heap, key):
            yield self._carrier(machine, place, value)

    def _results(self, machine: Machine, op: ir.Op) -> Iterator[Carrier]:
        for register in results_of(op):
            yield self._carrier(machine, (REGISTER, register), machine.registers[register])
        if isinstance(op, ir.Store):
            yield from self._stored(machine, op)
        elif isinstance(op, ir.Function):
            for index, param in enumerate(op.params):
                if param.default >= 0:
                    place = (DEFAULT, (machine.path, op.body.at), index)
                    yield self._carrier(machine, place, machine.registers[param.default])
        elif isinstance(op, ir.Return):
            yield self._carrier(machine, (RETURNED,), machine.registers[op.src])
        elif isinstance(op, ir.Yield):
            yield self._carrier(machine, (YIELDED,), machine.registers[op.src])
        elif isinstance(op, ir.Raise) and op.src >= 0:
            yield self._carrier(machine, (RAISED, op.at), machine.registers[op.src])
        elif isinstance(op, (ir.SetAttribute, ir.SetItem)):
            key = f".{op.name}" if isinstance(op, ir.SetAttribute) else machine.registers[op.key]
            for place, value in items_of(machine.registers[op.obj], machine.state.heap, key):
                yield self._carrier(machine, place, value)
        yield from self._raised()

    def _stored(self, machine: Machine, op: ir.Store) -> Iterator[Carrier]:
        names = machine.classes[-1][1] if machine.classes else machine.state.names
        value = names.get(op.name)
        if value is not None:
            place = (NAME, op.name, op.at, bool(machine.classes))
            self._bound.setdefault(op.name, {})[place] = value
            yield self._carrier(machine, place, value)

    def _raised(self) -> Iterator[Carrier]:
        """What the functions that were called may raise: all that went into them may be in it."""
        for call in self._calls:
            if call.summary.raises is not None and call.summary.raises.labels:
                labels = call.summary.raises.labels.union(*(v.labels for v in call.values))
                yield Carrier((RAISED, call.site.at), Value(labels), labels)

    def _changes(self, machine: Machine) -> list[Carrier]:
        """What is in the heap, and in buffers and files, that was not there before."""
        heap = machine.state.heap
        self._size = len(heap)
        if len(heap) > _LARGEST_HEAP:
            return []
        found: list[Carrier] = []
        taken: list[Carrier] = []
        for address, thing in heap.items():
            if self._seen.get(address) is thing:
                continue
            self._seen[address] = thing
            borrowed = machine.solver.modules.thing(address) is thing
            for place, value in holders_of(address, thing):
                each = self._carrier(machine, place, value)
                if not each.labels <= self.labels.get(place, NO_LABELS):
                    (taken if borrowed else found).append(each)
        if taken:
            self.events.append(Event(None, (), tuple(taken)))
            self.labels.update({each.place: each.labels for each in taken})
        for ident, value in machine.state.contents.items():
            place = (CONTENT, ident)
            if not value.labels <= self.labels.get(place, NO_LABELS):
                found.append(Carrier(place, value, value.labels))
        return found


__all__ = ["CONTENT", "THING", "Called", "Carrier", "Event", "Place", "Recorder"]
