"""What every operation of the intermediate representation is made of."""

from __future__ import annotations

from msgspec import Struct

Register = int
NONE: Register = -1
"""Stands for "no operand"."""

Constant = bool | int | float | complex | str | bytes | None


class Op(Struct, gc=False):
    """Base of all operations."""


Block = list[Op]
