"""What the analysis needs of a body to evaluate it: its operations, parameters, scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.values import CodeKey
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.source.project import Module


@dataclass(eq=False)
class Code:
    """A body of the project. ``enclosing`` are the function bodies around it, from the outermost inward."""

    module: Module
    body: ir.Body
    params: tuple[ir.Param, ...] = ()
    owner: CodeKey | None = None
    enclosing: tuple[Code, ...] = ()
    _ops: ir.Block | None = field(default=None, repr=False)

    @property
    def key(self) -> CodeKey:
        """Names the body in the whole project."""
        return (self.module.path, self.body.at if self.body.kind != "module" else -1)

    @property
    def ops(self) -> ir.Block:
        """The operations, lowered now if they are not yet."""
        if self.body.kind != "module":
            self.module.lower(self.body)
        return self.body.block or []

    @cached_property
    def captured(self) -> frozenset[str]:
        """Names of this body that functions nested in it read or write."""
        if self.body.kind == "module":
            return frozenset()
        ops = self.ops
        free: set[str] = set()
        for op in all_ops(ops):
            if isinstance(op, ir.Function):
                free |= _free(op.body)
        return frozenset(free & self.body.binds)

    @cached_property
    def generator(self) -> bool:
        """Whether calling the function makes a generator."""
        return any(isinstance(op, ir.Yield) for op in all_ops(self.ops))

    @cached_property
    def decisive(self) -> frozenset[int]:
        """The parameters on which conditions depend: only these are worth specialising on."""
        tested: set[int] = set()
        loads: dict[int, str] = {}
        compared: dict[int, tuple[int, ...]] = {}
        for op in all_ops(self.ops):
            if isinstance(op, ir.Load):
                loads[op.dst] = op.name
            elif isinstance(op, ir.Compare):
                compared[op.dst] = (op.left, op.right)
            elif isinstance(op, ir.Unary):
                compared[op.dst] = (op.src,)
            elif isinstance(op, ir.Shortcut):
                compared[op.dst] = (op.left, op.right)
                tested.add(op.left)
            elif isinstance(op, (ir.If, ir.Choose)):
                tested.add(op.test)
            elif isinstance(op, (ir.Item, ir.SetItem, ir.Accumulate)):
                tested.add(op.key)
            elif isinstance(op, (ir.Call, ir.Method)):
                tested.update(arg.src for arg in op.args)
            elif isinstance(op, ir.Match):
                tested.update(loads)
        for _ in range(4):
            tested |= {src for dst in tested & compared.keys() for src in compared[dst]}
        names = {loads[register] for register in tested if register in loads}
        return frozenset(i for i, param in enumerate(self.params) if param.name in names and not param.kind)


def all_ops(ops: ir.Block) -> Iterator[ir.Op]:
    """Every operation of a block and of the blocks in it; functions defined in it stay closed."""
    pending = list(reversed(ops))
    while pending:
        op = pending.pop()
        yield op
        for block in reversed(blocks_of(op)):
            pending.extend(reversed(block))


def blocks_of(op: ir.Op) -> list[ir.Block]:
    """The blocks that an operation holds."""
    if isinstance(op, (ir.If, ir.Choose)):
        return [op.then, op.orelse]
    if isinstance(op, ir.Loop):
        return [op.head, op.body, op.orelse]
    if isinstance(op, ir.Try):
        return [op.body, *(h.block for h in op.handlers), op.orelse, op.final]
    if isinstance(op, ir.Match):
        return list(op.cases)
    if isinstance(op, ir.With):
        return [op.body]
    if isinstance(op, (ir.Shortcut, ir.Class)):
        return [op.block]
    return []


def _free(body: ir.Body) -> set[str]:
    """The names that a nested function takes from the scopes around it."""
    found = set(body.nonlocals)
    for op in all_ops(body.block or []):
        if isinstance(op, ir.Load) and op.name not in body.binds:
            found.add(op.name)
        elif isinstance(op, ir.Function):
            found |= _free(op.body) - body.binds
    return found
