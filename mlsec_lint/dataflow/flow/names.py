"""Names: locals, captured variables in frames, module globals, builtins.

A variable that a nested function uses lives in a frame on the heap, so that closures share it and see every update.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.labels import Label, Path
from mlsec_lint.dataflow.flow.values import UNKNOWN, Address, Ext, Sym, Value, data, join, ref, symbolic

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_BUILTINS: Final = frozenset(dir(builtins))


def frame_address(machine: Machine) -> Address:
    """Where the captured variables of the evaluated body live."""
    return ("f", machine.path, machine.body.at)


def frames_for_nested(machine: Machine) -> tuple[Address, ...]:
    """The frames that a function defined here closes over."""
    if machine.body.kind == "module":
        return ()
    return (*(("s", ("e", level)) for level in range(len(machine.code.enclosing))), frame_address(machine))


def bind(machine: Machine, name: str, value: Value) -> None:
    """Give a name a value, in the scope to which it belongs."""
    body = machine.body
    if body.kind == "module":
        machine.state.names[name] = value
    elif name in body.globals:
        write_overlay(machine, (("g", machine.path),), f"={name}", value)
    elif name in body.nonlocals:
        level = _level(machine, name)
        if level >= 0:
            write_overlay(machine, (("e", level),), f"={name}", value)
    elif name in machine.captured:
        heap, address = machine.state.heap, frame_address(machine)
        frame = heap.get(address) or Thing("frame", {})
        heap[address] = replace(frame, items={**frame.items, f"={name}": value})
    else:
        machine.state.names[name] = value


def local(machine: Machine, name: str) -> Value | None:
    """The value of a name that this body binds itself; none for others."""
    if name in machine.captured:
        frame = machine.state.heap.get(frame_address(machine))
        return frame.items.get(f"={name}") if frame is not None else None
    return machine.state.names.get(name)


def lookup(machine: Machine, name: str) -> Value:
    """The value of a name, from the innermost scope outward."""
    if machine.classes and name in machine.classes[-1][1]:
        return machine.classes[-1][1][name]
    found = local(machine, name)
    if found is not None:
        return found
    body = machine.body
    if body.kind == "module":
        return _of_module(machine, name)
    if name in body.binds:
        return UNKNOWN
    if name not in body.globals:
        level = _level(machine, name)
        if level >= 0:
            return read_path(machine, (("e", level),), f"={name}")
    return global_value(machine, machine.path, name)


def _level(machine: Machine, name: str) -> int:
    """The innermost enclosing function that binds a name, -1 for none."""
    for level in range(len(machine.code.enclosing) - 1, -1, -1):
        outer = machine.code.enclosing[level].body
        if name in outer.binds:
            return level
    return -1


def _of_module(machine: Machine, name: str) -> Value:
    # A class is also evaluated by itself, before its module: what the module binds is looked up then.
    static = machine.solver.statics.global_name(machine.path, name, early=machine.early)
    return static if static is not None else builtin(machine, name)


def builtin(machine: Machine, name: str) -> Value:
    """A name that no scope binds."""
    if name in _BUILTINS:
        return ref(Ext(machine.knowledge.canonical(f"builtins.{name}")))
    if name == "__file__":
        return Value(open=True, ident=("file", machine.path))
    return UNKNOWN


def global_value(machine: Machine, path: str, name: str) -> Value:
    """A global name of a module as a function sees it."""
    root: Path = (("g", path),)
    overlay = machine.state.heap.get(("s", *root))
    key = f"={name}"
    written = overlay.items.get(key) if overlay is not None else None
    if overlay is not None and written is not None and key not in overlay.maybe:
        return written
    solver = machine.solver
    if machine.early and solver.statics.is_changing(path, name):
        return read_path(machine, root, key)
    if not machine.early:
        solver.fixpoint.readers.setdefault(path, set()).add(machine.code.key)
    value = solver.statics.global_name(path, name, early=machine.early)
    if value is None or (value.refs == () and not value.consts and name in _BUILTINS):
        value = builtin(machine, name)
    elif machine.solver.statics.is_rebound(path, name):
        value = replace(value, labels=value.labels | {Label((*root, key))}, open=True)
        elsewhere = solver.modules.written.get((path, key)) if not machine.early else None
        value = join(value, elsewhere) if elsewhere is not None else value
    return join(value, written) if written is not None else value


def read_path(machine: Machine, path: Path, key: object) -> Value:
    """What is under a key of an object of the callers: what was written here, or a longer path."""
    overlay = machine.state.heap.get(("s", *path))
    written = overlay.items.get(key) if overlay is not None else None
    if overlay is not None and written is not None and key not in overlay.maybe:
        return written
    value = machine.given.get((*path, key)) or further(path, key)
    if overlay is not None and overlay.rest is not None and not (isinstance(key, str) and key[0] in ".="):
        value = join(value, overlay.rest)
    if overlay is not None and isinstance(key, str) and key[0] == ".":
        value = _unnamed(overlay, key, value)
    return join(value, written) if written is not None else value


def _unnamed(overlay: Thing, key: str, value: Value) -> Value:
    """An attribute of an object of the callers after some of its attributes were set all at once, or under any name."""
    if overlay.own:
        value = join(value, data(overlay.own))
    mapping = overlay.items.get(".__dict__")
    for target in mapping.refs if mapping is not None else ():
        if isinstance(target, Sym):
            value = join(value, further(target.path, item_key(key[1:])))
    return value


def further(path: Path, key: object) -> Value:
    """The symbolic value one key below a path; at the depth limit only the label remains."""
    from mlsec_lint.dataflow.flow.labels import DEEPEST_PATH

    if len(path) > DEEPEST_PATH:
        return data(frozenset((Label(path),)))
    return symbolic((*path, key))


def write_overlay(machine: Machine, path: Path, key: object, value: Value, *, strong: bool = True) -> None:
    """Note what was written under a key of an object of the callers."""
    heap, address = machine.state.heap, ("s", *path)
    thing = heap.get(address) or Thing("overlay", {}, exact=False)
    heap[address] = thing.with_item(key, value) if strong else thing.with_weak(key, value)


def write_global(machine: Machine, path: str, name: str, value: Value, *, strong: bool = True) -> None:
    """Note what was assigned to a global name of a module from outside: ``module.name = value``."""
    if machine.body.kind == "module" and path == machine.path:
        old = machine.state.names.get(name)
        machine.state.names[name] = value if strong or old is None else join(old, value)
    else:
        write_overlay(machine, (("g", path),), f"={name}", value, strong=strong)
