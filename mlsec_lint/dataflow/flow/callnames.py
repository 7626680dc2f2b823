"""The names of bodies in a graph of calls: ``pkg.module.Class.method``, ``pkg.module.function.<lambda1>``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.code import Code, all_ops
from mlsec_lint.dataflow.flow.values import CodeKey
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.calllog import Callee
    from mlsec_lint.dataflow.flow.solver import Solver

_LAMBDA: Final = "<lambda>"
_BUILTINS: Final = "builtins."
BUILTIN: Final = "<builtin>."


def module_name(path: str) -> str:
    """The name by which a module is imported from the root of the project (or from its ``src``)."""
    parts = path.removeprefix("src/").rsplit(".", 1)[0].split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


class CallNames:
    """Names bodies; lambdas of one scope are numbered in source order."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._names: dict[CodeKey, str] = {}
        self._numbers: dict[CodeKey, dict[int, int]] = {}

    def of(self, callee: Callee) -> str:
        """The name of a body, or of something outside the project."""
        if isinstance(callee, str):
            return BUILTIN + callee.removeprefix(_BUILTINS) if callee.startswith(_BUILTINS) else callee
        known = self._names.get(callee)
        if known is None:
            code = self._solver.codes.get(callee)
            known = self._names[callee] = self._name(code) if code is not None else module_name(callee[0])
        return known

    def _name(self, code: Code) -> str:
        body = code.body
        if body.kind == "module":
            return module_name(code.module.path)
        outer = code.enclosing[-1] if code.enclosing else None
        if outer is None:
            name = f"{module_name(code.module.path)}.{body.qualname}"
        else:
            name = f"{self.of(outer.key)}{body.qualname.removeprefix(outer.body.qualname)}"
        if body.kind == "lambda":
            name = f"{name.removesuffix(_LAMBDA)}<lambda{self._number(code, outer)}>"
        return name

    def _number(self, code: Code, outer: Code | None) -> int:
        key = outer.key if outer is not None else (code.module.path, -1)
        numbers = self._numbers.get(key)
        if numbers is None:
            ops = outer.ops if outer is not None else code.module.body.block or []
            numbers = self._numbers[key] = _numbered(ops)
        return numbers.get(code.body.at, 0)


def _numbered(ops: ir.Block) -> dict[int, int]:
    lambdas = [op.body for op in all_ops(ops) if isinstance(op, ir.Function) and op.body.kind == "lambda"]
    counts: dict[str, int] = {}
    numbers: dict[int, int] = {}
    for body in sorted(lambdas, key=lambda each: each.at):
        numbers[body.at] = counts[body.qualname] = counts.get(body.qualname, 0) + 1
    return numbers
