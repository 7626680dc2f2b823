"""Calls that the evaluation itself understands, by what knowledge says they do (``acts``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.assigning import set_attribute, taint_content
from mlsec_lint.dataflow.flow.binders import generic, partial_method
from mlsec_lint.dataflow.flow.containers import spread
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.idents import TYPE
from mlsec_lint.dataflow.flow.items import element_of
from mlsec_lint.dataflow.flow.objects import allocate, things
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.reflection import delete, globals_of, set_any, vars_of
from mlsec_lint.dataflow.flow.shapes import as_dictionary, class_of_parts, default, keyed, named, replaced
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.tasks import run, start
from mlsec_lint.dataflow.flow.texts import as_text
from mlsec_lint.dataflow.flow.values import (
    NONE,
    UNKNOWN,
    Bound,
    Cls,
    Ext,
    Fun,
    Inst,
    Labels,
    Mod,
    Obj,
    Super,
    Sym,
    Value,
    bounded,
    data,
    ident_of,
    join,
    join_all,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

Special = Callable[["Machine", str, Call, "Value | None", int, int], "Value | None"]

_DEEPEST_COPY: Final = 3
"""Levels of a deep copy that are new objects."""

_CALLABLE: Final = (Fun, Bound, Ext, Obj, Cls, Sym)


def special_call(
    machine: Machine, acts: str, name: str, call: Call, receiver: Value | None, at: int, end: int
) -> Value | None:
    """The result of a special call; none if it does nothing special with these arguments."""
    key_function(machine, call, _value(call, 0), at, end)
    if acts.startswith("__"):
        return as_text(machine, acts, _value(call, 0), at, end)
    action = _ACTIONS.get(acts)
    return action(machine, name, call, receiver, at, end) if action is not None else None


def key_function(machine: Machine, call: Call, values: Value | None, at: int, end: int) -> None:
    """``sorted(values, key=f)``: the function is called with each element."""
    from mlsec_lint.dataflow.flow.calls import call_value

    key = call.keyword("key")
    if key is None or values is None or not any(isinstance(r, _CALLABLE) for r in key.value.refs):
        return
    call_value(machine, key.value, Call((Argument(element_of(machine, values)),)), at, end)


def _value(call: Call, index: int) -> Value | None:
    return call.positional[index].value if index < len(call.positional) else None


def _labels(machine: Machine, values: list[Value]) -> Labels:
    found: Labels = frozenset()
    for value in values:
        found = found | deep_labels(value, machine.state.heap)
    return bounded(found)


def _partial(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    func = _value(call, 0)
    if func is None:
        return None
    thing = Thing("partial", {".func": func})
    for index, argument in enumerate(call.positional[1:]):
        thing = thing.with_item(("int", index), argument.value)
    for word, argument in call.keywords:
        thing = thing.with_item(("kw", word), argument.value)
    return allocate(machine, at, thing)


def _getattr(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    obj, attribute = _value(call, 0), _value(call, 1)
    if obj is None or attribute is None:
        return None
    parts = [get_attribute(machine, obj, c, at, end) for c in attribute.consts if isinstance(c, str)]
    if not parts or attribute.open:
        parts.append(_any_attribute(machine, obj))
    default = _value(call, 2)
    if default is not None and all(p.open or not (p.refs or p.consts) or _is_of_caller(p) for p in parts):
        parts.append(default)
    return join_all(parts)


def _is_of_caller(value: Value) -> bool:
    return bool(value.refs) and isinstance(value.refs[0], Sym)


def _any_attribute(machine: Machine, obj: Value) -> Value:
    """Any attribute of an object: what its fields hold, and the methods of its class."""
    parts = [data(_labels(machine, [obj]))]
    for address, thing in things(machine, obj):
        parts += list(thing.items.values())
        if thing.cls is not None:
            parts += machine.solver.classes.methods(machine, thing.cls, ref(Obj(address)))
    for target in obj.refs:
        if isinstance(target, Sym) and target.cls is not None:
            parts += machine.solver.classes.methods(machine, target.cls, Value(refs=(target,), labels=obj.labels))
        elif isinstance(target, Mod):
            parts += machine.solver.statics.functions(target.path)
    return join_all(parts)


def _setattr(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    obj, attribute, value = _value(call, 0), _value(call, 1), _value(call, 2)
    if obj is None or attribute is None or value is None:
        return None
    if attribute.text is not None:
        set_attribute(machine, obj, attribute.text, value)
        return NONE
    set_any(machine, obj, value)
    return NONE


def _import(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    module = call.get(("name",), "name")
    dotted = module.value.text if module is not None else None
    if dotted is None or dotted.startswith("."):
        return None
    path = machine.solver.project.find(machine.path, dotted, 0)
    if path is not None:
        return ref(Mod(path))
    return ref(Ext(machine.knowledge.canonical(dotted)))


def _dict(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    thing = Thing("dict", {})
    for argument in call.positional[:1]:
        found = things(machine, argument.value)
        if found and all(t.kind in ("list", "tuple", "generator", "set") for _, t in found):
            thing = _from_pairs(machine, thing, argument.value)
        else:
            thing = spread(machine, thing, argument.value)
    for word, argument in call.keywords:
        thing = thing.with_item(("str", word), argument.value)
    if call.more_keywords is not None:
        thing = spread(machine, thing, call.more_keywords)
    return allocate(machine, at, thing)


def _defaultdict(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """A mapping that makes what it does not have."""
    factory = _value(call, 0)
    made = _dict(machine, name, Call(call.positional[1:], call.keywords, call.more, call.more_keywords), None, at, end)
    if made is not None and factory is not None:
        for address, thing in things(machine, made):
            machine.state.heap[address] = thing.with_item(".default", factory)
    return made


def _queue(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    return allocate(machine, at, Thing("queue", {}, None, False))


def _type(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``type(x)``: the class of an instance; ``type(name, bases, attributes)``: a new class."""
    value = _value(call, 0)
    if len(call.positional) == 3:
        return class_of_parts(machine, call, at)
    if value is None or len(call.positional) != 1:
        return None
    found = [ref(Cls(t.cls)) if ".__class__" not in t.items else t.items[".__class__"]
             for _, t in things(machine, value) if t.cls is not None]  # fmt: skip
    found += [ref(Cls(r.cls)) for r in value.refs if isinstance(r, Sym) and r.cls is not None]
    if found:
        return join_all(found)
    ident = ident_of(value)
    return Value(open=True, ident=(TYPE, ident)) if ident is not None else None


