"""The intermediate representation that bodies are lowered to and that the dataflow evaluates.

One :class:`Body` per module, function and lambda; class bodies and comprehensions are inlined in the scope that runs
them. Values live in registers, numbered per body and assigned once outside loops. Control flow stays structured
(``If``, ``Loop``, ``Try`` hold blocks, see ``ir_control``), so joins happen at known places. Sites are byte spans
``at``..``end`` of the decoded UTF-8 text of the file.
"""

from __future__ import annotations

from msgspec import Struct

from mlsec_lint.source.ir_base import NONE, Block, Constant, Op, Register
from mlsec_lint.source.ir_containers import Accumulate, Build, Element, Item, Iterate, SetItem, Slice, Unpack
from mlsec_lint.source.ir_control import (
    Case,
    Caught,
    Choose,
    Handler,
    If,
    Import,
    ImportFrom,
    Jump,
    Loop,
    Match,
    Raise,
    Refinement,
    Return,
    Shortcut,
    Try,
    With,
    Yield,
)
from mlsec_lint.source.ir_operators import Binary, Compare, Format, Unary
from mlsec_lint.source.ir_scopes import Body, Class, Function, Param

__all__ = [
    "NONE",
    "Accumulate",
    "Arg",
    "Attribute",
    "Binary",
    "Block",
    "Body",
    "Build",
    "Call",
    "Case",
    "Caught",
    "Choose",
    "Class",
    "Compare",
    "Const",
    "Constant",
    "Delete",
    "Element",
    "Enter",
    "Format",
    "Function",
    "Handler",
    "If",
    "Import",
    "ImportFrom",
    "InstanceOf",
    "Item",
    "Iterate",
    "Jump",
    "Load",
    "Loop",
    "Match",
    "Method",
    "Op",
    "Opaque",
    "Param",
    "Positional",
    "Raise",
    "Refinement",
    "Register",
    "Return",
    "SetAttribute",
    "SetItem",
    "Shape",
    "Shortcut",
    "Slice",
    "Store",
    "Try",
    "Unary",
    "Unpack",
    "With",
    "Yield",
    "imports_in",
]


def imports_in(block: Block) -> Block:
    """The imports directly in a block. One that never runs still says what names mean: ``if TYPE_CHECKING:``."""
    return [op for op in block if isinstance(op, (Import, ImportFrom))]


class Const(Op):
    """``dst`` is a literal."""

    dst: Register
    value: Constant


class Opaque(Op):
    """``dst`` is something the lowering does not describe, derived from ``sources``."""

    dst: Register
    sources: tuple[Register, ...]


class Load(Op):
    """``dst`` is the value of a name."""

    dst: Register
    name: str


class Store(Op):
    """A name is bound."""

    name: str
    src: Register
    at: int
    end: int


class Attribute(Op):
    """``dst`` is ``obj.name``."""

    dst: Register
    obj: Register
    name: str
    at: int
    end: int


class SetAttribute(Op):
    """``obj.name = src``."""

    obj: Register
    name: str
    src: Register
    at: int
    end: int


class Delete(Op):
    """``del name``, ``del obj[key]`` or ``del obj.name`` (a name and an object)."""

    name: str
    obj: Register = NONE
    key: Register = NONE


class Shape(Op):
    """``dst`` is whether ``src`` is a ``mapping``, or a ``sequence`` of ``count`` elements (or of ``more``)."""

    dst: Register
    src: Register
    kind: str
    count: int
    more: bool


class InstanceOf(Op):
    """``dst`` is whether ``src`` is an instance of ``cls``."""

    dst: Register
    src: Register
    cls: Register


class Positional(Op):
    """``dst`` is the attribute of ``obj`` that a class pattern of ``cls`` reads at a position."""

    dst: Register
    obj: Register
    cls: Register
    index: int


class Arg(Struct, gc=False):
    """One argument: ``kind`` is ``""`` (positional or, with a name, keyword), ``"*"`` or ``"**"``."""

    src: Register
    name: str
    kind: str
    at: int
    end: int


class Call(Op):
    """``dst`` is ``func(args)``."""

    dst: Register
    func: Register
    args: tuple[Arg, ...]
    at: int
    end: int


class Method(Op):
    """``dst`` is ``obj.name(args)``; its own operation, because the receiver decides what it means."""

    dst: Register
    obj: Register
    name: str
    args: tuple[Arg, ...]
    at: int
    end: int


class Enter(Op):
    """``dst`` is what ``with src as dst`` binds; without ``named``, nothing is bound to it."""

    dst: Register
    src: Register
    named: bool = True
