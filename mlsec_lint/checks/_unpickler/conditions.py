"""Conditions of ``find_class`` as tests of the module and name that a pickle asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import libcst as cst

from mlsec_lint.checks._unpickler.expressions import Env, Evaluator
from mlsec_lint.checks._unpickler.literals import contents, dotted, row
from mlsec_lint.checks._unpickler.shapes import elements, snippet, unpacked
from mlsec_lint.checks._unpickler.values import (
    OPAQUE,
    All,
    Any,
    Atom,
    Cases,
    Decision,
    Entry,
    Fixed,
    Imported,
    Known,
    Lookup,
    Not,
    Pair,
    Table,
    Test,
    Text,
    Unknown,
    Value,
    origin_of,
)

Follow: TypeAlias = "Callable[[cst.Call, Env], Cases | None]"
"""The answers of a function of the project to a call in a condition; ``None`` if it is not to be seen."""

_TYPE_TESTS: Final = frozenset({"isinstance", "issubclass", "callable", "hasattr", "type"})
_STRING_TESTS: Final = frozenset(
    {
        "startswith",
        "endswith",
        "match",
        "fullmatch",
        "search",
        "fnmatch",
        "fnmatchcase",
        "find",
        "isidentifier",
        "count",
    }
)
_NOT_A_LIST: Final = frozenset({"sys.modules", "__builtins__"})


class Conditions:
    """Reads conditions; a call of a function that the project defines is handed to ``follow``."""

    def __init__(self, evaluator: Evaluator, follow: Follow) -> None:
        self._evaluator = evaluator
        self._follow = follow

    def test(self, node: cst.BaseExpression, env: Env) -> Test:
        """What an expression tests when it stands in a condition."""
        if isinstance(node, cst.BooleanOperation):
            kind = All if isinstance(node.operator, cst.And) else Any
            return kind((self.test(node.left, env), self.test(node.right, env)))
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
            return Not(self.test(node.expression, env))
        if isinstance(node, cst.Comparison):
            return self._comparison(node, env)
        if isinstance(node, cst.Call):
            return self._call(node, env)
        if isinstance(node, cst.Name) and node.value in {"True", "False"}:
            return Fixed(node.value == "True")
        return self._truth(self._evaluator.value(node, env), node)

    def _truth(self, value: Value, node: cst.BaseExpression) -> Test:
        """Whether a value is one that counts as true: for what a table holds, whether it holds anything."""
        if isinstance(value, Decision):
            return value.test
        if isinstance(value, Entry):
            return member(value.key, value.table)
        if isinstance(value, Text):
            return Atom("loose", value, snippet(node))
        if isinstance(value, Unknown) and value.text in {"True", "False", "None"}:
            return Fixed(value.text == "True")
        return Atom("option", None, snippet(node))

    def _comparison(self, node: cst.Comparison, env: Env) -> Test:
        parts: list[Test] = []
        left = node.left
        for target in node.comparisons:
            parts.append(self._compared(left, target.operator, target.comparator, env))
            left = target.comparator
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _compared(
        self, left: cst.BaseExpression, operator: cst.BaseCompOp, right: cst.BaseExpression, env: Env
    ) -> Test:
        a, b = self._evaluator.value(left, env), self._evaluator.value(right, env)
        text = f"{snippet(left)} {snippet(right)}"
        if isinstance(operator, (cst.In, cst.NotIn)):
            found = member(a, b, text)
        elif isinstance(operator, (cst.Equal, cst.NotEqual)):
            found = equal(a, b, text)
        elif isinstance(operator, (cst.Is, cst.IsNot)):
            nothing = isinstance(b, Unknown) and b.text == "None"
            listed = nothing and isinstance(a, Entry) and not any(value is OPAQUE for _, value in _rows(a.table))
            found = Not(member(a.key, a.table)) if listed and isinstance(a, Entry) else Atom("option", None, text)
        else:
            found = _loose(a, b, text)
        return Not(found) if isinstance(operator, (cst.NotIn, cst.NotEqual, cst.IsNot)) else found

    def _call(self, node: cst.Call, env: Env) -> Test:
        name = dotted(node.func)
        if name in {"any", "all"} and len(node.args) == 1:
            return self._quantified(node.args[0].value, env)
        if name == "bool" and len(node.args) == 1:
            return self.test(node.args[0].value, env)
        followed = self._follow(node, env)
        if followed is not None:
            return followed
        method = node.func.attr.value if isinstance(node.func, cst.Attribute) else name
        if method in {"__contains__", "issuperset"} and isinstance(node.func, cst.Attribute) and node.args:
            asked = self._evaluator.value(node.args[0].value, env)
            return member(asked, self._evaluator.value(node.func.value, env), snippet(node))
        value = self._evaluator.value(node, env)
        if isinstance(value, (Decision, Entry)):
            return self._truth(value, node)
        origin = self._evaluator.mentions(node, env)
        if not origin or name in _TYPE_TESTS:
            return Atom("option", None, snippet(node))
        subject = self._subject(node, env) or Text(origin, snippet(node))
        values = self._prefixes(node, env) if method == "startswith" else None
        return Atom("loose" if method in _STRING_TESTS else "asked", subject, snippet(node), values)

    def _prefixes(self, node: cst.Call, env: Env) -> frozenset[object] | None:
        value = self._evaluator.value(node.args[0].value, env) if node.args else None
        if not isinstance(value, Known):
            return None
        items = (value.content,) if isinstance(value.content, str) else contents(value.content)
        return frozenset[object](item for item in items if isinstance(item, str))

    def _subject(self, node: cst.Call, env: Env) -> Value | None:
        """What a call in a condition is about: its receiver or its first argument that has to do with the question."""
        candidates = [node.func.value] if isinstance(node.func, cst.Attribute) else []
        candidates += [arg.value for arg in node.args]
        values = [self._evaluator.value(candidate, env) for candidate in candidates]
        about = [value for value in values if origin_of(value)]
        return about[0] if len(about) == 1 else None

    def _quantified(self, node: cst.BaseExpression, env: Env) -> Test:
        """``any(... for x in ...)``, as if for one element: which one does not matter to what is allowed."""
        if not isinstance(node, (cst.GeneratorExp, cst.ListComp, cst.SetComp)):
            return self._truth(self._evaluator.value(node, env), node)
        inner = dict(env)
        loop: cst.CompFor | None = node.for_in
        tests: list[Test] = []
        while loop is not None:
            bind(loop.target, elements(self._evaluator.value(loop.iter, inner)), inner)
            tests += [self.test(condition.test, inner) for condition in loop.ifs]
            loop = loop.inner_for_in
        return All((*tests, self.test(node.elt, inner)))


def bind(target: cst.BaseExpression, value: Value, env: Env) -> None:
    """Give the names of an assignment or loop target their values."""
    if isinstance(target, cst.Name):
        env[target.value] = value
    elif isinstance(target, (cst.Tuple, cst.List)):
        inner = [element.value for element in target.elements]
        for part, item in zip(inner, unpacked(value, len(inner)), strict=True):
            bind(part, item, env)


def member(subject: Value, container: Value, text: str = "") -> Test:
    """The test ``subject in container``."""
    named = container.text if isinstance(container, (Known, Unknown)) else text
    if isinstance(container, Imported) or (isinstance(container, Unknown) and container.text in _NOT_A_LIST):
        return Atom("option", None, text)
    if isinstance(subject, Known) and isinstance(container, Entry):
        return _keys_with(subject, container)
    if not origin_of(subject):
        return _loose(subject, container, text)
    if isinstance(container, Entry):
        named = container.table.text if isinstance(container.table, (Known, Unknown)) else text
        return Atom("member", Pair(container.key, subject), named, _entry_pairs(container.table))
    if isinstance(subject, Lookup) or origin_of(container) or not isinstance(container, (Known, Unknown)):
        return _loose(subject, container, text)
    if isinstance(container, Unknown):
        return Atom("member", subject, named)
    if isinstance(container.content, str):
        return Atom("loose", subject, text)  # part of a string
    items: Iterable[object] = contents(container.content)
    if container.member:
        items = [inner for item in items for inner in contents(item)]
    return Atom("member", subject, named, _values(subject, items))


def equal(left: Value, right: Value, text: str = "") -> Test:
    """The test ``left == right``."""
    for subject, other in ((left, right), (right, left)):
        if isinstance(other, Entry) and isinstance(subject, Text):
            pairs = {(k, v) for k, v in _rows(other.table) if isinstance(v, str)}
            return Atom("member", Pair(other.key, subject), text, frozenset[object](pairs) or None)
        if isinstance(subject, (Text, Pair)) and isinstance(other, Known):
            items = contents(other.content) if other.member else (other.content,)
            return Atom("member", subject, other.text, _values(subject, items))
        if isinstance(subject, (Text, Pair)) and isinstance(other, Unknown):
            return Atom("member", subject, other.text)
        if isinstance(subject, Entry) and not origin_of(other):
            return Atom("option", None, text)
    return _loose(left, right, text)


def _loose(left: Value, right: Value, text: str) -> Test:
    """A comparison that narrows what is asked for down to no list of names."""
    for value in (left, right):
        if origin_of(value):
            return Atom("loose", value, text)
    return Atom("option", None, text)


def _values(subject: Value, items: Iterable[object]) -> frozenset[object]:
    """The strings, or pairs for a subject of both, that a list allows."""
    if not isinstance(subject, Pair):
        return frozenset[object](item for item in items if isinstance(item, str))
    found: set[object] = set()
    for item in items:
        cells = row(item) or ()
        if isinstance(item, str) and subject.separator and subject.separator in item:
            module, _, name = item.rpartition(subject.separator)
            found.add((module, name))
        elif len(cells) == 2 and not subject.separator:
            found.add((cells[0], cells[1]))
    return frozenset(found)


def _rows(table: Value) -> list[tuple[object, object]]:
    return list(table.content.entries) if isinstance(table, Known) and isinstance(table.content, Table) else []


def _entry_pairs(table: Value) -> frozenset[object] | None:
    """The pairs that ``name in TABLE[module]`` allows; ``None`` if the table is not known."""
    if not isinstance(table, Known):
        return None
    return frozenset[object]((module, name) for module, names in _rows(table) for name in contents(names))


def _keys_with(subject: Known, container: Entry) -> Test:
    """``"*" in TABLE[module]``: the modules for which the table holds that mark."""
    rows = _rows(container.table)
    if not isinstance(container.table, Known):
        return Atom("loose", container.key, subject.text)
    keys = frozenset[object](key for key, names in rows if subject.content in contents(names))
    return Atom("member", container.key, container.table.text, keys) if keys else Fixed(False)
