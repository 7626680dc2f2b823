"""Containers: what makes, reads, changes and divides them."""

from __future__ import annotations

from msgspec import Struct

from mlsec_lint.source.ir_base import NONE, Op, Register


class Item(Op):
    """``dst`` is ``obj[key]``."""

    dst: Register
    obj: Register
    key: Register


class SetItem(Op):
    """``obj[key] = src``."""

    obj: Register
    key: Register
    src: Register
    at: int
    end: int


class Slice(Op):
    """``dst`` is a slice of ``obj``; ``start`` and ``stop`` are bounds that are written (``NONE`` otherwise)."""

    dst: Register
    obj: Register
    start: Register = NONE
    stop: Register = NONE
    step: bool = False


class Unpack(Op):
    """``src`` is spread over ``dsts``; ``star`` is the index of the starred target or -1."""

    src: Register
    dsts: tuple[Register, ...]
    star: int


class Element(Struct, gc=False):
    """One element of a display: a value, a ``key: value`` pair, or a spread (``*x``, ``**x``)."""

    value: Register
    key: Register = NONE
    spread: bool = False


class Build(Op):
    """``dst`` is a new list, tuple, set or dict."""

    dst: Register
    kind: str
    elements: tuple[Element, ...]
    at: int
    end: int = -1


class Iterate(Op):
    """``dst`` is an element of ``src``."""

    dst: Register
    src: Register


class Accumulate(Op):
    """A comprehension adds ``src`` (under ``key``) to the container in ``dst``."""

    dst: Register
    src: Register
    key: Register
