"""Classes of the project: their attributes, the order of their bases, what makes their instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.class_statements import ClassStatements, before
from mlsec_lint.dataflow.flow.labels import Path
from mlsec_lint.dataflow.flow.mro import linearised
from mlsec_lint.dataflow.flow.values import Bound, Cls, CodeKey, Ext, Inst, Value, join, ref
from mlsec_lint.dataflow.values import ClassRef, External
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.summary import Call

RECORD: Final = "record"
_SHAPES: Final = (RECORD, "named", "keyed")


@dataclass
class ClassInfo:
    """A class: what its body defines, its bases, the fields that it annotates."""

    key: CodeKey
    name: str
    bases: tuple[Cls | Ext, ...] = ()
    attributes: dict[str, Value] = field(default_factory=dict[str, Value])
    fields: tuple[str, ...] = ()
    types: dict[str, Value] = field(default_factory=dict[str, Value])
    shape: str = ""
    metaclass: CodeKey | None = None
    complete: bool = False


class Classes:
    """All classes met so far. ``known`` are those of modules' top levels, evaluated when somebody asks."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self.known: dict[CodeKey, ClassRef] = {}
        self._infos: dict[CodeKey, ClassInfo] = {}
        self._orders: dict[CodeKey | str, tuple[CodeKey | str, ...]] = {}
        self._shapes: dict[CodeKey, str] = {}
        self._statements = ClassStatements(solver)

    def define(
        self,
        machine: Machine,
        op: ir.Class,
        bases: tuple[Value, ...],
        marks: tuple[Value, ...],
        attributes: dict[str, Value],
        metaclass: Value | None,
    ) -> None:
        """A class statement is evaluated: from now on the class has these attributes."""
        key = (machine.path, op.at)
        if key in self._infos and self._infos[key].complete:
            return
        refs = tuple(r for b in bases for r in b.refs if isinstance(r, (Cls, Ext)))
        info = ClassInfo(key, op.name, refs, attributes, op.fields)
        info.shape = RECORD if self._is_record(marks) else ""
        info.metaclass = next((r.code for r in metaclass.refs if isinstance(r, Cls)), None) if metaclass else None
        self._infos[key] = info
        self._orders.pop(key, None)
        self._shapes.pop(key, None)

    def make(
        self,
        key: CodeKey,
        name: str,
        bases: tuple[Cls | Ext, ...],
        attributes: dict[str, Value],
        fields: tuple[str, ...],
    ) -> None:
        """A class is made by a call; the first time decides, as for a statement."""
        if key not in self._infos:
            self._infos[key] = ClassInfo(key, name, bases, attributes, fields, complete=True)

    def defined(self, key: CodeKey, types: dict[str, Value]) -> None:
        """The body of a class has been evaluated, and the annotations of its fields."""
        info = self._infos.get(key)
        if info is not None and not info.complete:
            info.complete, info.types = True, types

    def _is_record(self, marks: tuple[Value, ...]) -> bool:
        special = self._solver.knowledge.special
        for mark in marks:
            for target in mark.refs:
                func = target.func if isinstance(target, Bound) else target
                if isinstance(func, (Ext, Inst)) and special(func.name) == RECORD:
                    return True
        return False

    def name(self, key: CodeKey) -> str:
        """The name of a class, without evaluating it; empty if it was never met."""
        local = self.known.get(key)
        if local is not None:
            return local.name
        found = self._infos.get(key)
        return found.name if found is not None else ""

    def info(self, key: CodeKey) -> ClassInfo | None:
        """What is known of a class; evaluates its body the first time."""
        found = self._infos.get(key)
        if found is None:
            found = self._evaluated(key)
        return found

    def _evaluated(self, key: CodeKey) -> ClassInfo | None:
        from mlsec_lint.dataflow.flow.machine import Machine
        from mlsec_lint.dataflow.flow.statics import module_code

        op = self._statements.class_op(key)
        code = module_code(self._solver, key[0])
        if op is None or code is None:
            return None
        machine = Machine(self._solver, code, early=True)
        for part in before(code.ops, op):
            machine.block([part])
        from mlsec_lint.dataflow.flow.scopes import SCOPES

        SCOPES[ir.Class](machine, op)
        self._solver.modules.adopt(machine.state.heap)
        info = self._infos.get(key)
        local = self.known.get(key)
        if info is not None and local is not None:
            info.bases = self._bases_of(local)
        return info

    def of_module(self, path: str) -> list[CodeKey]:
        """The classes that the top level of a module defines, in source order."""
        return [(path, at) for at in self._statements.ops_of(path)]

    def _bases_of(self, local: ClassRef) -> tuple[Cls | Ext, ...]:
        found: list[Cls | Ext] = []
        for base in local.bases:
            for target in self._solver.context.resolve(base).references:
                if isinstance(target, ClassRef):
                    self.known[(target.module, target.at)] = target
                    found.append(Cls((target.module, target.at)))
                elif isinstance(target, External):
                    found.append(Ext(target.name))
        return tuple(found)

    def order(self, key: CodeKey) -> tuple[CodeKey | str, ...]:
        """The class and its bases in the order of look-up; external bases by name."""
        known = self._orders.get(key)
        if known is None:
            known = self._orders[key] = linearised(key, self._bases, self._orders)
        return known

    def _bases(self, key: CodeKey | str) -> list[CodeKey | str]:
        info = self.info(key) if not isinstance(key, str) else None
        bases = info.bases if info is not None else ()
        return [base.code if isinstance(base, Cls) else base.name for base in bases]

    def attribute(self, machine: Machine, key: CodeKey, name: str, *, after: CodeKey | None = None) -> Value | None:
        """An attribute of a class or of its bases; an external base contributes its own name.

        With ``after``, only what comes after that class counts, as for ``super()``.
        """
        owners = self.order(key)
        above = after is not None
        start = owners.index(after) + 1 if after is not None and after in owners else int(above)
        for owner in owners[start:]:
            if isinstance(owner, str):
                if owner.startswith(("builtins.object", "abc.", "typing.", "enum.")):
                    continue
                if name.startswith("__") and name not in ("__call__",):
                    continue
                return ref(Ext(self._solver.knowledge.canonical(f"{owner}.{name}")))
            info = self.info(owner)
            found = self._written(machine, owner, name, info.attributes.get(name) if info is not None else None)
            if found is not None:
                return self._solver.settled(found) if not machine.early else found
        return ref(Ext("builtins.object.__new__")) if above and name == "__new__" else None

    def _written(self, machine: Machine, key: CodeKey, name: str, found: Value | None) -> Value | None:
        """What was assigned to an attribute of a class since its body ran: here, or while modules were imported."""
        address = ("c", *key)
        asked = f".{name}"
        for heap in (machine.state.heap, {} if machine.early else self._solver.modules.heap):
            written = heap.get(address)
            if written is not None and asked in written.items:
                new = written.items[asked]
                if asked not in written.maybe:
                    return new
                found = new if found is None else join(found, new)
        return found

    def global_path(self, key: CodeKey) -> Path | None:
        """The path of a class that a global name of its module stands for."""
        info = self.info(key)
        found = self._solver.statics.global_name(key[0], info.name, early=True) if info is not None else None
        same = found is not None and any(isinstance(r, Cls) and r.code == key for r in found.refs)
        return (("g", key[0]), f"={info.name}") if info is not None and same else None

    def metaclass(self, key: CodeKey) -> CodeKey | None:
        """The metaclass of the project that makes instances of a class."""
        for owner in self.order(key):
            info = self.info(owner) if not isinstance(owner, str) else None
            if info is not None and info.metaclass is not None:
                return info.metaclass
        return None

    def shape(self, key: CodeKey) -> str:
        """What instances look like, if a decorator or a library base says so: a record, a named tuple, a dictionary."""
        known = self._shapes.get(key)
        if known is None:
            special = self._solver.knowledge.special
            known = ""
            for owner in self.order(key):
                info = self.info(owner) if not isinstance(owner, str) else None
                shape = special(owner) if isinstance(owner, str) else info.shape if info is not None else ""
                known = known or (shape if shape in _SHAPES else "")
            self._shapes[key] = known
        return known

    def record_fields(self, key: CodeKey) -> tuple[str, ...] | None:
        """The fields that the constructor of a record class takes, in order; none for other classes."""
        if not self.shape(key):
            return None
        fields: dict[str, None] = {}
        for owner in reversed(self.order(key)):
            info = self.info(owner) if not isinstance(owner, str) else None
            fields.update(dict.fromkeys(info.fields) if info is not None else {})
        return tuple(fields)

    def has_external_base(self, key: CodeKey) -> bool:
        """Whether the instances may be filled by code that is not seen."""
        return any(isinstance(o, str) and not o.startswith("builtins.object") for o in self.order(key))

    def notice_bases(self, machine: Machine, key: CodeKey, call: Call, at: int, end: int) -> None:
        """The external bases of a class are told of the call that makes an instance."""
        from mlsec_lint.dataflow.flow.externals import notice_sink

        for owner in self.order(key):
            if isinstance(owner, str):
                notice_sink(machine, owner, call, None, at, end)

    def overridden(self, key: CodeKey, name: str) -> bool:
        """Whether a subclass in the project defines the method again, so that ``self.name`` is not decided here."""
        info = self._infos.get(key)
        return info is not None and self._solver.overridden(info.name, name)
