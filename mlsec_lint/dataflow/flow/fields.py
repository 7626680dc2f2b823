"""What the methods of a class store in its fields: for entry points, where nobody made the instance before our eyes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.values import CodeKey, Fun, Obj, Value, Wrapped, join, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.apply import Application
    from mlsec_lint.dataflow.flow.machine import Machine

_STORED_FIELD: Final = re.compile(
    rb"\bself\.([A-Za-z_]\w*)[ \t]*(?:=(?!=)|,|\[|\.(?:append|update|add|extend|insert)\(|:[^=\n]{0,100}=(?!=))"
)
_DEEPEST: Final = 3


class Fields:
    """Fields by class, each worked out once from the summaries of the methods that store it."""

    def __init__(self) -> None:
        self._values: dict[tuple[CodeKey, str], Value | None] = {}
        self._storing: dict[CodeKey, dict[str, list[Fun]]] = {}
        self._open: list[tuple[CodeKey, str]] = []

    def stored(self, machine: Machine, key: CodeKey, name: str) -> Value | None:
        """What the methods of a class and its bases store in ``self.name``; none if they do not."""
        asked = (key, name)
        if asked in self._values:
            return self._values[asked]
        if asked in self._open or len(self._open) >= _DEEPEST:
            return None
        self._open.append(asked)
        try:
            value = self._value(machine, key, name)
        finally:
            self._open.pop()
        if not self._open:
            self._values[asked] = value
        return value

    def _value(self, machine: Machine, key: CodeKey, name: str) -> Value | None:
        from mlsec_lint.dataflow.flow.apply import Application
        from mlsec_lint.dataflow.flow.entries import parameter_values

        result: Value | None = None
        for method in self._methods(machine, key).get(name, ()):
            code = machine.solver.codes[method.code]
            summary = machine.solver.summary(method.code, (), early=False)
            overlay = next((t for a, t in summary.heap if a == ("s", ("p", 0))), None)
            nested = next((t for a, t in summary.heap if a == ("s", ("p", 0), f".{name}")), None)
            values = parameter_values(machine, code, key)
            values[0] = ref(Obj(("self", *key)))
            application = Application(machine, code, method, values, summary, code.body.at, code.body.at)
            if overlay is not None and f".{name}" in overlay.items:
                one = application.rewriting.value(overlay.items[f".{name}"])
                self._carry(machine, application)
                result = one if result is None else join(result, one)
            if nested is not None:
                parts = [application.rewriting.value(v) for v in nested.items.values()]
                parts += [application.rewriting.value(nested.rest)] if nested.rest is not None else []
                labels = frozenset().union(*(p.labels for p in parts)) if parts else frozenset()
                one = Value(labels, open=True)
                result = one if result is None else join(result, one)
        return replace(result, open=True) if result is not None else None

    def storing(self, machine: Machine, key: CodeKey, name: str) -> list[Fun]:
        """The methods of a class and its bases that store ``self.name``."""
        return self._methods(machine, key).get(name, [])

    def _carry(self, machine: Machine, application: Application) -> None:
        """Objects that a method makes and stores come with the field."""
        heap = machine.state.heap
        for address, thing in application.summary.heap:
            target = application.rewriting.address(address)
            if address[0] in ("a", "f") and target not in heap:
                heap[target] = application.rewriting.thing(thing)

    def _methods(self, machine: Machine, key: CodeKey) -> dict[str, list[Fun]]:
        known = self._storing.get(key)
        if known is not None:
            return known
        found: dict[str, list[Fun]] = {}
        classes = machine.solver.classes
        for owner in classes.order(key):
            info = classes.info(owner) if not isinstance(owner, str) else None
            for value in info.attributes.values() if info is not None else ():
                for method in _functions(value):
                    code = machine.solver.codes.get(method.code)
                    if code is None:
                        continue
                    data = code.module.data
                    for match in _STORED_FIELD.finditer(data, code.body.at, code.body.end):
                        methods = found.setdefault(match.group(1).decode(), [])
                        if method not in methods:
                            methods.append(method)
        self._storing[key] = found
        return found


def _functions(value: Value) -> list[Fun]:
    found = [r for r in value.refs if isinstance(r, Fun)]
    for target in value.refs:
        if isinstance(target, Wrapped):
            for part in (target.func, target.setter):
                found += [r for r in part.refs if isinstance(r, Fun)] if part is not None else []
    return found
