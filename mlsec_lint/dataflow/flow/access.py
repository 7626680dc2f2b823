"""Reading and writing attributes and items of everything that a value may refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.annotations import ANNOTATED
from mlsec_lint.dataflow.flow.entry_values import is_spared
from mlsec_lint.dataflow.flow.guards import forget
from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.members import member
from mlsec_lint.dataflow.flow.names import further, read_path, write_global, write_overlay
from mlsec_lint.dataflow.flow.reflection import NAMESPACE, namespace, read, update, write_through
from mlsec_lint.dataflow.flow.sourcing import source_label
from mlsec_lint.dataflow.flow.values import (
    FALSE,
    NOTHING,
    UNKNOWN,
    Bound,
    Cls,
    Ext,
    Fun,
    Inst,
    Label,
    Labels,
    Mod,
    Obj,
    Path,
    Reference,
    Super,
    Sym,
    Tags,
    Value,
    Wrapped,
    data,
    join,
    ref,
    with_tags,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_DEEPEST_PROPERTY = 6


def get_attribute(machine: Machine, obj: Value, name: str, at: int = -1, end: int = -1) -> Value:
    """``obj.name``: the join over everything that ``obj`` may be. Attributes of labelled data are labelled data."""
    if name == NAMESPACE and (found := namespace(machine, obj)) is not None:
        return found
    cleaned = _cleaned(machine, obj, name) if obj.labels else None
    if cleaned is not None:
        return cleaned
    if is_spared(obj.ident, name):
        return Value(open=True, ident=("a", obj.ident, name))
    result: Value | None = None
    whole = _of_whole(obj)
    for target in obj.refs:
        one = _attribute(machine, target, whole, name, at, end)
        if isinstance(target, Sym):
            one = _as_guarded(obj, target, one)
        result = one if result is None else join(result, one)
    ident = ("a", obj.ident, name) if obj.ident is not None else None
    if result is None:
        return data(obj.labels, ident)
    if obj.open and whole.labels:
        # What a library's attribute gives carries the data already, with the guards that it stands for.
        external = all(isinstance(target, (Ext, Inst)) for target in obj.refs)
        result = replace(result, open=True) if external else join(result, data(whole.labels))
    return result if result.ident is not None or ident is None else replace(result, ident=ident)


def _of_whole(obj: Value) -> Value:
    """The value without the labels of paths that it refers to: their parts have labels of their own."""
    paths = [target.path for target in obj.refs if isinstance(target, Sym)]
    if not paths or not obj.labels:
        return obj
    return replace(obj, labels=frozenset(each for each in obj.labels if each.origin not in paths))


def _as_guarded(obj: Value, target: Sym, part: Value) -> Value:
    """A part of something that passed a guard as a whole has passed it."""
    tags: Tags | None = None
    for label in obj.labels:
        if label.origin == target.path:
            tags = label.tags if tags is None else tags & label.tags
    return replace(part, labels=with_tags(part.labels, tags)) if tags else part


def _cleaned(machine: Machine, obj: Value, name: str) -> Value | None:
    """An attribute that is a guard: ``path.name``."""
    from mlsec_lint.dataflow.flow.guarding import cleaned_attribute

    for target in obj.refs:
        owner = target.name if isinstance(target, (Ext, Inst)) else target.ext if isinstance(target, Sym) else ""
        labels = (
            cleaned_attribute(machine, machine.knowledge.canonical(f"{owner}.{name}"), obj.labels) if owner else None
        )
        if labels is not None:
            return data(labels, ("a", obj.ident, name) if obj.ident is not None else None)
    return None


def _attribute(machine: Machine, target: Reference, obj: Value, name: str, at: int, end: int) -> Value:
    if isinstance(target, (Ext, Inst)):
        return _external(machine, target, obj.labels, name, at, end)
    if isinstance(target, Sym):
        return _symbolic(machine, target, name, at, end)
    if isinstance(target, Obj):
        return _of_object(machine, target, obj.labels, name)
    if isinstance(target, Mod):
        found = machine.solver.statics.module_attribute(machine, target.path, name)
        return found if found is not None else _made_by_module(machine, target, name)
    if isinstance(target, Cls):
        return _of_class(machine, target, name)
    if isinstance(target, Super):
        return _above(machine, target, name)
    if isinstance(target, Wrapped) and name in ("setter", "getter", "deleter"):
        return ref(Bound(Ext(f"property.{name}"), ref(target)))
    if isinstance(target, (Fun, Bound)):
        written = machine.state.heap.get(("c", *target.code)) if isinstance(target, Fun) else None
        found = written.items.get(f".{name}") if written is not None else None
        return found if found is not None else _of_function(target, name)
    return UNKNOWN


def _made_by_module(machine: Machine, target: Mod, name: str) -> Value:
    """What ``__getattr__`` of a module returns for a name that it does not have."""
    hook = machine.solver.statics.global_name(target.path, "__getattr__", early=machine.early)
    if hook is None or machine.nesting > _DEEPEST_PROPERTY or not any(isinstance(r, Fun) for r in hook.refs):
        return UNKNOWN
    from mlsec_lint.dataflow.flow.calls import call_value
    from mlsec_lint.dataflow.flow.summary import Argument, Call

    machine.nesting += 3
    try:
        return call_value(machine, hook, Call((Argument(Value(consts=(name,))),)), *machine.place)
    finally:
        machine.nesting -= 3


def _above(machine: Machine, target: Super, name: str) -> Value:
    """``super().name``: what comes after the class in the order of the receiver's own class."""
    owners = [t.cls for r in target.receiver.refs if isinstance(r, Obj) and (t := thing_at(machine, r)) and t.cls]
    result: Value | None = None
    for owner in dict.fromkeys(owners or [target.cls]):
        found = machine.solver.classes.attribute(machine, owner, name, after=target.cls)
        if found is not None:
            one = bound(machine, found, target.receiver, owner)
            result = one if result is None else join(result, one)
    return result if result is not None else UNKNOWN


