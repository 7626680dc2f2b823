"""The methods of lists and dicts on the abstract heap, and the calls that make new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.arguments import Arguments, Passed
from mlsec_lint.dataflow.containers import allocate, keys_of, objects, spread
from mlsec_lint.dataflow.state import HeapObject, key_of
from mlsec_lint.dataflow.values import UNKNOWN, Site, Value, join, join_all

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator


def container_method(ev: Evaluator, obj: Value, name: str, args: Arguments) -> Value | None:
    """The result of a list or dict method on heap objects; none if it is not one that is modelled."""
    method = _METHODS.get(name)
    found = objects(ev, obj) if method is not None else []
    if method is None or not found:
        return None
    results = [method(ev, site, container, args) for site, container in found]
    return join_all(results)


def _get(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    key = args.positional[0].value if args.positional else UNKNOWN
    default = args.positional[1].value if len(args.positional) > 1 else Value((None,))
    if key.known and key.constants:
        found = obj.items.get(key_of(key.constants[0]))
        if found is not None:
            return found if not found.open else join(found, default)
        if obj.exact:
            return default
        rest = obj.rest if obj.rest is not None else Value((), (), True, obj.origins)
        return join(default, rest)
    return join(obj.any_item(), default)


def _pop(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    if obj.kind != "dict":
        ev.state.heap[site] = replace(obj, exact=False, rest=obj.any_item())
        return obj.any_item()
    result = _get(ev, site, obj, args)
    key = args.positional[0].value if args.positional else UNKNOWN
    if key.known and key.constants:
        ev.state.heap[site] = obj.without(key.constants[0])
    return result


def _setdefault(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    if len(args.positional) < 2:
        return UNKNOWN
    key, default = args.positional[0].value, args.positional[1].value
    if not key.known or not key.constants:
        ev.state.heap[site] = obj.with_rest(default)
        return default
    found = obj.items.get(key_of(key.constants[0]))
    if found is None:
        found = default if obj.exact else Value(default.constants, default.references, True, default.origins)
    ev.state.heap[site] = obj.with_item(key.constants[0], found)
    return found


def _update(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    ev.state.heap[site] = _updated(ev, obj, args.positional, args)
    return Value((None,))


def _updated(ev: Evaluator, obj: HeapObject, mappings: Iterable[Passed], args: Arguments) -> HeapObject:
    """A dict with everything of ``mappings`` and of the keywords of ``args`` added."""
    for passed in mappings:
        obj = spread(ev, obj, passed.value, 0)
    for name, passed in args.keywords.items():
        obj = obj.with_item(name, passed.value)
    return obj.with_rest(UNKNOWN) if args.more_keywords else obj


def _append(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    for passed in args.positional:
        obj = obj.with_item(len(obj.items), passed.value) if obj.exact else obj.with_rest(passed.value)
    ev.state.heap[site] = obj
    return Value((None,))


def _extend(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    for passed in args.positional:
        obj = spread(ev, obj, passed.value, len(obj.items))
    ev.state.heap[site] = obj
    return Value((None,))


def _values(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    item = obj.any_item()
    return Value((), (), True, item.origins) if not item.references else _bag(ev, site, item)


def _items(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    pair = allocate(ev, -site[1] - 2, HeapObject("tuple", {("int", 0): keys_of(obj), ("int", 1): obj.any_item()}))
    return _bag(ev, site, pair)


def _bag(ev: Evaluator, site: Site, item: Value) -> Value:
    return allocate(ev, -site[1] * 7 - 3, HeapObject("list", {}, item, False))


def _copy(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    return allocate(ev, -site[1] * 5 - 4, obj)


def _clear(ev: Evaluator, site: Site, obj: HeapObject, args: Arguments) -> Value:
    ev.state.heap[site] = HeapObject(obj.kind, {})
    return Value((None,))


def dict_call(ev: Evaluator, site: int, args: Arguments) -> Value:
    """``dict(...)``."""
    return allocate(ev, site, _updated(ev, HeapObject("dict", {}), args.positional[:1], args))


def sequence_call(ev: Evaluator, args: Arguments) -> Value:
    """``list(x)`` and the like: the same elements."""
    if not args.positional:
        return Value((), (), True)
    return args.positional[0].value


_METHODS: Final[dict[str, Callable[[Evaluator, Site, HeapObject, Arguments], Value]]] = {
    "get": _get,
    "pop": _pop,
    "setdefault": _setdefault,
    "update": _update,
    "append": _append,
    "add": _append,
    "extend": _extend,
    "values": _values,
    "items": _items,
    "copy": _copy,
    "clear": _clear,
}
