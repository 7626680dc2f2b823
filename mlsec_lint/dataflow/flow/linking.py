"""What modules write into each other's objects while they are imported: tables of plug-ins, registries, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.labels import Key
from mlsec_lint.dataflow.flow.values import Address, Cls, Obj, Value, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.modules import Modules
    from mlsec_lint.dataflow.flow.solver import Solver


def link(solver: Solver) -> None:
    """Carry out, when all modules have run, what each of them wrote to globals of others.

    Nobody knows which modules a program imports, so every write may or may not have happened.
    """
    modules = solver.modules
    for path in modules.paths():
        for address, thing in modules.exit(path).writes:
            _write(solver, address[1:], thing)
    modules.forget_settled()


def _write(solver: Solver, path: Address, written: Thing) -> None:
    modules = solver.modules
    (_, module), *keys = path
    if not keys:
        names = modules.exit(module).names
        for key, value in written.items.items():
            old = names.get(key[1:])
            names[key[1:]] = join(old, value) if old is not None else replace(value, open=True)
            solver.statics.replaced.add((module, key[1:]))
        solver.statics.forget(module)
        return
    value = modules.exit(module).names.get(keys[0][1:])
    for key in keys[1:]:
        value = _inside(solver, value, key)
    for target in value.refs if value is not None else ():
        if isinstance(target, Obj):
            _merge(modules, target.address, written)


def _inside(solver: Solver, value: Value | None, key: Key) -> Value | None:
    """What is under a key of an object of a module."""
    found: Value | None = None
    for target in value.refs if value is not None else ():
        thing = solver.modules.heap.get(target.address) if isinstance(target, Obj) else None
        one = thing.items.get(key, thing.rest) if thing is not None else None
        if isinstance(target, Cls):
            owners = (o for o in solver.classes.order(target.code) if not isinstance(o, str))
            infos = (solver.classes.info(owner) for owner in owners)
            one = next((i.attributes[key[1:]] for i in infos if i is not None and key[1:] in i.attributes), None)
        if one is not None:
            found = one if found is None else join(found, one)
    return found


def _merge(modules: Modules, address: Address, written: Thing) -> None:
    thing = modules.heap.get(address)
    if thing is None:
        return
    for key, value in written.items.items():
        thing = thing.with_weak(key, value)
    if written.rest is not None:
        thing = thing.with_rest(written.rest)
    modules.heap[address] = replace(thing, own=thing.own | written.own)