def _of_function(target: Fun | Bound, name: str) -> Value:
    if name == "__func__" and isinstance(target, Bound):
        return ref(target.func)
    if name == "__self__" and isinstance(target, Bound):
        return target.receiver
    if name == "__wrapped__":
        return ref(target)
    return ref(Bound(Ext(f"function.{name}"), ref(target)))


def _external(machine: Machine, target: Ext | Inst, labels: Labels, name: str, at: int, end: int) -> Value:
    knowledge = machine.knowledge
    dotted = knowledge.canonical(f"{target.name}.{name}")
    source = knowledge.attributes.first(dotted)
    if source is not None:
        labels = labels | {source_label(machine, source.origin, at, end, dotted)}
        # What a module offers by this name is the same wherever it is read.
        ident = ("x", dotted) if isinstance(target, Ext) else ("v", machine.path, at)
        return Value(labels, (Inst(dotted),), (), False, ident)
    if isinstance(target, Ext):
        return Value(labels, (Ext(dotted),), (), bool(labels)) if knowledge.special(dotted) != "false" else FALSE
    return Value(labels, (Bound(Ext(dotted), Value(labels, (target,), (), bool(labels))),), (), bool(labels))


def _symbolic(machine: Machine, target: Sym, name: str, at: int, end: int) -> Value:
    key = f".{name}"
    value = read_path(machine, target.path, key)
    if (*target.path, key) in machine.given:
        return value
    if target.ext:
        source = machine.knowledge.attributes.first(machine.knowledge.canonical(f"{target.ext}.{name}"))
        if source is not None:
            label = source_label(machine, source.origin, at, end, f"{target.ext}.{name}")
            return replace(value, labels=value.labels | {label})
        return _typed(value, (*target.path, key), machine.knowledge.canonical(f"{target.ext}.{name}"))
    if target.cls is None or not _is_fresh(value, target, key):
        return value
    from mlsec_lint.dataflow.flow.binders import is_bindable

    found = machine.solver.classes.attribute(machine, target.cls, name)
    if found is None or all(isinstance(r, Ext) for r in found.refs):
        typed = machine.solver.field_types.of(target.cls, name)
        if typed:
            return _typed(value, (*target.path, key), typed)
    if found is None:
        return value
    receiver = Value(frozenset((Label(target.path),)), (target,), (), False, target.path)
    if any(isinstance(r, (Fun, Wrapped)) or is_bindable(machine, r) for r in found.refs):
        if machine.solver.classes.overridden(target.cls, name) or machine.solver.index.is_replaced(name):
            return value
        return bound(machine, found, receiver, target.cls)
    from mlsec_lint.dataflow.flow.shapes import is_factory

    return value if any(is_factory(machine, r) for r in found.refs) else join(value, found)


