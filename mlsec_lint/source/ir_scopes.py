"""What has a scope of its own: bodies, and the operations that make functions and classes."""

from __future__ import annotations

from msgspec import Struct

from mlsec_lint.source.gaps import Gap
from mlsec_lint.source.ir_base import NONE, Block, Op, Register


class Param(Struct, gc=False):
    """A parameter: ``kind`` is ``""``, ``"*"`` or ``"**"``; ``keyword_only`` parameters have no position."""

    name: str
    kind: str
    keyword_only: bool
    default: Register
    annotation: Register


class Function(Op):
    """``dst`` is a function or lambda; defaults and annotations are registers of the enclosing body."""

    dst: Register
    body: Body
    params: tuple[Param, ...]
    decorators: tuple[Register, ...]


class Class(Op):
    """``dst`` is a class; ``block`` runs in the class scope.

    ``fields`` are the names that the class body annotates, in order, and ``types`` the classes that the annotations
    name; ``metaclass`` is what the keyword names, ``keywords`` are the others.
    """

    dst: Register
    name: str
    bases: tuple[Register, ...]
    block: Block
    at: int
    end: int
    decorators: tuple[Register, ...] = ()
    fields: tuple[str, ...] = ()
    types: tuple[Register, ...] = ()
    metaclass: Register = NONE
    keywords: tuple[tuple[str, Register], ...] = ()


class Body(Struct, gc=False, eq=False):
    """A lowered scope. ``block`` is ``None`` until somebody needs the inside of the function."""

    name: str
    qualname: str
    kind: str
    at: int
    end: int
    inside: int = 0
    block: Block | None = None
    binds: frozenset[str] = frozenset()
    globals: frozenset[str] = frozenset()
    nonlocals: frozenset[str] = frozenset()
    registers: int = 0
    operations: int = 0
    owner: str = ""
    gaps: tuple[Gap, ...] = ()
