"""Entry points: functions that somebody outside the project calls, and what their parameters carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.values import (
    Bound,
    Cls,
    CodeKey,
    Ext,
    Fun,
    Inst,
    Label,
    Obj,
    Source,
    Sym,
    Value,
    data,
    join,
    ref,
    symbolic,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.knowledge.schema_flow import Entry

CALLER = "caller"


def entries_of(machine: Machine, code: Code) -> list[Entry]:
    """The ways in which knowledge says that a function is called from outside."""
    solver, knowledge = machine.solver, machine.knowledge
    found: list[Entry] = []
    for mark in solver.decorators.get(code.key, ()):
        for target in mark.refs:
            func = target.func if isinstance(target, Bound) else target
            name = func.name if isinstance(func, (Ext, Inst)) else ""
            found.extend(knowledge.decorated.find(name))
            if name and not knowledge.decorated.find(name):
                found.extend(knowledge.decorated.find(f"*.{name.rpartition('.')[2]}"))
    if code.owner is not None:
        for owner in solver.classes.order(machine, code.owner):
            if isinstance(owner, str):
                found.extend(e for e in knowledge.bases.find(owner) if code.body.name in e.methods)
        found.extend(_of_class_decorator(machine, code))
    elif not code.enclosing:
        for entry in knowledge.conventions.get(code.body.name, ()):
            if not entry.importing or any(root.encode() in code.module.data for root in entry.importing):
                found.append(entry)
    return list(dict.fromkeys(found))


def _of_class_decorator(machine: Machine, code: Code) -> list[Entry]:
    """Methods of a class that a framework's decorator marks (``@serve.deployment``), where an entry names them."""
    found: list[Entry] = []
    for mark in machine.solver.class_decorators.get(code.owner or ("", 0), ()):
        for target in mark.refs:
            func = target.func if isinstance(target, Bound) else target
            if isinstance(func, (Ext, Inst)):
                found.extend(e for e in machine.knowledge.decorated.find(func.name) if code.body.name in e.methods)
    return found


def values_for(machine: Machine, key: CodeKey, entry: Entry, *, skip: int = 0) -> list[Value]:
    """The arguments with which a framework calls a function, from the parameter number ``skip`` on."""
    code = machine.solver.codes[key]
    annotations = machine.solver.annotations_of(code)
    machine.solver.handlers += machine.solver.is_foreign(entry.origin)
    values: list[Value] = []
    for index, param in enumerate(code.params):
        if index < skip:
            continue
        position = index - skip
        annotation = annotations[index] if index < len(annotations) else None
        if _carries(machine, code, entry, index, position, annotation):
            values.append(entry_value(machine, code, index, entry.origin, annotation))
        else:
            values.append(_plain(machine, annotation))
        if param.kind == "*":
            break
    return values


def _carries(machine: Machine, code: Code, entry: Entry, index: int, position: int, annotation: Value | None) -> bool:
    param = code.params[index]
    if entry.carries and param.name not in entry.carries and str(position) not in entry.carries:
        return False
    if param.name in entry.spares or str(position) in entry.spares:
        return False
    names = [r.name for r in annotation.refs if isinstance(r, (Ext, Inst))] if annotation is not None else []
    if names and all(n in entry.typed or n.removeprefix("builtins.") in entry.typed for n in names):
        return False
    if any(n in entry.injected for n in names):
        return False
    default = machine.solver.default_names(code, index)
    return not any(n in entry.injected for n in default)


def entry_value(machine: Machine, code: Code, index: int, origin: str, annotation: Value | None) -> Value:
    """A parameter that carries data of an origin."""
    param = code.params[index]
    source = Source(origin, code.module.path, code.body.at, param_end(code), param.name)
    labels = frozenset((Label(source),))
    ident = ("entry", code.module.path, code.body.at, index)
    plain = _plain(machine, annotation)
    if param.kind:
        from mlsec_lint.dataflow.flow.containers import allocate
        from mlsec_lint.dataflow.flow.heap import Thing

        kind = "dict" if param.kind == "**" else "tuple"
        thing = Thing(kind, {}, data(labels, ident), False, labels)
        return allocate(machine, code.body.at, thing, variant=f"entry{index}")
    objects = tuple(r for r in plain.refs if isinstance(r, Obj))
    for target in objects:
        machine.state.heap[target.address] = replace(machine.state.heap[target.address], own=labels)
    return Value(labels, plain.refs, (), True, ident)


