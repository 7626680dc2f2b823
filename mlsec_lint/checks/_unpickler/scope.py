"""The names that ``find_class`` sees besides its own: attributes and methods of its class, constants and functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import libcst as cst

from mlsec_lint.checks._unpickler.literals import Constant, Literals, dotted
from mlsec_lint.checks._unpickler.values import Opaque, TooManyPathsError

_OWN: Final = frozenset({"self", "cls"})
_MAX_STEPS: Final = 10_000
"""Expressions that one judgement may look at; real classes need a few hundred."""
_MAX_CHARACTERS: Final = 20_000
"""Longer functions are not followed: an expression is printed for each of its parts."""


class Scope:
    """Where names are looked up.

    ``attributes`` are the expressions assigned in the class body, or to ``self`` in a method.
    """

    def __init__(
        self,
        class_name: str,
        attributes: Mapping[str, cst.BaseExpression],
        methods: Mapping[str, cst.FunctionDef],
        outer: Constant,
        functions: Callable[[str], cst.FunctionDef | None],
    ) -> None:
        self.class_name = class_name
        self.attributes = attributes
        self.methods = methods
        self.literals = Literals(self.constant)
        self._outer = outer
        self._functions = functions
        self._open: set[str] = set()
        self._steps = 0
        self._sizes: dict[int, int] = {}

    def step(self) -> None:
        """Count one expression. Raises ``TooManyPathsError`` when a hostile text has had enough of them."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise TooManyPathsError

    def fits(self, function: cst.FunctionDef) -> bool:
        """Whether a function is short enough to be followed."""
        size = self._sizes.get(id(function))
        if size is None:
            size = self._sizes[id(function)] = len(cst.Module([]).code_for_node(function))
        return size <= _MAX_CHARACTERS

    def constant(self, name: str) -> object | None:
        """The value of a name as written: an attribute of the class if it says so, else a constant of the project."""
        head, _, rest = name.partition(".")
        if not rest or head not in _OWN | {self.class_name}:
            return self._outer(name)
        node = self.attributes.get(rest)
        if node is None:
            return self._outer(f"{self.class_name}.{rest}")
        if rest in self._open:
            return None  # defined by itself
        self._open.add(rest)
        try:
            value = self.literals.read(node)
        finally:
            self._open.discard(rest)
        return None if isinstance(value, Opaque) else value

    def function(self, node: cst.BaseExpression) -> cst.FunctionDef | None:
        """The function that a call's ``func`` means, if it is a method of this class or known to the caller."""
        name = dotted(node)
        head, _, rest = name.partition(".")
        if rest and head in _OWN | {self.class_name}:
            found = self.methods.get(rest)
        else:
            found = self._functions(name) if name else None
        return found if found is not None and self.fits(found) else None


def scope_of(class_def: cst.ClassDef, constant: Constant, functions: Callable[[str], cst.FunctionDef | None]) -> Scope:
    """The scope of the methods of a class."""
    attributes: dict[str, cst.BaseExpression] = {}
    methods: dict[str, cst.FunctionDef] = {}
    for statement in statements(class_def.body):
        if isinstance(statement, cst.FunctionDef):
            methods[statement.name.value] = statement
        else:
            attributes.update(_assigned(statement, ""))
    for method in methods.values():
        for statement in statements(method.body):
            for name, value in _assigned(statement, "self."):
                attributes.setdefault(name, value)
    return Scope(class_def.name.value, attributes, methods, constant, functions)


def _assigned(statement: cst.CSTNode, prefix: str) -> Iterator[tuple[str, cst.BaseExpression]]:
    if isinstance(statement, cst.Assign):
        targets: list[cst.BaseExpression] = [target.target for target in statement.targets]
    elif isinstance(statement, cst.AnnAssign):
        targets = [statement.target]
    else:
        return
    for target in targets:
        name = dotted(target)
        if statement.value is not None and name.startswith(prefix) and name.count(".") == prefix.count("."):
            yield name.removeprefix(prefix), statement.value


def statements(body: cst.BaseSuite) -> Iterator[cst.CSTNode]:
    """The statements of a block and of the blocks under ``if``, ``try`` and ``with`` in it, simple ones one by one."""
    inner: Sequence[cst.CSTNode] = body.body
    for statement in inner:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from statement.body
        elif isinstance(statement, cst.If):
            yield from statements(statement.body)
            if statement.orelse is not None:
                yield from statements(statement.orelse.body)
        elif isinstance(statement, (cst.Try, cst.With)):
            yield from statements(statement.body)
        else:
            yield statement
