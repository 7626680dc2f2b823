"""Members of enumerations: instances of their class, where the class has methods to call on them.

Elsewhere a member is what it is defined as, which keeps conditions on it decidable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.values import Address, Cls, CodeKey, Fun, Obj, Value, Wrapped, constant, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

ENUMERATION: Final = "enumeration"
"""How knowledge marks the external classes whose subclasses are enumerations."""


def member(machine: Machine, cls: Cls, name: str, value: Value) -> Value | None:
    """The member of this name, made of ``value``; none if it is an ordinary attribute."""
    if name.startswith("_") or any(isinstance(r, (Fun, Wrapped, Cls)) for r in value.refs):
        return None
    if not _has_members_with_methods(machine, cls.code):
        return None
    address: Address = ("a", *cls.code, f"member {name}")
    if address not in machine.state.heap:
        machine.state.heap[address] = Thing("object", {".value": value, ".name": constant(name)}, cls=cls.code)
    return ref(Obj(address), ("o", *address))


def _has_members_with_methods(machine: Machine, key: CodeKey) -> bool:
    classes = machine.solver.classes
    owners = classes.order(key)
    if not any(isinstance(o, str) and machine.knowledge.special(o) == ENUMERATION for o in owners):
        return False
    infos = [classes.info(owner) for owner in owners if not isinstance(owner, str)]
    return any(
        isinstance(r, (Fun, Wrapped)) for i in infos if i is not None for v in i.attributes.values() for r in v.refs
    )
