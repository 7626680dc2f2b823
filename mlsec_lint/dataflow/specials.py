"""Calls that the evaluation itself understands, by what knowledge says they do (``acts``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.arguments import Arguments, Passed
from mlsec_lint.dataflow.attributes import get_attribute
from mlsec_lint.dataflow.container_methods import dict_call, sequence_call
from mlsec_lint.dataflow.containers import allocate, element_of, object_at
from mlsec_lint.dataflow.notices import notice_call
from mlsec_lint.dataflow.state import HeapObject, Key
from mlsec_lint.dataflow.values import (
    External,
    ModuleRef,
    ObjectRef,
    SuperOf,
    Value,
    derived,
    join,
    reference,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator

Apply = Callable[..., Value]


def special_call(ev: Evaluator, acts: str, name: str, args: Arguments, at: int, end: int, apply: Apply) -> Value | None:
    """The result of a special call; none if it does nothing special with these arguments."""
    if acts in CALLING:
        _callback(ev, args, apply)
        return None
    return _ACTIONS[acts](ev, name, args, at, end) if acts in _ACTIONS else None


def _partial(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    if not args.positional:
        return None
    items: dict[Key, Value] = {("str", "func"): args.positional[0].value}
    for index, passed in enumerate(args.positional[1:]):
        items["int", index] = passed.value
    for keyword, passed in args.keywords.items():
        items["kw", keyword] = passed.value
    return allocate(ev, at, HeapObject("partial", items, None, not args.more_keywords))


def call_partial(ev: Evaluator, ref: ObjectRef, args: Arguments, at: int, end: int, apply: Apply) -> Value:
    """Calling what ``functools.partial`` made."""
    obj = object_at(ev, ref)
    if obj is None or obj.kind != "partial" or ref.site in ev.calling:
        return derived(args.values(), ("site", at))
    positional = tuple(Passed(v) for (kind, _), v in obj.items.items() if kind == "int")
    keywords = {str(key): Passed(v) for (kind, key), v in obj.items.items() if kind == "kw"}
    held = Arguments(positional, keywords, False, not obj.exact)
    ev.calling.add(ref.site)
    try:
        return apply(ev, obj.items["str", "func"], args.after(held), at, end, None)
    finally:
        ev.calling.discard(ref.site)


def _getattr(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    if len(args.positional) < 2:
        return None
    obj, attribute = args.positional[0].value, args.positional[1].value
    attribute = ev.resolve(attribute)
    if attribute.known and attribute.text is not None:
        found = get_attribute(ev, obj, attribute.text)
        return join(found, args.positional[2].value) if len(args.positional) > 2 and found.open else found
    notice_call(ev, name, at, end, args)
    return derived([obj, attribute], ("site", at))


def _import(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    module = args.get(("name",), "name")
    if module is None:
        return None
    dotted = ev.resolve(module.value).text
    if dotted is None or dotted.startswith("."):
        notice_call(ev, name, at, end, args)
        return derived([module.value], ("site", at))
    path = ev.context.project.find(ev.module.path, dotted, 0)
    if path is not None:
        return reference(ModuleRef(path))
    return reference(External(ev.knowledge.canonical(dotted)))


def _dict(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    return dict_call(ev, at, args)


def _sequence(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    return sequence_call(ev, args)


def _default(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    """``field(default=x)``: what an instance has if its maker says nothing."""
    passed = args.keywords.get("default")
    return passed.value if passed is not None else None


def _enumerate(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    if not args.positional:
        return None
    return _tuples(ev, at, [Value((), (), True), element_of(ev, args.positional[0].value)])


def _zip(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    return _tuples(ev, at, [element_of(ev, passed.value) for passed in args.positional])


def _tuples(ev: Evaluator, at: int, parts: list[Value]) -> Value:
    """A sequence of tuples, each made of these parts."""
    pair = allocate(ev, -at * 3 - 5, HeapObject("tuple", {("int", index): part for index, part in enumerate(parts)}))
    return allocate(ev, -at * 3 - 6, HeapObject("list", {}, pair, False))


def _super(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    cls = ev.owner
    if cls is None or not ev.resolving:
        return None
    return reference(SuperOf(cls))


def _pure(ev: Evaluator, name: str, args: Arguments, at: int, end: int) -> Value | None:
    values = args.values()
    identities = [value.identity for value in values]
    identity = (name, *identities) if all(i is not None for i in identities) else ("site", at)
    return Value((), (), True, derived(values).origins, identity)


def _callback(ev: Evaluator, args: Arguments, apply: Apply) -> None:
    """Functions among the arguments are called with data that the others carry, and with the keywords beside them."""
    for passed in [*args.positional, *args.keywords.values()]:
        data = derived([v for v in args.values() if v is not passed.value])
        keywords = {name: other for name, other in args.keywords.items() if other is not passed}
        given = Arguments((Passed(data),), keywords, True, False)
        for ref in passed.value.references:
            if isinstance(ref, External):
                notice_call(ev, ref.name, passed.at, passed.end, given, passed=True)
            elif isinstance(ref, ObjectRef):
                call_partial(ev, ref, given, passed.at, passed.end, apply)


CALLING: Final = frozenset(("callback", "invoke", "submit", "map", "filter", "reduce", "start"))
"""Actions that call functions among the arguments; which arguments they get does not matter here."""

_ACTIONS: Final[dict[str, Callable[[Evaluator, str, Arguments, int, int], Value | None]]] = {
    "partial": _partial,
    "getattr": _getattr,
    "import": _import,
    "dict": _dict,
    "namespace": _dict,
    "sequence": _sequence,
    "default": _default,
    "enumerate": _enumerate,
    "zip": _zip,
    "super": _super,
    "pure": _pure,
}