def _typed(value: Value, path: Path, ext: str) -> Value:
    """What is at a path of the callers, known to be an instance of a library class."""
    refs = tuple(Sym(path, None, ext) if isinstance(r, Sym) and r == Sym(path) else r for r in value.refs)
    return replace(value, refs=refs) if refs != value.refs else value


def _is_fresh(value: Value, target: Sym, key: str) -> bool:
    return any(isinstance(r, Sym) and r.path == (*target.path, key) for r in value.refs) or not value.refs


def _of_object(machine: Machine, target: Obj, labels: Labels, name: str) -> Value:
    thing = thing_at(machine, target)
    if thing is None:
        return data(labels)
    key = f".{name}"
    found = thing.items.get(key)
    if found is not None and key not in thing.maybe:
        return found
    if thing.cls is not None:
        return _of_instance(machine, target, thing, found, name)
    if thing.kind in ("list", "dict", "tuple", "set", "generic"):
        owner = "generic" if thing.kind == "generic" else f"builtins.{thing.kind}"
        return ref(Bound(Ext(f"{owner}.{name}"), ref(target)))
    own = data(thing.own) if thing.own else NOTHING
    return join(found, own) if found is not None else (own if thing.own else UNKNOWN)


def _of_instance(machine: Machine, target: Obj, thing: Thing, found: Value | None, name: str) -> Value:
    if thing.cls is None:
        return UNKNOWN
    classes = machine.solver.classes
    if target.address[0] == "self":
        stored = machine.solver.fields.stored(machine, thing.cls, name)
        if stored is not None:
            found = stored if found is None else join(found, stored)
    if name == "__class__":
        return found if found is not None else ref(Cls(thing.cls))
    defined = class_value(machine, thing.cls, name)
    if defined is not None and thing.own and all(isinstance(r, Ext) for r in defined.refs):
        # A library class may define anything: what is in the instance is told by who filled it.
        return (
            found if found is not None else replace(bound(machine, defined, ref(target), thing.cls), labels=thing.own)
        )
    if defined is not None:
        value = bound(machine, framed(defined, thing), ref(target), thing.cls)
        if found is None:
            opaque = thing.own and not any(isinstance(r, (Fun, Wrapped)) for r in defined.refs)
            return join(value, data(thing.own)) if opaque else value
        is_property = any(isinstance(r, Wrapped) for r in defined.refs)
        return value if is_property and not thing.own else join(found, value)
    if found is None and not name.startswith("__") and machine.nesting <= _DEEPEST_PROPERTY:
        hook = classes.attribute(machine, thing.cls, "__getattr__")
        if hook is not None and any(isinstance(r, Fun) for r in hook.refs):
            from mlsec_lint.dataflow.flow.calls import call_value
            from mlsec_lint.dataflow.flow.summary import Argument, Call

            call = Call((Argument(Value(consts=(name,))),))
            machine.nesting += 3
            try:
                return call_value(machine, bound(machine, hook, ref(target), thing.cls), call, *machine.place)
            finally:
                machine.nesting -= 3
    if thing.own:
        own = data(thing.own)
        return join(found, own) if found is not None else own
    return found if found is not None else UNKNOWN


def class_value(machine: Machine, key: tuple[str, int], name: str) -> Value | None:
    """An attribute of a class: what was assigned to it since, or what its body and its bases define."""
    return machine.solver.classes.attribute(machine, key, name)


def framed(found: Value, thing: Thing) -> Value:
    """The functions of a class that was made in a function, with the frames of that call."""
    made_of = thing.items.get(".__class__")
    return _in_frames(found, made_of.refs[0]) if made_of is not None and made_of.refs else found


def _in_frames(found: Value, cls: Reference) -> Value:
    if not isinstance(cls, Cls) or not cls.frames:
        return found
    refs: list[Reference] = []
    for target in found.refs:
        if isinstance(target, Fun) and target.frames:
            refs.append(Fun(target.code, cls.frames, target.defaults, target.owner))
        elif isinstance(target, Wrapped):
            setter = _in_frames(target.setter, cls) if target.setter is not None else None
            refs.append(Wrapped(target.kind, _in_frames(target.func, cls), setter))
        else:
            refs.append(target)
    return replace(found, refs=tuple(refs))


