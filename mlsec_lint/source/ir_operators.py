"""Operators, and the strings that are formatted."""

from __future__ import annotations

from mlsec_lint.source.ir_base import Op, Register


class Binary(Op):
    """``dst`` is ``left op right``; ``inplace`` for ``left op= right``."""

    dst: Register
    op: str
    left: Register
    right: Register
    at: int = -1
    inplace: bool = False


class Unary(Op):
    """``dst`` is ``op src``."""

    dst: Register
    op: str
    src: Register


class Compare(Op):
    """``dst`` is the truth of ``left op right``."""

    dst: Register
    op: str
    left: Register
    right: Register


class Format(Op):
    """``dst`` is the string that an f-string or adjacent literals make of ``parts``."""

    dst: Register
    parts: tuple[Register, ...]
