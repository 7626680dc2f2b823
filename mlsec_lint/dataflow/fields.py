"""What the methods of classes store in the fields of their instances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.values import ClassRef, FunctionRef, Value, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.context import Context

_STORED_FIELD: Final = re.compile(rb"\bself\.([A-Za-z_]\w*)[ \t]*(?:=(?!=)|,|:[^=\n]{0,100}=(?!=))")
"""``self.x = ``, ``self.x: T = `` and ``self.x, self.y = ``."""


class FieldTable:
    """Fields of the classes of one run, looked up when somebody reads them, each method evaluated once."""

    def __init__(self) -> None:
        self._methods: dict[int, dict[str, Value]] = {}
        self._values: dict[tuple[int, str], Value | None] = {}
        self._storing: dict[int, dict[str, list[FunctionRef]]] = {}

    def stored(self, context: Context, cls: ClassRef, name: str) -> Value | None:
        """What the methods of a class (not of its bases) store in ``self.name``; none if they do not.

        Methods are evaluated for their stores with fields unknown, each once, so the answer is the same in any order.
        """
        key = (id(cls), name)
        if key in self._values:
            return self._values[key]
        result: Value | None = None
        for method in self._storing_methods(context, cls).get(name, ()):
            stored = self._fields_of(context, cls, method).get(name)
            if stored is not None:
                result = stored if result is None else join(result, stored)
        if result is not None:
            # Others may store to the field as well, so what is known of it is only likely.
            result = replace(result, open=True)
        self._values[key] = result
        return result

    def _storing_methods(self, context: Context, cls: ClassRef) -> dict[str, list[FunctionRef]]:
        """The methods of a class that store fields, by the field's name; found in the text, confirmed by evaluation."""
        known = self._storing.get(id(cls))
        if known is not None:
            return known
        found = self._storing[id(cls)] = {}
        module = context.project.module(cls.module)
        methods = [r for v in cls.attributes.values() for r in v.references if isinstance(r, FunctionRef)]
        if module is None:
            return found
        for method in methods:
            for match in _STORED_FIELD.finditer(module.data, method.body.at, method.body.end):
                known_methods = found.setdefault(match.group(1).decode(), [])
                if method not in known_methods:
                    known_methods.append(method)
        return found

    def _fields_of(self, context: Context, cls: ClassRef, method: FunctionRef) -> dict[str, Value]:
        known = self._methods.get(id(method.body))
        if known is None:
            known = self._methods[id(method.body)] = context.evaluate_fields(context, cls, method)
        return known
