"""The class statements of modules, so that a class can be known before its module has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.code import all_ops
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.values import CodeKey


class ClassStatements:
    """The class statements of all modules met so far, read when somebody asks."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._ops: dict[str, dict[int, ir.Class]] = {}

    def class_op(self, key: CodeKey) -> ir.Class | None:
        """The statement that makes a class; none if no module makes it at its top level."""
        return self.ops_of(key[0]).get(key[1])

    def ops_of(self, path: str) -> dict[int, ir.Class]:
        """The class statements of a module by their place, in source order."""
        ops = self._ops.get(path)
        if ops is None:
            module = self._solver.project.module(path)
            ops = {}
            if module is not None:
                ops = {op.at: op for op in all_ops(module.body.block or []) if isinstance(op, ir.Class)}
            self._ops[path] = ops
        return ops


def before(ops: ir.Block, op: ir.Class) -> list[ir.Op]:
    """The operations that compute the bases and decorators of a class: names, attributes and calls before it."""
    wanted = {*op.bases, *op.decorators, op.metaclass, *(register for _, register in op.keywords)}
    made: dict[int, ir.Op] = {}
    for each in all_ops(ops):
        if each is op:
            break
        dst = getattr(each, "dst", None)
        if isinstance(dst, int):
            made[dst] = each
    needed: dict[int, ir.Op] = {}
    pending = [w for w in wanted if w in made]
    while pending and len(needed) < 60:
        register = pending.pop()
        each = made.get(register)
        if each is None or register in needed:
            continue
        if isinstance(each, (ir.Load, ir.Const)):
            needed[register] = each
        elif isinstance(each, ir.Attribute):
            needed[register] = each
            pending.append(each.obj)
        elif isinstance(each, (ir.Call, ir.Method)):
            needed[register] = each
            pending.append(each.func if isinstance(each, ir.Call) else each.obj)
            pending += [a.src for a in each.args]
    return [needed[register] for register in sorted(needed)]