def _of_class(machine: Machine, target: Cls, name: str) -> Value:
    found = class_value(machine, target.code, name)
    if found is None:
        return _of_metaclass(machine, target, name)
    of_enumeration = member(machine, target, name, found)
    if of_enumeration is not None:
        return of_enumeration
    if machine.early and machine.body.kind != "module" and _is_unseen(machine, found):
        path = machine.solver.classes.global_path(target.code)
        if path is not None:
            return read_path(machine, path, f".{name}")
    found = _in_frames(found, target)
    result: Value | None = None
    for one in found.refs:
        if isinstance(one, Wrapped) and one.kind == "static":
            part = one.func
        elif isinstance(one, Wrapped) and one.kind == "class":
            part = bound(machine, Value(refs=(one,)), ref(target), target.code)
        else:
            part = Value(found.labels, (one,))
        result = part if result is None else join(result, part)
    if result is None:
        return found
    if found.consts or found.open:
        result = join(result, Value(found.labels, (), found.consts, found.open))
    return result


def _is_unseen(machine: Machine, value: Value) -> bool:
    """Whether a value is an object that the module which makes it has not handed out yet."""
    return any(isinstance(r, Obj) and thing_at(machine, r) is None for r in value.refs)


def _of_metaclass(machine: Machine, target: Cls, name: str) -> Value:
    """What a class has as an instance of its metaclass."""
    meta = machine.solver.classes.metaclass(machine, target.code)
    found = class_value(machine, meta, name) if meta is not None else None
    return bound(machine, found, ref(target), meta) if found is not None and meta is not None else UNKNOWN


def bound(machine: Machine, found: Value, receiver: Value, cls: tuple[str, int]) -> Value:
    """An attribute of a class as an instance sees it: functions get their receiver, properties are called."""
    result = Value(found.labels, (), found.consts, found.open) if found.consts or found.open else None
    for target in found.refs:
        if isinstance(target, (Fun, Ext)):
            one = Value(found.labels, (Bound(target, receiver),))
        elif isinstance(target, Wrapped):
            one = _unwrapped(machine, target, receiver, cls)
        elif isinstance(target, Obj) and (got := _described(machine, target, receiver)) is not None:
            one = replace(got, labels=got.labels | found.labels) if found.labels else got
        else:
            one = Value(found.labels, (target,), (), False, found.ident)
        result = one if result is None else join(result, one)
    return result if result is not None else found


def _described(machine: Machine, target: Obj, receiver: Value) -> Value | None:
    """What a descriptor of the project gives for a receiver."""
    from mlsec_lint.dataflow.flow.binders import is_bindable
    from mlsec_lint.dataflow.flow.shapes import is_factory

    if is_factory(machine, target):
        return UNKNOWN
    if is_bindable(machine, target):
        return ref(Bound(target, receiver))
    thing = thing_at(machine, target)
    if thing is None or thing.cls is None:
        return None
    return _dunder(machine, ref(target), thing.cls, "__get__", receiver, UNKNOWN)


def _unwrapped(machine: Machine, target: Wrapped, receiver: Value, cls: tuple[str, int]) -> Value:
    if target.kind == "static":
        return target.func
    if target.kind == "class":
        refs = tuple(Bound(f, ref(Cls(cls))) for f in target.func.refs if isinstance(f, (Fun, Ext)))
        return Value(refs=refs)
    from mlsec_lint.dataflow.flow.calls import call_value
    from mlsec_lint.dataflow.flow.summary import Argument, Call

    if machine.nesting > _DEEPEST_PROPERTY:
        return UNKNOWN
    machine.nesting += 1
    try:
        return call_value(machine, target.func, Call((Argument(receiver),)), *machine.place)
    finally:
        machine.nesting -= 1


def thing_at(machine: Machine, target: Obj) -> Thing | None:
    """An object; one that the top level of a module made is taken over as the module leaves it."""
    thing = machine.state.heap.get(target.address)
    if thing is None:
        thing = machine.solver.static_thing(machine, target.address)
        if thing is not None and not machine.early:
            machine.solver.note_reader(target.address, machine.code.key)
        if thing is not None:
            machine.state.heap[target.address] = thing
    return thing


