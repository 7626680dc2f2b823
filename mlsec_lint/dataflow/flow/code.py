"""What the analysis needs of a body to evaluate it: its operations, parameters, scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.labels import Key
from mlsec_lint.dataflow.flow.surveys import Survey, survey
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
    def survey(self) -> Survey:
        """What one look at all operations tells."""
        return survey(self.ops, self.body) if self.body.kind != "module" else Survey()

    @property
    def captured(self) -> frozenset[str]:
        """Names of this body that functions nested in it read or write."""
        return self.survey.captured

    @property
    def generator(self) -> bool:
        """Whether calling the function makes a generator."""
        return self.survey.generator

    @cached_property
    def classed(self) -> tuple[int, ...]:
        """The parameters whose class is asked for: worth telling apart by the class of what is passed."""
        names = self.survey.classed
        return tuple(i for i, param in enumerate(self.params) if param.name in names and not param.kind)

    @cached_property
    def decisive_fields(self) -> tuple[tuple[int, Key], ...]:
        """The fields and items of parameters on which conditions depend."""
        positions = {param.name: index for index, param in enumerate(self.params) if param.kind != "*"}
        fields = sorted(self.survey.fields, key=repr)
        return tuple((positions[name], key) for name, key in fields if name in positions)

    @cached_property
    def decisive_captured(self) -> tuple[tuple[int, Key], ...]:
        """The variables of enclosing functions on which conditions and keys depend, with their level."""
        found: list[tuple[int, Key]] = []
        for name in sorted(self.survey.free) if self.enclosing else ():
            levels = [level for level, outer in enumerate(self.enclosing) if name in outer.body.binds]
            if levels and name not in self.body.globals:
                found.append((levels[-1], f"={name}"))
        return tuple(found)

    @cached_property
    def decisive(self) -> tuple[int, ...]:
        """The parameters on which conditions depend: only these are worth specialising on."""
        names = self.survey.decisive
        return tuple(i for i, param in enumerate(self.params) if param.name in names and not param.kind)


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
        return [block for case in op.cases for block in (case.pattern, case.binds, case.block)]
    if isinstance(op, ir.With):
        return [op.body]
    if isinstance(op, (ir.Shortcut, ir.Class)):
        return [op.block]
    return []


def rebound_later(ops: ir.Block) -> frozenset[str]:
    """The names that one way through a block binds more than once; branches that exclude each other count as one."""
    found: set[str] = set()
    pending = [ops]
    while pending:
        seen: dict[str, bool] = {}
        for op in pending.pop():
            bound = _bound_by(op)
            package = isinstance(op, ir.Import)
            for name in bound:
                if name in seen and not (package and seen[name]):
                    found.add(name)
                seen[name] = package
            if isinstance(op, ir.Loop):
                found |= bound
            if not isinstance(op, ir.Class):
                pending.extend(blocks_of(op))
    return frozenset(found)


def _bound_by(op: ir.Op) -> set[str]:
    """The names that an operation binds, with the blocks in it."""
    found: set[str] = set()
    for each in all_ops([op]) if not isinstance(op, ir.Class) else ():
        if isinstance(each, ir.Store):
            found.add(each.name)
        elif isinstance(each, ir.Import):
            found.add(each.alias or each.module.partition(".")[0])
        elif isinstance(each, ir.ImportFrom):
            found.add(each.alias)
    return found


def free_names(body: ir.Body) -> set[str]:
    """The names that a nested function takes from the scopes around it."""
    found = set(body.nonlocals)
    for op in all_ops(body.block or []):
        if isinstance(op, ir.Load) and op.name not in body.binds:
            found.add(op.name)
        elif isinstance(op, ir.Function):
            found |= free_names(op.body) - body.binds
    return found
