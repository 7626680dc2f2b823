"""From an evaluated body to its summary, within bounds: what exceeds them is summed up in labels, and said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.apply import is_symbolic
from mlsec_lint.dataflow.flow.exceptions import with_thrown
from mlsec_lint.dataflow.flow.heap import State, Thing, join_states
from mlsec_lint.dataflow.flow.idents import is_path, mentions_path, parts_of
from mlsec_lint.dataflow.flow.labels import Source, Tags, bounded
from mlsec_lint.dataflow.flow.references import addresses_in, deep_labels
from mlsec_lint.dataflow.flow.summary import SinkHit, Summary
from mlsec_lint.dataflow.flow.values import Address, Bound, Inst, Obj, Sym, Test, Value, join, ref, truth

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

MOST_OBJECTS: Final = 24
_FEW_OBJECTS: Final = 6
_MOST_TESTS: Final = 8


def summarise(machine: Machine) -> Summary:
    """The summary of a body that was evaluated with symbolic inputs."""
    state, returns = _ends(machine)
    ends = returns is not None
    if state is None or returns is None:
        state, returns = machine.state, Value()
    with_thrown(machine, state.heap)
    if machine.code.generator:
        returns = _generator(machine, state, returns)
    kept = _kept(machine, state, returns)
    if len(kept) > _FEW_OBJECTS:
        kept = _telling(state, kept)
    if len(kept) > MOST_OBJECTS:
        machine.trimmed["objects beyond a limit were summed up"] = None
    chosen = dict.fromkeys(kept[:MOST_OBJECTS])
    overlays = [a for a, t in state.heap.items() if a[0] in ("s", "c") and _matters(t)]
    heap = tuple((address, state.heap[address]) for address in [*overlays, *chosen])
    guards = tuple((ident, tags) for ident, tags in state.guards.items() if mentions_path(ident))
    contents = _contents(state, {a for a, _ in heap})
    return Summary(
        _summed(returns, state, chosen) if ends else None,
        machine.raised,
        (*heap, *contents),
        _sinks(machine),
        tuple(machine.residuals),
        tuple(sorted(guards, key=repr_of)),
        tuple(machine.trimmed),
        frozenset(a for a, _ in heap if a[0] in ("a", "f") and not machine.solver.is_static(a)),
        frozenset(a for a, t in heap if _is_late(a, t)) if machine.residuals else frozenset(),
        any((a[0] == "s" and a[1][0] == "g") or machine.solver.is_static(a) for a, _ in heap),
        tuple(machine.deferred.values()),
    )


def _is_late(address: Address, thing: Thing) -> bool:
    """Whether an object, or what is written to it, depends on the result of a call that only a caller makes."""
    if address[0] == "s" and address[1][0] == "r":
        return True
    values = [*thing.items.values(), *(v for v in (thing.rest, thing.keys) if v is not None)]
    return any(_mentions_result(value) for value in [Value(thing.own), *values])


def _mentions_result(value: Value) -> bool:
    if any(isinstance(each.origin, tuple) and each.origin[0][0] == "r" for each in value.labels):
        return True
    for target in value.refs:
        if isinstance(target, Sym) and target.path[0][0] == "r":
            return True
        if isinstance(target, Bound) and _mentions_result(target.receiver):
            return True
    return False


def _telling(state: State, kept: list[Address]) -> list[Address]:
    """The objects that hold data or functions, or lead to some: what is left are constants, most of the size."""
    telling = {address for address in kept if _tells(state.heap[address])}
    for _ in range(_FEW_OBJECTS):
        more = {
            address
            for address in kept
            if address not in telling
            and any(a in telling for v in state.heap[address].items.values() for a in addresses_in(v))
        }
        if not more:
            break
        telling |= more
    return [address for address in kept if address in telling]


def _tells(thing: Thing) -> bool:
    if thing.own or thing.cls is not None or thing.kind == "generator":
        return True
    parts = [*thing.items.values(), *(v for v in (thing.rest, thing.keys) if v is not None)]
    return any(v.labels or any(not isinstance(r, (Obj, Inst)) for r in v.refs) or _is_flag(v) for v in parts)


def _is_flag(value: Value) -> bool:
    """Whether a value switches something on or off, which may decide what a call does."""
    return any(isinstance(constant, bool) for constant in value.consts)


def repr_of(item: tuple[object, Tags]) -> str:
    """A fixed order of guards."""
    return f"{item[0]!r}{sorted(item[1], key=repr)}"


def _ends(machine: Machine) -> tuple[State | None, Value | None]:
    state: State | None = None
    returns: Value | None = None
    for value, end in machine.returned:
        state = end if state is None else join_states(state, end)
        returns = value if returns is None else join(returns, value)
    if state is not None and returns is not None:
        tests = (*returns.tests, *_told(machine, state))[:_MOST_TESTS]
        returns = replace(returns, tests=tests) if tests != returns.tests else returns
    return state, returns


def _told(machine: Machine, joined: State) -> list[Test]:
    """What the truth of the result says of the arguments: the guards that hold wherever it is true, or false."""
    found: list[Test] = []
    for holds in (True, False) if len(machine.returned) > 1 else ():
        ends = [end for value, end in machine.returned if truth(value) is not (not holds)]
        for ident, tags in ends[0].guards.items() if ends and len(ends) < len(machine.returned) else ():
            common = tags
            for end in ends[1:]:
                common = common & end.guards.get(ident, frozenset())
            new = common - joined.guards.get(ident, frozenset()) if mentions_path(ident) else frozenset[str]()
            found += [Test(tag, ident, holds) for tag in sorted(new, key=repr)]
    return found


def _generator(machine: Machine, state: State, returns: Value) -> Value:
    """What calling a generator function gives: a sequence of what it yields, and what it returns apart."""
    address: Address = ("a", machine.path, machine.body.at, "generator")
    last = {".return": returns} if returns.labels or returns.refs else {}
    state.heap[address] = Thing("generator", last, machine.yielded or Value(), False)
    return ref(Obj(address))


def _matters(thing: Thing) -> bool:
    return bool(thing.items or thing.own or thing.rest is not None)


def _kept(machine: Machine, state: State, returns: Value) -> list[Address]:
    """The new objects that can be reached from outside, nearest first, and objects of modules that were changed."""
    roots = [address for value in _seen_outside(machine, state, returns) for address in addresses_in(value)]
    changed = [a for a, t in state.heap.items() if a[0] in ("a", "f") and machine.solver.is_changed(a, t)]
    found: dict[Address, None] = {}
    pending = list(dict.fromkeys([*changed, *roots]))
    for address in pending:
        thing = state.heap.get(address)
        if thing is None or address in found or address[0] in ("s", "c"):
            continue
        if address[0] in ("a", "f") and machine.solver.is_static(address) and address not in changed:
            continue
        found[address] = None
        for value in [*thing.items.values(), *(v for v in (thing.rest, thing.keys) if v is not None)]:
            pending.extend(addresses_in(value))
    return list(found)


def _seen_outside(machine: Machine, state: State, returns: Value) -> Iterator[Value]:
    """The values that somebody outside of the body gets hold of."""
    yield returns
    if machine.raised is not None:
        yield machine.raised
    for address, thing in state.heap.items():
        if address[0] in ("s", "c"):
            yield from thing.items.values()
            if thing.rest is not None:
                yield thing.rest
    for residual in machine.residuals:
        yield residual.callee
        yield from residual.call.values()


def _contents(state: State, known: set[Address]) -> list[tuple[Address, Thing]]:
    """What was written into buffers and files of the callers."""
    found: list[tuple[Address, Thing]] = []
    for ident, value in state.contents.items():
        parts = parts_of(ident) if value.labels else ()
        if parts and (is_path(ident) or parts[0] == "c"):
            address: Address = ("s", *parts) if is_path(ident) else ("s", ("k", parts[1]))
            if address not in known:
                found.append((address, Thing("overlay", {}, None, False, value.labels)))
    return found


def _summed(value: Value, state: State, chosen: dict[Address, None]) -> Value:
    """The value with objects that are not kept replaced by the labels of what is in them."""
    if all(address in chosen or address[0] != "a" for address in addresses_in(value)):
        return value
    return replace(value, labels=bounded(value.labels | deep_labels(value, state.heap)))


def _sinks(machine: Machine) -> tuple[SinkHit, ...]:
    return tuple(hit for _, hit in sorted(machine.sinks.items(), key=_by_place) if is_symbolic(hit) or has_source(hit))


def _by_place(item: tuple[tuple[object, ...], SinkHit]) -> tuple[str, int, str]:
    hit = item[1]
    return (hit.site.module, hit.site.at, hit.name)


def has_source(hit: SinkHit) -> bool:
    """Whether data of a known source reaches a sink."""
    values = hit.call.values() + ([hit.receiver] if hit.receiver is not None else [])
    return any(isinstance(each.origin, Source) for value in values for each in value.labels)