def param_end(code: Code) -> int:
    """Where the head of a function ends."""
    return max(code.body.inside, code.body.at + 1)


def _plain(machine: Machine, annotation: Value | None) -> Value:
    """A parameter of which only the annotation is known: an instance of that class, or anything."""
    refs: list[Inst | Obj] = []
    for target in annotation.refs if annotation is not None else ():
        if isinstance(target, Ext) and not target.name.startswith(("builtins.", "typing.")):
            refs.append(Inst(target.name))
        elif isinstance(target, Cls):
            refs.append(Obj(self_address(machine, target.code)))
    return Value(refs=tuple(refs), open=True)


def self_address(machine: Machine, key: CodeKey) -> tuple[object, ...]:
    """The object that stands for any instance of a class; its fields are those that the methods store."""
    from mlsec_lint.dataflow.flow.heap import Thing

    address = ("self", *key)
    if address not in machine.state.heap:
        machine.state.heap[address] = Thing("object", {}, None, False, cls=key)
    return address


def parameter_values(machine: Machine, code: Code) -> list[Value]:
    """The parameters of a function as its callers outside the project fill them."""
    annotations = machine.solver.annotations_of(code)
    entries = entries_of(machine, code)
    machine.solver.handlers += any(machine.solver.is_foreign(entry.origin) for entry in entries)
    public = is_public(machine, code)
    values: list[Value] = []
    first = 1 if code.owner is not None and not machine.solver.is_static_method(code) else 0
    for index, _param in enumerate(code.params):
        annotation = annotations[index] if index < len(annotations) else None
        if index < first:
            values.append(_receiver(machine, code))
            continue
        value: Value | None = None
        for entry in entries:
            if _carries(machine, code, entry, index, index - first, annotation):
                one = entry_value(machine, code, index, entry.origin, annotation)
                value = one if value is None else join(value, one)
        if value is None and not entries and public:
            value = entry_value(machine, code, index, CALLER, annotation)
        values.append(value if value is not None else _plain(machine, annotation))
    return values


def _receiver(machine: Machine, code: Code) -> Value:
    from mlsec_lint.dataflow.flow.heap import Thing

    owner = code.owner or ("", 0)
    if machine.solver.is_class_method(code):
        return ref(Cls(owner))
    address = self_address(machine, owner)
    labels = set[Label]()
    for each in machine.solver.classes.order(machine, owner):
        for entry in machine.knowledge.bases.find(each) if isinstance(each, str) else ():
            for name in entry.attributes:
                source = Source(entry.origin, code.module.path, code.body.at, param_end(code), f"self.{name}")
                labels.add(Label(source))
                thing = machine.state.heap[address]
                value = data(frozenset((Label(source),)), ("entry", code.module.path, code.body.at, name))
                machine.state.heap[address] = replace(thing, items={**thing.items, f".{name}": value})
    if not isinstance(machine.state.heap.get(address), Thing):
        return symbolic((("p", 0),))
    return ref(Obj(address))


def is_public(machine: Machine, code: Code) -> bool:
    """Whether callers outside the project may call a function: its name, and its class's, say so or are exported."""
    if code.enclosing or code.body.kind != "function":
        return False
    name = code.body.name
    if name.startswith("_") and not (name.startswith("__") and name.endswith("__")):
        return machine.solver.is_exported(code.module.path, name)
    if name.startswith(machine.knowledge.definitions.tests):
        return False
    if code.owner is not None:
        info = machine.solver.classes.info(code.owner)
        return info is None or not info.name.startswith("_")
    return True


__all__ = ["Fun", "Sym", "entries_of", "parameter_values", "values_for"]
