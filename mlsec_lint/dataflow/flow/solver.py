"""The solver: what the evaluations of one project share, and the summaries that they ask for.

A body is evaluated when somebody asks for its summary (``fixpoint``). Budgets are per body, never global.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from mlsec_lint.dataflow.flow.annotations import Annotations
from mlsec_lint.dataflow.flow.classes import Classes
from mlsec_lint.dataflow.flow.code import Code
from mlsec_lint.dataflow.flow.escapes import Escapes
from mlsec_lint.dataflow.flow.field_types import FieldTypes
from mlsec_lint.dataflow.flow.fields import Fields
from mlsec_lint.dataflow.flow.fixpoint import Demand, Fixpoint
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.index import ProjectIndex, changes_itself
from mlsec_lint.dataflow.flow.machine import Machine
from mlsec_lint.dataflow.flow.modules import Modules
from mlsec_lint.dataflow.flow.specialising import given, parameter
from mlsec_lint.dataflow.flow.statics import Statics
from mlsec_lint.dataflow.flow.summarise import summarise
from mlsec_lint.dataflow.flow.summary import BOTTOM, Summary
from mlsec_lint.dataflow.flow.values import Address, Bound, CodeKey, Ext, Inst, Sym, Value, join, symbolic

if TYPE_CHECKING:
    from mlsec_lint.dataflow.context import Context
    from mlsec_lint.dataflow.flow.calllog import CallLog
    from mlsec_lint.dataflow.flow.handing import Handed
    from mlsec_lint.dataflow.flow.modules import ModuleExit
    from mlsec_lint.dataflow.flow.specialising import Spec
    from mlsec_lint.dataflow.flow.summary import SinkHit
    from mlsec_lint.dataflow.values import FunctionRef
    from mlsec_lint.source import ir

T = TypeVar("T")

_LARGE: Final = 1_500
"""Bytes of a function beyond which it is not a helper."""


class Solver:
    """Everything that the evaluations of one project share."""

    bottom = BOTTOM

    def __init__(self, context: Context, read: Callable[[str], bytes | None], sources: tuple[str, ...]) -> None:
        self.context = context
        self.project = context.project
        self.knowledge = context.knowledge
        self.index = ProjectIndex(read, sources)
        self.codes: dict[CodeKey, Code] = {}
        self.annotations = Annotations(self)
        self.decorators: dict[CodeKey, tuple[Value, ...]] = {}
        self.class_decorators: dict[CodeKey, tuple[Value, ...]] = {}
        self.statics = Statics(self)
        self.classes = Classes(self)
        self.fields = Fields()
        self.field_types = FieldTypes(self)
        self.modules = Modules(self)
        self.escapes = Escapes(self)
        self.log: CallLog | None = None
        self.trimmed: Counter[str] = Counter()
        self.fixpoint = Fixpoint(self._evaluated, self.trimmed)
        self.leading: frozenset[CodeKey] | None = None
        self.holds: Callable[[Code], bool] = lambda _: True
        self._coarse: dict[CodeKey, bool] = {}
        self.evaluations = 0
        self.handlers = False
        self.wrapped: set[CodeKey] = set()
        self.handed: list[Handed] = []
        self._foreign = frozenset(n for n, e in self.knowledge.origins.items() if e.trust >= _FOREIGN)

    def summary(self, key: CodeKey, spec: Spec, *, early: bool) -> Summary:
        """The summary of a body, for constants of some parameters."""
        return self.fixpoint.summary((key, spec, early))

    def demanded(self, demand: Demand) -> Summary:
        """As ``summary``, from outside of any evaluation."""
        return self.fixpoint.demanded(demand)

    def guarded(self, work: Callable[[], T]) -> T | None:
        """Do something that asks for summaries; those too deep inside others are worked out first."""
        return self.fixpoint.guarded(work)

    def _evaluated(self, demand: Demand) -> Summary:
        key, spec, early = demand
        machine = self.machine(key, spec, early=early)
        machine.demand = demand
        machine.run()
        summary = summarise(machine)
        for reason in machine.trimmed:
            self.trimmed[reason] += 1
        return summary

    def machine(self, key: CodeKey, spec: Spec, *, early: bool) -> Machine:
        """An evaluation of a body with symbolic inputs, ready to run."""
        self.evaluations += 1
        code = self.codes[key]
        if code.owner is not None:
            self.classes.info(code.owner)  # the decorators in its body say whether a method has a receiver
        machine = Machine(self, code, early=early)
        machine.given = given(spec)
        annotations = self.annotations.of(code)
        for index, param in enumerate(code.params):
            value = parameter(machine, index, spec)
            if value is None:
                value = self._parameter(code, index, annotations)
            machine.bind(param.name, value)
        return machine

    def _parameter(self, code: Code, index: int, annotations: tuple[Value | None, ...]) -> Value:
        path = (("p", index),)
        if index == 0 and code.owner is not None and not self.is_static_method(code) and not code.params[0].kind:
            return symbolic(path, code.owner)
        annotation = annotations[index] if index < len(annotations) else None
        if annotation is not None and len(annotation.refs) == 1 and not code.params[index].kind:
            from mlsec_lint.dataflow.flow.values import Cls

            target = annotation.refs[0]
            if isinstance(target, Cls):
                return symbolic(path, target.code)
            if isinstance(target, Ext) and not target.name.startswith(("builtins.", "typing.", "collections.abc")):
                return symbolic(path, None, self.knowledge.canonical(target.name))
        return symbolic(path)

    def lead(self, keys: Iterable[CodeKey], holds: Callable[[Code], bool]) -> None:
        """Say which bodies lead to sinks, and which hold foreign data: the others are looked at for their results."""
        self.leading = frozenset(keys)
        self.holds = holds
        self.forget_users({key for key in self.leading if self._coarse.pop(key, False)})

    def is_coarse(self, code: Code) -> bool:
        """Whether a body is summed up by the unknown policy: it is large, neither leads to a sink nor holds foreign
        data, and changes no object of its caller. Helpers on the way of data are small."""
        known = self._coarse.get(code.key)
        if known is None:
            body = code.body
            known = (
                self.leading is not None
                and body.end - body.at > _LARGE
                and code.key not in self.leading
                and not (body.name.startswith("__") and body.name.endswith("__"))
                and not changes_itself(code.module.data, body.at, body.end)
                and not code.enclosing
                and not self.holds(code)
            )
            self._coarse[code.key] = known
            if known:
                self.trimmed["large functions far from sources and sinks were summed up"] += 1
        return known

    def forget_users(self, keys: set[CodeKey]) -> None:
        """Drop what was worked out for some bodies, and for all that call them."""
        if keys:
            self.fixpoint.forget_users(keys)
            self.fields.forget()

    def exit(self, path: str) -> ModuleExit:
        """A module after its top level ran."""
        return self.modules.exit(path)

    def settled(self, value: Value) -> Value:
        """The value with symbols of module globals replaced by what they are when all modules have run."""
        if not any(isinstance(r, Sym) and r.path[0][0] == "g" for r in value.refs):
            return value
        result: Value | None = None
        for target in value.refs:
            one = Value(value.labels, (target,), (), False, value.ident)
            if isinstance(target, Sym) and target.path[0][0] == "g":
                found = None
                if len(target.path) == 2:
                    found = self.statics.global_name(target.path[0][1], target.path[1][1:], early=False)
                one = found if found is not None else Value(open=True)
            result = one if result is None else join(result, one)
        return result if result is not None else value

    def static_thing(self, machine: Machine, address: Address) -> Thing | None:
        """An object that the top level of some module made, as that module leaves it."""
        if machine.early:
            return self.modules.of_classes.get(address)
        return self.modules.thing(address)

    def is_static(self, address: Address) -> bool:
        """Whether the top level of a module made the object."""
        return address in self.modules.heap

    def is_changed(self, address: Address, thing: Thing) -> bool:
        """Whether an object of a module was changed by the evaluated body."""
        known = self.modules.heap.get(address)
        return known is not None and known is not thing and known != thing

    def define(self, parent: Code, op: ir.Function, owner: CodeKey | None) -> Code:
        """The code of a function whose definition is evaluated."""
        key = (parent.module.path, op.body.at)
        known = self.codes.get(key)
        if known is None:
            enclosing = (*parent.enclosing, parent) if parent.body.kind != "module" else ()
            known = self.codes[key] = Code(parent.module, op.body, op.params, owner, enclosing)
        return known

    def adopt(self, target: FunctionRef, owner: CodeKey | None) -> Code | None:
        """The code of a function at the top level of a module, or in a class there."""
        key = (target.module, target.body.at)
        known = self.codes.get(key)
        if known is None:
            module = self.project.module(target.module)
            if module is None:
                return None
            known = self.codes[key] = Code(module, target.body, target.params, owner)
        if key not in self.annotations:
            values = (self.statics.annotation(a) if a is not None else None for a in target.annotations)
            self.annotations.note(key, tuple(values))
        return known

    def note_decorators(self, key: CodeKey, marks: list[Value]) -> None:
        """Remember the decorators of a function."""
        self.decorators[key] = tuple(marks)

    def is_static_method(self, code: Code) -> bool:
        """Whether a function in a class has no receiver."""
        return self._has_mark(code, "static")

    def is_class_method(self, code: Code) -> bool:
        """Whether the receiver of a function is its class."""
        return self._has_mark(code, "class") or code.body.name in ("__new__", "__init_subclass__", "__class_getitem__")

    def _has_mark(self, code: Code, acts: str) -> bool:
        for mark in self.decorators.get(code.key, ()):
            for target in mark.refs:
                func = target.func if isinstance(target, Bound) else target
                if isinstance(func, (Ext, Inst)) and self.knowledge.special(func.name) == acts:
                    return True
        return False

    def is_foreign(self, kind: str) -> bool:
        """Whether data of this origin comes from somebody who may be hostile."""
        return kind in self._foreign

    @cached_property
    def handing(self) -> frozenset[str]:
        """The names of library methods that call, later and with data from outside, a function that they are given."""
        return frozenset(name.rpartition(".")[2] for name in self.knowledge.callbacks.names())

    def is_project_method(self, name: str) -> bool:
        """Whether some class of the project defines a method of this name."""
        return name in self.index.methods

    def overridden(self, name: str, method: str) -> bool:
        """Whether a subclass of a class of this name defines the method again."""
        return method in self.index.redefined(name)

    def is_exported(self, path: str, name: str) -> bool:
        """Whether ``__all__`` of a module or the package around it exports a name that is private by its spelling."""
        return self.modules.is_exported(path, name)

    def module_hits(self, path: str) -> tuple[SinkHit, ...]:
        """The sinks that data reaches while a module is imported."""
        return self.modules.exit(path).sinks


_FOREIGN: Final = 6
"""The trust from which on data may be of somebody hostile (hubs and beyond)."""
