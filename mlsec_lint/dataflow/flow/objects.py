"""The objects of the heap as the evaluated body meets them: those that it makes, and those that a value leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.values import Address, Obj, Value, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def thing_at(machine: Machine, target: Obj) -> Thing | None:
    """An object; one that the top level of a module made is taken over as the module leaves it."""
    thing = machine.state.heap.get(target.address)
    if thing is None:
        thing = machine.solver.static_thing(machine, target.address)
        if thing is not None and not machine.early:
            machine.solver.fixpoint.note_reader(target.address, machine.code.key)
        if thing is not None:
            machine.state.heap[target.address] = thing
    return thing


def allocate(machine: Machine, at: int, thing: Thing, *, variant: str = "") -> Value:
    """A new object; in a loop, the site stands for all objects made there."""
    address: Address = ("a", machine.path, at, variant or thing.kind)
    machine.state.heap[address] = thing
    return ref(Obj(address), ("o", *address))


def things(machine: Machine, value: Value) -> list[tuple[Address, Thing]]:
    """The objects of the heap that a value may be."""
    found: list[tuple[Address, Thing]] = []
    for target in value.refs:
        if isinstance(target, Obj):
            thing = thing_at(machine, target)
            if thing is not None:
                found.append((target.address, thing))
    return found
