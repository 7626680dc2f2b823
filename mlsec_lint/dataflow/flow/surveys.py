"""One look at all operations of a body, before it is evaluated: what nested functions use, what decides something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mlsec_lint.dataflow.flow.heap import item_key
from mlsec_lint.dataflow.flow.labels import Key
from mlsec_lint.source import ir


@dataclass(frozen=True)
class Survey:
    """What one look at all operations of a body tells.

    ``decisive`` are the names whose values decide something here or in a function that gets them. Conditions depend on
    ``fields`` (a name, and the key of an attribute or item of it); conditions and keys depend on the names in ``free``,
    which the body takes from outside. ``classed`` are names whose class is asked for.
    """

    captured: frozenset[str] = frozenset()
    generator: bool = False
    decisive: frozenset[str] = frozenset()
    fields: frozenset[tuple[str, Key]] = frozenset()
    free: frozenset[str] = frozenset()
    classed: frozenset[str] = frozenset()


_REFLECTING: Final = frozenset(("getattr", "setattr"))


class _Look:
    """What has been seen so far, by register."""

    def __init__(self) -> None:
        self.nested: set[str] = set()
        self.generator = False
        self.passed: set[int] = set()
        self.keys: set[int] = set()
        self.asked: set[int] = set()
        self.loads: dict[int, str] = {}
        self.consts: dict[int, ir.Constant] = {}
        self.made_of: dict[int, tuple[int, ...]] = {}
        self.attributes: dict[int, tuple[int, str]] = {}
        self.items: dict[int, tuple[int, int]] = {}
        self.composed: dict[int, tuple[int, ...]] = {}
        self.reflected: list[tuple[int, int]] = []
        self.called: dict[int, int] = {}
        self.matched: set[int] = set()

    def load(self, op: ir.Load) -> None:
        self.loads[op.dst] = op.name

    def const(self, op: ir.Const) -> None:
        self.consts[op.dst] = op.value

    def call(self, op: ir.Call | ir.Method) -> None:
        self.passed.update(arg.src for arg in op.args)
        if isinstance(op, ir.Call) and len(op.args) > 1:
            self.reflected.append((op.func, op.args[1].src))
        if isinstance(op, ir.Call) and op.args:
            self.called[op.args[0].src] = op.func
        if isinstance(op, ir.Method) and op.name == "get" and op.args:
            self.items[op.dst] = op.obj, op.args[0].src

    def binary(self, op: ir.Binary) -> None:
        self.composed[op.dst] = op.left, op.right

    def format(self, op: ir.Format) -> None:
        self.composed[op.dst] = op.parts

    def function(self, op: ir.Function) -> None:
        from mlsec_lint.dataflow.flow.code import free_names

        self.nested |= free_names(op.body)

    def yielded(self, _op: ir.Yield) -> None:
        self.generator = True

    def attribute(self, op: ir.Attribute) -> None:
        self.attributes[op.dst] = op.obj, f".{op.name}"

    def item(self, op: ir.Item) -> None:
        self.keys.add(op.key)
        self.items[op.dst] = op.obj, op.key

    def keyed(self, op: ir.SetItem | ir.Accumulate) -> None:
        self.keys.add(op.key)

    def compare(self, op: ir.Compare) -> None:
        self.made_of[op.dst] = op.left, op.right

    def about(self, op: ir.Unary | ir.Shape | ir.InstanceOf) -> None:
        self.made_of[op.dst] = (op.src,)
        if isinstance(op, ir.InstanceOf):
            self.matched.add(op.src)

    def shortcut(self, op: ir.Shortcut) -> None:
        self.made_of[op.dst] = op.left, op.right
        self.asked.add(op.left)

    def branch(self, op: ir.If | ir.Choose) -> None:
        self.asked.add(op.test)

    def match(self, op: ir.Match) -> None:
        self.asked.update(register for case in op.cases for register in (case.test, case.condition))

    def below(self, registers: set[int]) -> set[int]:
        """The registers and those that they are worked out from by comparisons."""
        found = set(registers)
        for _ in range(4):
            more = {src for dst in found & self.made_of.keys() for src in self.made_of[dst]} - found
            if not more:
                break
            found |= more
        return found

    def parts_of_names(self) -> set[int]:
        """What the names of attributes are put together from: it decides which attribute is meant."""
        named = [name for func, name in self.reflected if self.loads.get(func) in _REFLECTING]
        return {part for name in named for part in self.composed.get(name, ())}

    def names(self, registers: set[int]) -> frozenset[str]:
        """The names that were loaded into some of the registers."""
        return frozenset(self.loads[register] for register in registers if register in self.loads)

    def classed(self) -> frozenset[str]:
        """The names whose class is asked for."""
        asked = {src for src, func in self.called.items() if self.loads.get(func) == "isinstance"}
        return self.names(asked | self.matched)

    def fields(self, registers: set[int]) -> frozenset[tuple[str, Key]]:
        """The attributes and constant items of names that were read into some of the registers."""
        found: set[tuple[str, Key]] = set()
        for register in registers:
            obj, key = self.attributes.get(register, (-1, ""))
            if obj in self.loads:
                found.add((self.loads[obj], key))
            holder, index = self.items.get(register, (-1, -1))
            if holder in self.loads and index in self.consts:
                found.add((self.loads[holder], item_key(self.consts[index])))
        return frozenset(found)


def _table() -> Mapping[type[ir.Op], Callable[[_Look, Any], None]]:
    return {
        ir.Load: _Look.load,
        ir.Const: _Look.const,
        ir.Call: _Look.call,
        ir.Method: _Look.call,
        ir.Function: _Look.function,
        ir.Yield: _Look.yielded,
        ir.Attribute: _Look.attribute,
        ir.Item: _Look.item,
        ir.SetItem: _Look.keyed,
        ir.Accumulate: _Look.keyed,
        ir.Binary: _Look.binary,
        ir.Format: _Look.format,
        ir.Compare: _Look.compare,
        ir.Unary: _Look.about,
        ir.Shape: _Look.about,
        ir.InstanceOf: _Look.about,
        ir.Shortcut: _Look.shortcut,
        ir.If: _Look.branch,
        ir.Choose: _Look.branch,
        ir.Match: _Look.match,
    }


_LOOKS: Final = _table()

_HOLDERS: Final = frozenset((ir.If, ir.Choose, ir.Loop, ir.Try, ir.Match, ir.With, ir.Shortcut, ir.Class))
"""Operations that hold blocks; all the others need no further look."""


def survey(ops: ir.Block, body: ir.Body) -> Survey:
    """The names that nested functions use, whether values are yielded, and what decides something."""
    from mlsec_lint.dataflow.flow.code import blocks_of

    look = _Look()
    pending = list(ops)
    while pending:
        op = pending.pop()
        see = _LOOKS.get(type(op))
        if see is not None:
            see(look, op)
        if type(op) in _HOLDERS:
            for block in blocks_of(op):
                pending.extend(block)
    asked = look.below(look.asked)
    decisive = look.names(look.below(asked | look.keys | look.passed | look.parts_of_names()))
    captured = frozenset(look.nested & body.binds) if body.kind != "module" else frozenset[str]()
    free = look.names(asked | look.keys) - body.binds
    return Survey(captured, look.generator, decisive, look.fields(asked), free, look.classed())
