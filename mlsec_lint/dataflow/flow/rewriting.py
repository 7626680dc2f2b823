"""From the callee's words to the caller's: paths, labels, addresses, identities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.conditions import decided, is_conditional, translated
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.idents import COMPOUND, MADE, parts_of, sized
from mlsec_lint.dataflow.flow.labels import NO_LABELS, Condition, Label, Labels, Path, Source, bounded, with_tags
from mlsec_lint.dataflow.flow.one_step import one_step
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Bound,
    Cls,
    Fun,
    Obj,
    Reference,
    Super,
    Sym,
    Test,
    Value,
    Wrapped,
    ident_of,
    join,
    ref,
    symbolic,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.summary import Call, Summary
    from mlsec_lint.source.ir import Constant

_NOTHING_INSIDE: Final[frozenset[Path]] = frozenset()
_LONGEST_CHAIN: Final = 3
"""Call sites in the name of an object."""


class Rewriting:
    """Translates what a summary says. ``new`` are the addresses of objects that the callee makes."""

    def __init__(self, machine: Machine, fun: Fun, values: list[Value], new: frozenset[Address], at: int) -> None:
        self._machine = machine
        self._fun = fun
        self._values = values
        self._at = at
        self._paths: dict[Path, Value] = {}
        self._results: dict[int, Value] = {}
        self._deep: dict[Path, Labels] = {}
        self._values_seen: dict[Value, Value] = {}
        self._label_sets: dict[tuple[Labels, frozenset[Path]], Labels] = {}
        self._idents: dict[object, object] = {}
        self._open = False
        self._mark = ("@", machine.path, at)
        self.new = new
        self.repeated = {self._fresh(a) for a in new} & machine.state.heap.keys() if new else set[Address]()

    def prepare(self, summary: Summary) -> None:
        """Resolve every path of the summary that does not depend on calls which the caller makes."""
        self._open = bool(summary.residuals)
        values: list[Value] = [summary.returns] if summary.returns is not None else []
        for address, thing in summary.heap:
            if address[0] == "s" and address[1][0] != "r":
                self.resolve(address[1:])
            values += [*thing.items.values(), *(v for v in (thing.rest, thing.keys) if v is not None)]
        for hit in summary.sinks:
            values += self._of_call(hit.call)
            values += [hit.receiver] if hit.receiver is not None else []
        for residual in summary.residuals:
            values += [residual.callee, *self._of_call(residual.call)]
        for deferred in summary.deferred:
            values += deferred.operands
        for value in values:
            for label in value.labels:
                if isinstance(label.origin, tuple) and label.origin[0][0] != "r":
                    self._all_labels(label.origin)
            for target in value.refs:
                if isinstance(target, Sym) and target.path[0][0] != "r":
                    self.resolve(target.path)

    def _of_call(self, call: Call) -> list[Value]:
        return [*call.values(), call.spread] if call.spread is not None else call.values()

    def result(self, number: int, value: Value) -> None:
        """The result of a call that the caller made."""
        self._results[number] = value
        root = ("r", number)
        for known in (self._paths, self._deep):
            for path in [p for p in known if p[0] == root]:
                del known[path]

    def resolve(self, path: Path) -> Value:
        """What a path of the callee leads to in the caller."""
        known = self._paths.get(path)
        if known is None:
            self._machine.muted += 1
            try:
                known = self._root(path[0]) if len(path) == 1 else one_step(self._machine, path, self.resolve)
            finally:
                self._machine.muted -= 1
            self._paths[path] = known
        return known

    def _root(self, root: tuple[str, object]) -> Value:
        kind, index = root
        if kind == "p":
            position = cast("int", index)
            return self._values[position] if position < len(self._values) else UNKNOWN
        if kind == "e":
            level = cast("int", index)
            if level >= len(self._fun.frames):
                return UNKNOWN
            address = self._fun.frames[level]
            return symbolic(address[1:]) if address[0] == "s" else ref(Obj(address))
        if kind == "k":
            return self._machine.current(Value(consts=(cast("Constant", index),)))
        if kind == "r":
            return self._results.get(cast("int", index), NOTHING)
        return symbolic((root,))

    def value(self, value: Value) -> Value:
        """A value of the callee as the caller sees it."""
        known = self._values_seen.get(value)
        if known is not None:
            return known
        translated = self._translated(value)
        if not self._open:
            self._values_seen[value] = translated
        return translated

    def _translated(self, value: Value) -> Value:
        known = value.refs
        if not known and not value.labels and value.ident is None and not value.tests:
            return value
        if len(known) == 1 and isinstance(known[0], Sym) and not value.consts and not value.open and not value.tests:
            # By far the most frequent case: just what the caller has at a path.
            path = known[0].path
            if len(value.labels) <= 1 and all(each.origin == path and not each.tags for each in value.labels):
                return self._symbol(known[0])
        inside = frozenset(r.path for r in value.refs if isinstance(r, Sym)) if value.refs else _NOTHING_INSIDE
        labels = self.labels(value.labels, inside)
        refs: list[Reference] = []
        consts, is_open, ident = value.consts, value.open, self.ident(value.ident)
        result: Value | None = None
        for target in value.refs:
            if isinstance(target, Sym):
                one = self._symbol(target)
                if any(each.origin == target.path for each in value.labels):
                    # Its labels are among those above, with the guards that the callee knows of.
                    one = replace(one, labels=NO_LABELS)
                result = one if result is None else join(result, one)
            else:
                refs.append(self.reference(target))
        tests = self._tests(value)
        digests = self._digests(value)
        if result is None:
            return Value(bounded(labels), tuple(refs), consts, is_open, ident, tests, digests)
        if len(value.refs) == 1 and not consts and not is_open:
            return Value(
                bounded(result.labels | labels), result.refs, result.consts, result.open,
                result.ident, result.tests or tests, result.digests or digests,
            )  # fmt: skip
        if refs or consts or is_open:
            result = join(result, Value(NO_LABELS, tuple(refs), consts, is_open, result.ident))
        return replace(result, labels=bounded(result.labels | labels))

    def _tests(self, value: Value) -> tuple[Test, ...]:
        found = ((self._guard(test.tag, test.ident), test.holds) for test in value.tests)
        return tuple(Test(*guard, holds) for guard, holds in found if guard is not None)

    def _digests(self, value: Value) -> tuple[tuple[str | Condition, object], ...]:
        return tuple(guard for each in value.digests if (guard := self._guard(*each)) is not None)

    def _guard(self, tag: str | Condition, ident: object) -> tuple[str | Condition, object] | None:
        """A tag and the value that it is about, if both mean something to the caller."""
        known, named = self.tag(tag), self.ident(ident)
        return (known, named) if known is not None and named is not None else None

    def _symbol(self, target: Sym) -> Value:
        found = self.resolve(target.path)
        if target.cls is None and not target.ext:
            return found
        refs = tuple(
            Sym(r.path, target.cls, target.ext) if isinstance(r, Sym) and r.cls is None and not r.ext else r
            for r in found.refs
        )
        return replace(found, refs=refs) if refs != found.refs else found

    def labels(self, labels: Labels, inside: frozenset[Path]) -> Labels:
        """The labels as the caller sees them; for paths that the value refers to as well, only their own labels."""
        found = self._label_sets.get((labels, inside)) if not self._open else None
        if found is None:
            found = self._label_sets[labels, inside] = self._labels(labels, inside)
        return found

    def _labels(self, labels: Labels, inside: frozenset[Path]) -> Labels:
        found: set[Label] = set()
        for label in labels:
            origin, tags = label.origin, label.tags
            if tags and is_conditional(tags):
                tags = translated(self._machine, tags, self.resolve)
                label = Label(origin, tags)  # noqa: PLW2901 - the same label, its tags decided
            if isinstance(origin, Source):
                found.add(label)
            elif origin in inside:
                found |= with_tags(self.resolve(origin).labels, tags)
            else:
                found |= with_tags(self._all_labels(origin), tags)
        return frozenset(found)

    def tag(self, tag: str | Condition) -> str | Condition | None:
        """A tag as the caller knows it; none if what the caller passes does not allow it."""
        return tag if isinstance(tag, str) else decided(self._machine, tag, self.resolve)

    def _all_labels(self, path: Path) -> Labels:
        """The labels of what is at a path and of everything in it, as it was when it was first asked for."""
        known = self._deep.get(path)
        if known is None:
            known = self._deep[path] = deep_labels(self.resolve(path), self._machine.state.heap)
        return known

    def reference(self, target: Reference) -> Reference:
        """A reference that is no path."""
        if isinstance(target, Obj):
            return Obj(self.address(target.address))
        if isinstance(target, Fun):
            if not target.frames and not target.defaults:
                return target
            defaults = tuple(self.value(d) if d is not None else None for d in target.defaults)
            return Fun(target.code, tuple(self._frame(a) for a in target.frames), defaults, target.owner)
        if isinstance(target, Cls):
            return Cls(target.code, tuple(self._frame(a) for a in target.frames)) if target.frames else target
        if isinstance(target, Bound):
            return Bound(self.reference(target.func), self.value(target.receiver))
        if isinstance(target, Wrapped):
            setter = self.value(target.setter) if target.setter is not None else None
            return Wrapped(target.kind, self.value(target.func), setter)
        if isinstance(target, Super):
            return Super(target.cls, self.value(target.receiver))
        return target

    def _frame(self, address: Address) -> Address:
        if address[0] != "s":
            return self.address(address)
        for target in self.resolve(address[1:]).refs:
            if isinstance(target, Obj):
                return target.address
            if isinstance(target, Sym):
                return ("s", *target.path)
        return address

    def address(self, address: Address) -> Address:
        """The name of an object in the caller: new ones are told apart by the call that made them."""
        return self._fresh(address) if address in self.new else address

    def _fresh(self, address: Address) -> Address:
        marks = sum(1 for part in address if isinstance(part, tuple))
        return (*address, self._mark) if marks < _LONGEST_CHAIN and self._mark not in address else address

    def thing(self, thing: Thing) -> Thing:
        """An object with everything in it translated."""
        return Thing(
            thing.kind,
            {key: self.value(value) for key, value in thing.items.items()},
            self.value(thing.rest) if thing.rest is not None else None,
            thing.exact,
            self.labels(thing.own, frozenset()),
            thing.cls,
            self.value(thing.keys) if thing.keys is not None else None,
            thing.maybe,
        )

    def ident(self, ident: object) -> object:
        """An identity as the caller knows it."""
        if ident is None or self._open:
            return self._ident(ident)
        if ident not in self._idents:
            self._idents[ident] = self._ident(ident)
        return self._idents[ident]

    def _ident(self, ident: object) -> object:
        parts = parts_of(ident)
        if not parts:
            return ident
        if isinstance(parts[0], tuple):
            known = parts[0][0] in ("p", "e", "g", "r")
            return ident_of(self.resolve(parts)) if known else ident
        if parts[0] in COMPOUND:
            inner = tuple(self.ident(p) if parts_of(p) else p for p in parts[1:])
            return None if None in inner and None not in parts else sized((parts[0], *inner))
        if parts[0] in MADE and len(parts) < 8 and ident not in self._machine.solver.modules.idents:
            return (*parts, self._mark)
        return ident