def _from_pairs(machine: Machine, thing: Thing, pairs: Value) -> Thing:
    from mlsec_lint.dataflow.flow.heap import item_key
    from mlsec_lint.dataflow.flow.items import get_item

    for _, listed in things(machine, pairs):
        values = listed.sequence() if listed.exact and listed.rest is None else [listed.any_item()]
        for pair in values:
            key, value = get_item(machine, pair, Value(consts=(0,))), get_item(machine, pair, Value(consts=(1,)))
            if key.known and listed.exact:
                thing = thing.with_item(item_key(key.consts[0]), value)
            else:
                thing = thing.with_rest(value)
    return thing


def _sequence(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    value = _value(call, 0)
    kind = name.rpartition(".")[2]
    kind = kind if kind in ("tuple", "set", "frozenset") else "list"
    kind = "set" if kind == "frozenset" else kind
    if value is None:
        return allocate(machine, at, Thing(kind, {}))
    order = call.keyword("key")
    if order is not None and any(isinstance(r, _CALLABLE) for r in order.value.refs):
        from mlsec_lint.dataflow.flow.calls import call_value

        call_value(machine, order.value, Call((Argument(element_of(machine, value)),)), at, end)
    found = things(machine, value)
    if len(found) == 1 and len(value.refs) == 1 and not value.open:
        thing = found[0][1]
        if thing.exact and thing.rest is None and thing.kind in ("list", "tuple") and kind != "set":
            items = thing.sequence()
            _keyed(machine, call, join_all(items), at, end)
            if name.endswith(("reversed", "sorted")):
                return allocate(machine, at, Thing(kind, {}, join_all(items) if items else None, not items))
            return allocate(machine, at, Thing(kind, {("int", i): v for i, v in enumerate(items)}))
    element = element_of(machine, value)
    _keyed(machine, call, element, at, end)
    return allocate(machine, at, Thing(kind, {}, element, False))


def _keyed(machine: Machine, call: Call, element: Value, at: int, end: int) -> None:
    """``sorted(values, key=function)``: the function sees every element."""
    from mlsec_lint.dataflow.flow.calls import call_value

    key = call.keyword("key")
    if key is not None and any(isinstance(r, _CALLABLE) for r in key.value.refs):
        call_value(machine, key.value, Call((Argument(element),)), at, end)


def _enumerate(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    value = _value(call, 0)
    return _tuples(machine, at, [UNKNOWN, element_of(machine, value)]) if value is not None else None


def _zip(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    if call.more is not None:
        return None
    known = [things(machine, a.value) for a in call.positional]
    if known and all(len(k) == 1 and k[0][1].exact and k[0][1].rest is None and k[0][1].cls is None for k in known):
        columns = [k[0][1].sequence() for k in known]
        rows = list(zip(*columns, strict=False))
        if 0 < len(rows) <= 8 and all(k[0][1].kind in ("list", "tuple") for k in known):
            items = {
                ("int", i): allocate(
                    machine, at, Thing("tuple", {("int", j): v for j, v in enumerate(row)}), variant=f"row{i}"
                )
                for i, row in enumerate(rows)
            }
            return allocate(machine, at, Thing("list", items), variant="zip")
    return _tuples(machine, at, [element_of(machine, a.value) for a in call.positional])


def _tuples(machine: Machine, at: int, parts: list[Value]) -> Value:
    """A sequence of tuples, each made of these parts."""
    pair = allocate(machine, at, Thing("tuple", {("int", i): p for i, p in enumerate(parts)}), variant="tuple")
    return allocate(machine, at, Thing("list", {}, pair, False), variant="tuples")


def _convert(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``args.get("n", type=int)``: the function passed as ``type`` makes the result of what was found."""
    from mlsec_lint.dataflow.flow.calls import call_value

    converter = call.get(("", "", "type"), "type")
    if converter is None or not any(isinstance(r, _CALLABLE) for r in converter.value.refs):
        return None
    values = [a.value for a in call.positional[:2]] + ([receiver] if receiver is not None else [])
    found = data(_labels(machine, values), ("v", machine.path, at))
    return call_value(machine, converter.value, Call((Argument(found),)), at, end)


def _super(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    from mlsec_lint.dataflow.flow.names import local, lookup

    cls = machine.owner
    first = _value(call, 0)
    if first is not None:
        cls = next((r.code for r in first.refs if isinstance(r, Cls)), cls)
    if cls is None or not machine.code.params:
        return None
    obj = _value(call, 1)
    if obj is None:
        parameter = machine.code.params[0].name
        obj = local(machine, parameter) or lookup(machine, parameter)
    return ref(Super(cls, obj))


def _nothing(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    typed = machine.knowledge.types.first(name)
    made = typed or (name if name.rpartition(".")[2][:1].isupper() else "")
    return Value(refs=(Inst(made),) if made else (), open=True, ident=("v", machine.path, at))


def _leave(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The call does not come back: ``sys.exit()``, ``abort(404)``."""
    machine.raise_value(UNKNOWN)
    machine.state.alive = False
    return UNKNOWN


def _pure(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    values = [*([receiver] if receiver is not None else []), *call.values()]
    idents = [ident_of(value) for value in values]
    ident = ("op", name, *idents) if all(i is not None for i in idents) else ("v", machine.path, at)
    return data(_labels(machine, values), ident)


def _invoke(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The first function among the arguments is called with those that follow it; its result is the result."""
    from mlsec_lint.dataflow.flow.calls import call_value

    for index, argument in enumerate(call.positional[:2]):
        if any(isinstance(r, (Fun, Bound, Obj, Cls)) for r in argument.value.refs) and not _is_data(
            machine, argument.value
        ):
            rest = Call(call.positional[index + 1 :], call.keywords, call.more, call.more_keywords)
            return call_value(machine, argument.value, rest, at, end)
        if any(isinstance(r, (Ext, Sym)) for r in argument.value.refs) and (index or len(call.positional) < 3):
            rest = Call(call.positional[index + 1 :], call.keywords, call.more, call.more_keywords)
            return call_value(machine, argument.value, rest, at, end)
    return None


def _is_data(machine: Machine, value: Value) -> bool:
    return any(t.kind in ("list", "dict", "tuple", "set") for _, t in things(machine, value))


def _submit(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """As ``invoke``, but the result comes in a box (a future)."""
    result = _invoke(machine, name, call, receiver, at, end)
    return allocate(machine, at, Thing("box", {".box": result})) if result is not None else None


def _map(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The first argument is called with elements of the others; the results are a sequence."""
    from mlsec_lint.dataflow.flow.calls import call_value

    func = _value(call, 0)
    if func is None or not any(isinstance(r, _CALLABLE) for r in func.refs):
        return None
    others = [a.value for a in call.positional[1:]]
    elements = [element_of(machine, other) for other in others]
    if "starmap" in name and elements:
        given = Call((), (), element_of(machine, elements[0]), None)
    elif not elements and receiver is not None:
        given = Call((Argument(data(_labels(machine, [receiver]))),))
    else:
        given = Call(tuple(Argument(e) for e in elements))
    result = call_value(machine, func, given, at, end)
    return allocate(machine, at, Thing("list", {}, result, False))


def _filter(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    from mlsec_lint.dataflow.flow.calls import call_value

    func, values = _value(call, 0), _value(call, 1)
    if func is None or values is None:
        return None
    element = element_of(machine, values)
    if any(isinstance(r, _CALLABLE) for r in func.refs):
        call_value(machine, func, Call((Argument(element),)), at, end)
    return allocate(machine, at, Thing("list", {}, element, False))


def _reduce(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    from mlsec_lint.dataflow.flow.calls import call_value

    func, values = _value(call, 0), _value(call, 1)
    if func is None or values is None:
        return None
    element = element_of(machine, values)
    start = _value(call, 2) or element
    once = call_value(machine, func, Call((Argument(start), Argument(element))), at, end)
    return join(call_value(machine, func, Call((Argument(join(start, once)), Argument(element))), at, end), start)


def _gather(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """What is awaited together comes back as a list, in order."""
    thing = Thing("list", {("int", i): a.value for i, a in enumerate(call.positional[:16])})
    if call.more is not None or len(call.positional) > 16:
        thing = thing.with_rest(call.more if call.more is not None else join_all(a.value for a in call.positional))
    return allocate(machine, at, thing)


def _chain(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The elements of all arguments; of all elements, for ``chain.from_iterable``."""
    elements = [element_of(machine, value) for value in call.values()]
    if name.endswith("from_iterable"):
        elements = [element_of(machine, value) for value in elements]
    return allocate(machine, at, Thing("list", {}, join_all(elements), False))


def _second(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The second argument itself: ``typing.cast(T, x)``."""
    return _value(call, 1)


def _enter(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``stack.enter_context(x)``: what entering gives; it is left some time later."""
    from mlsec_lint.dataflow.flow.scopes import enter, leave

    manager = _value(call, 0)
    if manager is None:
        return None
    result = enter(machine, manager)
    leave(machine, manager)
    return result


def _element(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``next(x)``: an element of the first argument, or the default."""
    value = _value(call, 0)
    if value is None:
        return None
    if len(call.positional) == 1 or name.endswith("next"):
        found = element_of(machine, value)
        _keyed(machine, call, found, at, end)
        default = _value(call, 1)
        return join(found, default) if default is not None else found
    element = join_all(a.value for a in call.positional)
    _keyed(machine, call, element, at, end)
    return element


def _same(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The first argument itself: ``asyncio.create_task(coroutine)``."""
    return _value(call, 0)


def _iterator(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``iter(x)``, and ``iter(function, sentinel)``, which yields what the function returns."""
    from mlsec_lint.dataflow.flow.calls import call_value

    value = _value(call, 0)
    if value is None or len(call.positional) < 2:
        return value
    return allocate(machine, at, Thing("list", {}, call_value(machine, value, Call(), at, end), False))


def _isinstance(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    from mlsec_lint.dataflow.flow.patterns import tested

    value, types = _value(call, 0), _value(call, 1)
    return tested(machine, value, types) if value is not None and types is not None else None


def _namespace(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """An object with the attributes that the keywords name."""
    items = {f".{word}": argument.value for word, argument in call.keywords}
    own: Labels = call.more_keywords.labels if call.more_keywords is not None else frozenset()
    return allocate(machine, at, Thing("namespace", dict(items), None, not own, own))


def _wrapper(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``property(f)``, ``staticmethod(f)`` and ``classmethod(f)`` called as functions."""
    from mlsec_lint.dataflow.flow.values import Wrapped

    value = _value(call, 0)
    kind = machine.knowledge.special(name)
    if value is None:
        return None
    setter = _value(call, 1) if kind == "property" else None
    return ref(Wrapped(kind, value, setter))


def _new_object(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``object.__new__(cls)``: an empty instance, of the class in which this stands if only callers know better."""
    from mlsec_lint.dataflow.flow.construct import instance

    values = call.values()[:1]
    classes = [r for v in values for r in v.refs if isinstance(r, Cls)]
    classes += [Cls(r.cls) for v in values for r in v.refs if isinstance(r, Sym) and r.cls is not None]
    return join_all(instance(machine, c, at) for c in classes) if classes else None


def _exception(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    from mlsec_lint.dataflow.flow.exceptions import exception

    return exception(machine, call, at)


def _copy(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """A copy of an object: later changes of the one are not seen in the other."""
    value = _value(call, 0)
    return copied(machine, value, at, _DEEPEST_COPY if name.endswith("deepcopy") else 1) if value is not None else None


def copied(machine: Machine, value: Value, at: int, levels: int, place: str = "copy") -> Value:
    """The value with the objects of the heap that it leads to, down to some level, replaced by new ones."""
    if not levels or not any(isinstance(r, Obj) for r in value.refs):
        return value
    parts = [replace(value, refs=tuple(r for r in value.refs if not isinstance(r, Obj)))]
    parts = parts if parts[0].refs or parts[0].open or parts[0].consts else []
    for index, (_, thing) in enumerate(things(machine, value)):
        inner = f"{place}.{index}"
        items = {
            key: copied(machine, item, at, levels - 1, f"{inner}.{number}")
            for number, (key, item) in enumerate(thing.items.items())
        }
        rest = copied(machine, thing.rest, at, levels - 1, f"{inner}.*") if thing.rest is not None else None
        parts.append(allocate(machine, at, replace(thing, items=items, rest=rest), variant=inner))
    return join_all(parts)


def _print(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``print(x, file=f)``: the stream holds what was printed."""
    stream = call.keyword("file")
    if stream is not None:
        values = [argument.value for argument in call.positional]
        taint_content(machine, ident_of(stream.value), data(_labels(machine, values)))
    return NONE


_ACTIONS: Final[dict[str, Special]] = {
    "partial": _partial,
    "getattr": _getattr,
    "setattr": _setattr,
    "import": _import,
    "dict": _dict,
    "namespace": _namespace,
    "defaultdict": _defaultdict,
    "queue": _queue,
    "type": _type,
    "sequence": _sequence,
    "enumerate": _enumerate,
    "zip": _zip,
    "super": _super,
    "pure": _pure,
    "nothing": _nothing,
    "convert": _convert,
    "leave": _leave,
    "invoke": _invoke,
    "submit": _submit,
    "map": _map,
    "filter": _filter,
    "reduce": _reduce,
    "start": start,
    "timer": start,
    "vars": vars_of,
    "globals": globals_of,
    "delattr": delete,
    "default": default,
    "factory": default,
    "replace": replaced,
    "asdict": as_dictionary,
    "named": named,
    "keyed": keyed,
    "partialmethod": partial_method,
    "dispatch": generic,
    "run": run,
    "gather": _gather,
    "chain": _chain,
    "second": _second,
    "enter": _enter,
    "element": _element,
    "same": _same,
    "iterator": _iterator,
    "isinstance": _isinstance,
    "property": _wrapper,
    "static": _wrapper,
    "class": _wrapper,
    "new": _new_object,
    "exception": _exception,
    "copy": _copy,
    "print": _print,
}
