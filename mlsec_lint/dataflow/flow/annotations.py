"""Annotations of parameters: the class that they name, and the marks that ``Annotated`` puts beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.values import Cls, CodeKey, Ext, Inst, Obj, Sym, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.heap import Thing
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.solver import Solver

ANNOTATED: Final = frozenset(("typing.Annotated", "typing_extensions.Annotated"))
_ENUMS: Final = frozenset(("enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag", "enum.ReprEnum"))
_ENUM: Final = "enum.Enum"

Marked = tuple["Value | None", tuple["Value", ...]]
"""What an annotation names, and the marks beside it."""

_NOTHING: Final[Marked] = (None, ())


class Annotations:
    """The annotations of all functions met so far."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._known: dict[CodeKey, tuple[Marked, ...]] = {}

    def __contains__(self, key: CodeKey) -> bool:
        return key in self._known

    def note(self, key: CodeKey, values: tuple[Value | None, ...], machine: Machine | None = None) -> None:
        """Remember the annotations of a function, whose marks may be objects of the body that defines it."""
        self._known[key] = tuple(self._parts(value, machine) for value in values)

    def of(self, code: Code) -> tuple[Value | None, ...]:
        """The classes that the annotations of the parameters name."""
        return tuple(self._settled(marked)[0] for marked in self._known.get(code.key, ()))

    def marks(self, code: Code, index: int) -> tuple[Value, ...]:
        """What stands beside the class in the ``Annotated`` of a parameter."""
        known = self._known.get(code.key, ())
        return self._settled(known[index])[1] if index < len(known) else ()

    def _parts(self, value: Value | None, machine: Machine | None) -> Marked:
        if value is None:
            return _NOTHING
        if not any(isinstance(r, Inst) and r.name in ANNOTATED for r in value.refs):
            return value, ()
        for target in value.refs:
            thing = self._thing(target, machine) if isinstance(target, Obj) else None
            if thing is not None and thing.items:
                first, *marks = thing.sequence()
                return first, tuple(marks)
        return value, ()

    def _thing(self, target: Obj, machine: Machine | None) -> Thing | None:
        found = machine.state.heap.get(target.address) if machine is not None else None
        return found if found is not None else self._solver.modules.thing(target.address)

    def _settled(self, marked: Marked) -> Marked:
        """An annotation that another module gives a name to (``LoaderDep = Annotated[...]``)."""
        value = marked[0]
        if value is None or not any(isinstance(r, Sym) for r in value.refs):
            return marked
        first, marks = self._parts(self._solver.settled(value), None)
        return first, (*marks, *marked[1])


def is_fixed(machine: Machine, annotation: Value | None, typed: tuple[str, ...]) -> bool:
    """Whether all classes that an annotation names are among (or derived from) those that cannot hold free text."""
    if annotation is None or not annotation.refs:
        return False
    return all(
        _is_among(r.name, typed)
        if isinstance(r, (Ext, Inst))
        else isinstance(r, Cls) and any(_is_among(n, typed) for n in external_bases(machine, r.code))
        for r in annotation.refs
    )


def external_bases(machine: Machine, key: CodeKey) -> list[str]:
    """The classes of libraries from which a class of the project is derived."""
    return [owner for owner in machine.solver.classes.order(key) if isinstance(owner, str)]


def _is_among(name: str, typed: tuple[str, ...]) -> bool:
    return name in typed or (name in _ENUMS and _ENUM in typed)