def set_attribute(machine: Machine, obj: Value, name: str, value: Value) -> None:
    """``obj.name = value``: strong if there is one target."""
    key = f".{name}"
    if machine.state.guards:
        paths = ((*target.path, key) for target in obj.refs if isinstance(target, Sym))
        forget(machine.state, ("a", obj.ident, name), *paths)
    strong = len(obj.refs) == 1 and not obj.open
    if name == NAMESPACE and update(machine, obj, value):
        return
    for target in obj.refs:
        if isinstance(target, Sym):
            if target.cls is not None and _set_property(machine, target.cls, obj, name, value):
                continue
            write_overlay(machine, target.path, key, value, strong=strong)
        elif isinstance(target, Obj):
            _set_on_object(machine, target, name, value, strong)
        elif isinstance(target, (Cls, Fun)):
            address = ("c", *target.code)
            thing = machine.state.heap.get(address) or Thing("overlay", {}, exact=False)
            machine.state.heap[address] = thing.with_item(key, value) if strong else thing.with_weak(key, value)
        elif isinstance(target, Mod):
            write_global(machine, target.path, name, value, strong=strong)
        elif isinstance(target, (Inst, Ext)):
            from mlsec_lint.dataflow.flow.handing import hand_over_attribute

            hand_over_attribute(machine, target.name, name, value)
            if obj.ident is not None:
                taint_content(machine, obj.ident, value)


def _set_on_object(machine: Machine, target: Obj, name: str, value: Value, strong: bool) -> None:
    thing = thing_at(machine, target)
    if thing is None or (thing.cls is not None and _set_property(machine, thing.cls, ref(target), name, value)):
        return
    key = f".{name}"
    machine.state.heap[target.address] = thing.with_item(key, value) if strong else thing.with_weak(key, value)


def _set_property(machine: Machine, cls: tuple[str, int], receiver: Value, name: str, value: Value) -> bool:
    found = machine.solver.classes.attribute(machine, cls, name)
    for target in found.refs if found is not None else ():
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if thing is not None and thing.cls is not None:
            return _dunder(machine, ref(target), thing.cls, "__set__", receiver, value) is not None
    setters = [r.setter for r in found.refs if isinstance(r, Wrapped) and r.setter is not None] if found else []
    if not setters or machine.nesting > _DEEPEST_PROPERTY:
        return False
    from mlsec_lint.dataflow.flow.calls import call_value
    from mlsec_lint.dataflow.flow.summary import Argument, Call

    machine.nesting += 1
    try:
        for setter in setters:
            call_value(machine, setter, Call((Argument(receiver), Argument(value))), *machine.place)
    finally:
        machine.nesting -= 1
    return True


def taint_content(machine: Machine, ident: object, value: Value) -> None:
    """Note that data was written into what a value stands for."""
    if value.labels and ident is not None:
        if machine.state.guards:
            forget(machine.state, ident)
        contents = machine.state.contents
        old = contents.get(ident)
        new = data(value.labels)
        contents[ident] = new if old is None else join(old, new)


def get_item(machine: Machine, obj: Value, key: Value) -> Value:
    """``obj[key]``."""
    result: Value | None = None
    whole = _of_whole(obj)
    for target in obj.refs:
        one = _item(machine, target, whole, key)
        if isinstance(target, Sym):
            one = _as_guarded(obj, target, one)
        result = one if result is None else join(result, one)
    ident = ("i", obj.ident, key.consts[0]) if obj.ident is not None and key.known else None
    if result is None:
        return data(obj.labels, ident)
    if obj.open and whole.labels:
        result = join(result, data(whole.labels))
    return result if result.ident is not None or ident is None else replace(result, ident=ident)


def _item(machine: Machine, target: Reference, obj: Value, key: Value) -> Value:
    if isinstance(target, Sym):
        if target.cls is not None and not target.ext:
            called = _dunder(machine, obj, target.cls, "__getitem__", key)
            if called is not None:
                return called
        if key.known:
            return read_path(machine, target.path, item_key(key.consts[0]))
        overlay = machine.state.heap.get(("s", *target.path))
        value = further(target.path, "*")
        return join(value, overlay.any_item()) if overlay is not None else value
    if isinstance(target, Obj):
        return _item_of_object(machine, target, obj, key)
    if isinstance(target, Cls):
        return ref(target)
    if isinstance(target, (Ext, Inst)):
        if target.name in ANNOTATED:
            return Value(refs=(Inst(target.name), *key.refs))
        source = machine.knowledge.attributes.first(target.name)
        if source is not None and not obj.labels:
            return data(frozenset((source_label(machine, source.origin, -1, -1, target.name),)))
        return data(obj.labels)
    return data(obj.labels)


def _item_of_object(machine: Machine, target: Obj, obj: Value, key: Value) -> Value:
    thing = thing_at(machine, target)
    if thing is None:
        return data(obj.labels)
    if thing.cls is not None:
        called = _dunder(machine, ref(target), thing.cls, "__getitem__", key)
        if called is None and thing.kind == "tuple":
            return item_of(thing, key)
        return called if called is not None else data(thing.own)
    attribute = read(machine, thing, key)
    return attribute if attribute is not None else _default_item(machine, target, thing, key)


