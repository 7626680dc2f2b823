"""Structured control flow: operations that hold blocks, and what conditions say about names."""

from __future__ import annotations

from msgspec import Struct

from mlsec_lint.source.ir_base import Block, Constant, Op, Register


class Refinement(Struct, gc=False):
    """What a condition says about a name where it holds: ``op`` is ``truthy``, ``==``, ``!=``, ``is`` or ``is not``."""

    name: str
    op: str
    value: Constant = None


class If(Op):
    """A branch. ``holds`` is known of names in ``then``, ``fails`` in ``orelse``."""

    test: Register
    then: Block
    orelse: Block
    holds: tuple[Refinement, ...]
    fails: tuple[Refinement, ...]


class Choose(Op):
    """``dst`` is ``then_value if test else else_value``; each side has its own operations."""

    dst: Register
    test: Register
    then: Block
    then_value: Register
    orelse: Block
    else_value: Register
    holds: tuple[Refinement, ...]
    fails: tuple[Refinement, ...]


class Shortcut(Op):
    """``dst`` is ``left op right`` for ``and``/``or``; ``block`` computes ``right``."""

    dst: Register
    op: str
    left: Register
    block: Block
    right: Register


class Loop(Op):
    """``head`` runs before each round (test, or next element), then ``body``; ``orelse`` when it ends by itself."""

    head: Block
    body: Block
    orelse: Block
    test: Register


class Handler(Struct, gc=False):
    """One ``except`` clause, binding included in its block."""

    block: Block


class Try(Op):
    """``try`` with its handlers; ``final`` runs on every way out."""

    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block
    final: Block


class With(Op):
    """The body of a ``with``; one of the ``managers`` may swallow an exception that leaves it."""

    managers: tuple[Register, ...]
    body: Block


class Case(Struct, gc=False):
    """One case: ``pattern`` works out ``test``; if it holds, ``binds`` runs and works out ``condition``, the guard.

    ``holds`` and ``fails`` are what the pattern says of names, ``guarded`` and ``refused`` what the guard says.
    """

    pattern: Block
    test: Register
    binds: Block
    condition: Register
    block: Block
    holds: tuple[Refinement, ...] = ()
    fails: tuple[Refinement, ...] = ()
    guarded: tuple[Refinement, ...] = ()
    refused: tuple[Refinement, ...] = ()


class Match(Op):
    """``match``: the first case that fits runs, or none."""

    cases: tuple[Case, ...]


class Caught(Op):
    """``dst`` is the exception that a handler was entered with."""

    dst: Register


class Return(Op):
    """``return src``."""

    src: Register
    at: int = -1
    end: int = -1


class Yield(Op):
    """``yield src``; ``delegate`` for ``yield from``."""

    dst: Register
    src: Register
    delegate: bool
    at: int = -1
    end: int = -1


class Raise(Op):
    """Leaves the block with an exception."""

    src: Register
    at: int = -1
    end: int = -1


class Jump(Op):
    """``break`` or ``continue``."""

    kind: str


class Import(Op):
    """``import module``; without ``alias`` the first part of the dotted name is bound."""

    module: str
    alias: str


class ImportFrom(Op):
    """``from module import name``; ``level`` counts the leading dots; ``name`` is ``*`` for a star import."""

    module: str
    level: int
    name: str
    alias: str
