"""Literal containers of the project's text as hashable values, with everything that is no literal left opaque."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import libcst as cst

from mlsec_lint.checks._unpickler.values import OPAQUE, Opaque, Table

Constant: TypeAlias = "Callable[[str], object | None]"
"""The value of a name of the project, if it is a constant; dotted names as they are written."""

_CONTAINERS: Final = frozenset({"frozenset", "set", "tuple", "list", "sorted"})


@dataclass(frozen=True, slots=True)
class Literals:
    """Reads literals; names are looked up with ``constant``."""

    constant: Constant

    def read(self, node: cst.BaseExpression) -> object:
        """The value of an expression: strings, numbers, tuples, frozensets, ``Table``; ``OPAQUE`` for the rest."""
        if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
            value = node.evaluated_value
            return value if isinstance(value, str) else OPAQUE
        if isinstance(node, cst.Integer):
            return node.evaluated_value
        if isinstance(node, (cst.Tuple, cst.List)):
            return tuple(self._elements(node.elements))
        if isinstance(node, cst.Set):
            return frozenset(self._elements(node.elements))
        if isinstance(node, cst.Dict):
            return Table(tuple(self._entries(node)))
        if isinstance(node, (cst.Name, cst.Attribute)):
            return self._named(node)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.BitOr, cst.Add)):
            return _united(self.read(node.left), self.read(node.right))
        if isinstance(node, cst.Call):
            return self._called(node)
        return OPAQUE

    def _elements(self, elements: Sequence[cst.BaseElement]) -> list[object]:
        found: list[object] = []
        for element in elements:
            if isinstance(element, cst.StarredElement):
                found.extend(contents(self.read(element.value)))
            elif isinstance(element, cst.Element):
                found.append(self.read(element.value))
        return found

    def _entries(self, node: cst.Dict) -> list[tuple[object, object]]:
        found: list[tuple[object, object]] = []
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                found.append((self.read(element.key), self.read(element.value)))
            elif isinstance(element, cst.StarredDictElement):
                inner = self.read(element.value)
                found.extend(inner.entries if isinstance(inner, Table) else [(OPAQUE, OPAQUE)])
        return found

    def _named(self, node: cst.Name | cst.Attribute) -> object:
        name = dotted(node)
        value = self.constant(name) if name else None
        return OPAQUE if value is None else hashable(value)

    def _called(self, node: cst.Call) -> object:
        """``frozenset({...})`` and its like, ``dict(a=...)``, ``{...}.keys()``, ``"a b".split()``."""
        if isinstance(node.func, cst.Name) and node.func.value in _CONTAINERS and len(node.args) <= 1:
            inner = self.read(node.args[0].value) if node.args else ()
            if isinstance(inner, Opaque):
                return OPAQUE
            return frozenset(contents(inner)) if node.func.value in {"set", "frozenset"} else contents(inner)
        if isinstance(node.func, cst.Name) and node.func.value in {"dict", "MappingProxyType"}:
            if len(node.args) == 1 and node.args[0].keyword is None:
                return self.read(node.args[0].value)
            pairs = [(arg.keyword.value, self.read(arg.value)) for arg in node.args if arg.keyword is not None]
            return Table(tuple(pairs)) if len(pairs) == len(node.args) else OPAQUE
        if isinstance(node.func, cst.Attribute):
            return self._method(node, node.func)
        return OPAQUE

    def _method(self, node: cst.Call, func: cst.Attribute) -> object:
        inner = self.read(func.value)
        method = func.attr.value
        if isinstance(inner, Table) and not node.args:
            found = {"keys": inner.keys(), "values": inner.values(), "items": inner.entries}.get(method)
            return OPAQUE if found is None else found
        if method == "union" and not isinstance(inner, Opaque):
            for arg in node.args:
                inner = _united(inner, self.read(arg.value))
            return inner
        if isinstance(inner, str) and method == "split" and not node.args:
            return tuple(inner.split())
        return OPAQUE


def dotted(node: cst.CSTNode) -> str:
    """``a.b.c`` of a name or attribute; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join([node.value, *reversed(parts)])


def hashable(value: object) -> object:
    """A constant as the caller knows it, with containers as the hashable ones that are used here."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return Table(tuple((hashable(key), hashable(item)) for key, item in pairs))
    if isinstance(value, (set, frozenset, list, tuple)):
        items = tuple(hashable(item) for item in cast("Iterable[object]", value))
        return frozenset(items) if isinstance(value, (set, frozenset)) else items
    return value if isinstance(value, (str, int, Table)) else OPAQUE


def contents(value: object) -> tuple[object, ...]:
    """What iterating over a container gives; one opaque element for what is no known container."""
    if isinstance(value, Table):
        return value.keys()
    if isinstance(value, (tuple, frozenset)):
        return tuple(cast("Iterable[object]", value))
    return (OPAQUE,)


def row(value: object) -> tuple[object, ...] | None:
    """The cells of a tuple; ``None`` for anything else."""
    return tuple(cast("Iterable[object]", value)) if isinstance(value, tuple) else None


def _united(left: object, right: object) -> object:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, Table) and isinstance(right, Table):
        return Table(left.entries + right.entries)
    if isinstance(left, Opaque) and isinstance(right, Opaque):
        return OPAQUE
    both = contents(left) + contents(right)
    return both if isinstance(left, tuple) else frozenset(both)
