"""What the methods of a class store in its fields: for entry points, where nobody made the instance before our eyes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.apply import Application
from mlsec_lint.dataflow.flow.entry_values import self_address
from mlsec_lint.dataflow.flow.heap import Thing, reachable
from mlsec_lint.dataflow.flow.labels import Labels
from mlsec_lint.dataflow.flow.references import addresses_in
from mlsec_lint.dataflow.flow.values import Address, CodeKey, Fun, Obj, Value, Wrapped, join, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.solver import Solver

_Stored = tuple["Value | None", "dict[Address, Thing]"]

_STORED_FIELD: Final = re.compile(
    rb"\bself\.([A-Za-z_]\w*)[ \t]*(?:=(?!=)|,|\[|\.(?:append|update|add|extend|insert)\(|:[^=\n]{0,100}=(?!=))"
)
_DEEPEST: Final = 3


class Fields:
    """Fields by class, each worked out once from the summaries of the methods that store it.

    What a field holds comes with the objects that it leads to, which every evaluation takes over that asks for it.
    """

    def __init__(self) -> None:
        self._values: dict[tuple[CodeKey, str], _Stored] = {}
        self._storing: dict[CodeKey, dict[str, list[Fun]]] = {}
        self._open: list[tuple[CodeKey, str]] = []

    def stored(self, machine: Machine, key: CodeKey, name: str) -> Value | None:
        """What the methods of a class and its bases store in ``self.name``; none if they do not."""
        asked = (key, name)
        found = self._values.get(asked)
        if found is None:
            if asked in self._open or len(self._open) >= _DEEPEST:
                return None
            self._open.append(asked)
            try:
                found = self._stored(machine, key, name)
            finally:
                self._open.pop()
            if not self._open:
                self._values[asked] = found
        value, objects = found
        for address, thing in objects.items():
            machine.state.heap.setdefault(address, thing)
        return value

    def _stored(self, asking: Machine, key: CodeKey, name: str) -> _Stored:
        from mlsec_lint.dataflow.flow.entries import parameter_values
        from mlsec_lint.dataflow.flow.machine import Machine

        machine = Machine(asking.solver, asking.code)
        result: Value | None = None
        filled: list[Thing] = []
        for method in self._methods(machine, key, name):
            code = machine.solver.codes[method.code]
            summary = machine.solver.summary(method.code, (), early=False)
            written = {address[1:]: thing for address, thing in summary.heap if address[0] == "s"}
            overlay, nested = written.get((("p", 0),)), written.get((("p", 0), f".{name}"))
            if (overlay is None or f".{name}" not in overlay.items) and nested is None:
                continue
            values = parameter_values(machine, code, key)
            values[0] = ref(Obj(self_address(machine, key)))
            application = Application(machine, code, method, values, summary, code.body.at, code.body.at)
            if overlay is not None and f".{name}" in overlay.items:
                one = application.rewriting.value(overlay.items[f".{name}"])
                self._carry(machine, application)
                result = one if result is None else join(result, one)
            if nested is not None:
                self._carry(machine, application)
                filled.append(application.rewriting.thing(nested))
        for thing in filled:
            result = _with_content(machine, result, thing)
        if result is None:
            return None, {}
        addresses = reachable(machine.state.heap, addresses_in(result))
        heap = machine.state.heap
        return replace(result, open=True), {a: heap[a] for a in addresses if a in heap and a != ("self", *key)}

    def forget(self) -> None:
        """Drop the values: what methods store depends on summaries that have changed. Who stores does not."""
        self._values.clear()

    def storing(self, machine: Machine, key: CodeKey, name: str) -> list[Fun]:
        """The methods of a class and its bases that store ``self.name``."""
        return self._methods(machine, key, name)

    def _carry(self, machine: Machine, application: Application) -> None:
        """Objects that a method makes and stores come with the field."""
        heap = machine.state.heap
        for address, thing in application.summary.heap:
            target = application.rewriting.address(address)
            if address[0] in ("a", "f") and target not in heap:
                heap[target] = application.rewriting.thing(thing)

    def _methods(self, machine: Machine, key: CodeKey, name: str) -> list[Fun]:
        found: dict[Fun, None] = {}
        for owner in machine.solver.classes.order(key):
            if not isinstance(owner, str):
                found.update(dict.fromkeys(self.stored_in(machine.solver, owner).get(name, ())))
        return list(found)

    def stored_in(self, solver: Solver, owner: CodeKey) -> dict[str, list[Fun]]:
        """The fields that the methods of a class itself store, by the text, with these methods."""
        known = self._storing.get(owner)
        if known is not None:
            return known
        found: dict[str, list[Fun]] = {}
        info = solver.classes.info(owner)
        for value in info.attributes.values() if info is not None else ():
            for method in _functions(value):
                code = solver.codes.get(method.code)
                if code is None:
                    continue
                for match in _STORED_FIELD.finditer(code.module.data, code.body.at, code.body.end):
                    methods = found.setdefault(match.group(1).decode(), [])
                    if method not in methods:
                        methods.append(method)
        self._storing[owner] = found
        return found


def _with_content(machine: Machine, value: Value | None, written: Thing) -> Value:
    """A field into which a method puts something: what it holds is found in it, and counts as content of the whole."""
    parts = [*written.items.values(), *(v for v in (written.rest,) if v is not None)]
    labels: Labels = written.own.union(*(part.labels for part in parts))
    for target in value.refs if value is not None else ():
        thing = machine.state.heap.get(target.address) if isinstance(target, Obj) else None
        if thing is None or not isinstance(target, Obj):
            continue
        for key, item in written.items.items():
            thing = thing.with_weak(key, item)
        thing = thing.with_rest(written.rest) if written.rest is not None else thing
        machine.state.heap[target.address] = replace(thing, own=thing.own | written.own)
        labels = frozenset()
    content = Value(labels, open=True)
    return join(value, content) if value is not None else content


def _functions(value: Value) -> list[Fun]:
    found = [r for r in value.refs if isinstance(r, Fun)]
    for target in value.refs:
        if isinstance(target, Wrapped):
            for part in (target.func, target.setter):
                found += [r for r in part.refs if isinstance(r, Fun)] if part is not None else []
    return found