def _default_item(machine: Machine, target: Obj, thing: Thing, key: Value) -> Value:
    """An item; a mapping with a factory makes one where it has none."""
    from mlsec_lint.dataflow.flow.calls import call_value
    from mlsec_lint.dataflow.flow.summary import Call

    factory = thing.items.get(".default")
    if factory is None or (key.known and item_key(key.consts[0]) in thing.items):
        return item_of(thing, key)
    if thing.rest is not None:
        return thing.rest
    made = call_value(machine, factory, Call(), *machine.place)
    machine.state.heap[target.address] = (
        thing.with_item(item_key(key.consts[0]), made) if key.known else thing.with_unknown_key(made)
    )
    return made


def item_of(thing: Thing, key: Value) -> Value:
    """An item of a container."""
    if not key.consts or key.open:
        return thing.any_item()
    result: Value | None = None
    for constant in key.consts:
        index = constant
        if isinstance(index, int) and not isinstance(index, bool) and index < 0 and thing.exact:
            index += len(thing.sequence())
        found = thing.items.get(item_key(index))
        if found is None:
            found = thing.rest
        elif thing.rest is not None and item_key(index) in thing.maybe:
            found = join(found, thing.rest)
        if found is None:
            found = data(thing.own) if thing.own else NOTHING if thing.exact else UNKNOWN
        elif thing.own:
            found = replace(found, labels=found.labels | thing.own)
        result = found if result is None else join(result, found)
    return result if result is not None else UNKNOWN


def _dunder(machine: Machine, obj: Value, cls: tuple[str, int], name: str, *args: Value) -> Value | None:
    """Call a special method that a class of the project defines."""
    found = machine.solver.classes.attribute(machine, cls, name)
    if found is None or not any(isinstance(r, Fun) for r in found.refs):
        return None
    from mlsec_lint.dataflow.flow.calls import call_value
    from mlsec_lint.dataflow.flow.summary import Argument, Call

    return call_value(machine, bound(machine, found, obj, cls), Call(tuple(Argument(a) for a in args)), *machine.place)


def set_item(machine: Machine, obj: Value, key: Value, value: Value) -> None:
    """``obj[key] = value``: strong if the object and the key are known."""
    if machine.state.guards and key.known:
        paths = ((*target.path, item_key(key.consts[0])) for target in obj.refs if isinstance(target, Sym))
        forget(machine.state, ("i", obj.ident, key.consts[0]), *paths)
    strong = len(obj.refs) == 1 and not obj.open
    for target in obj.refs:
        if isinstance(target, Sym):
            if target.cls is not None and _dunder(machine, obj, target.cls, "__setitem__", key, value) is not None:
                continue
            if key.known:
                write_overlay(machine, target.path, item_key(key.consts[0]), value, strong=strong)
            else:
                write_overlay_rest(machine, target, value)
        elif isinstance(target, Obj):
            _set_item_of(machine, target, key, value, strong)
        elif obj.ident is not None:
            taint_content(machine, obj.ident, value)
    if not obj.refs and obj.ident is not None:
        taint_content(machine, obj.ident, value)


def _set_item_of(machine: Machine, target: Obj, key: Value, value: Value, strong: bool) -> None:
    thing = thing_at(machine, target)
    if thing is None:
        return
    if thing.cls is not None:
        _dunder(machine, ref(target), thing.cls, "__setitem__", key, value)
        return
    if not key.known:
        new = thing.with_unknown_key(value)
        if key.labels:
            new = replace(new, keys=data(key.labels) if new.keys is None else join(new.keys, data(key.labels)))
    else:
        constant = key.consts[0]
        if isinstance(constant, int) and not isinstance(constant, bool) and constant < 0 and thing.exact:
            constant += len(thing.sequence())
        new = thing.with_item(item_key(constant), value) if strong else thing.with_weak(item_key(constant), value)
    machine.state.heap[target.address] = new
    write_through(machine, thing, new)


def write_overlay_rest(machine: Machine, target: Sym, value: Value) -> None:
    """Note a write under an unknown key of an object of the callers."""
    heap, address = machine.state.heap, ("s", *target.path)
    thing = heap.get(address) or Thing("overlay", {}, exact=False)
    heap[address] = thing.with_rest(value)
