"""Names of modules, resolved without evaluating flows where definitions and imports decide.

Definitions, imports and constants come from the exits of modules that the local evaluation computes anyway. Any other
value (an instance, a table of functions, the result of a call) is looked up in the module as the flow analysis
evaluates it; while modules themselves are evaluated (``early``) it stays a symbol of the module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.code import Code, all_ops, rebound_later
from mlsec_lint.dataflow.flow.values import UNKNOWN, Bound, Cls, Ext, Fun, Inst, Mod, Value, join, ref, symbolic
from mlsec_lint.dataflow.values import ClassRef, External, FunctionRef, Instance, ModuleRef, Symbol
from mlsec_lint.dataflow.values import Value as LocalValue
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.solver import Solver

_DEEPEST_CHAIN: Final = 12


class Statics:
    """The names of all modules, on demand."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._context = solver.context
        self._names: dict[str, dict[tuple[str, bool], Value | None]] = {}
        self._changing: dict[str, frozenset[str]] = {}
        self._wrapped: dict[str, frozenset[int]] = {}
        self.replaced: set[tuple[str, str]] = set()
        self._resolving: set[tuple[str, str, bool]] = set()

    def forget(self, path: str) -> None:
        """A global name of a module has changed since it was asked for."""
        self._names.pop(path, None)

    def is_rebound(self, path: str, name: str) -> bool:
        """Whether some function assigns the global name."""
        module = self._solver.project.module(path)
        return module is not None and name in module.rebound

    def is_changing(self, path: str, name: str) -> bool:
        """Whether what a global name stands for depends on when one looks: it is assigned again after a while."""
        if path not in self._changing:
            module = self._solver.project.module(path)
            self._changing[path] = rebound_later(module.body.block or []) if module is not None else frozenset()
        return name in self._changing[path] or self.is_rebound(path, name)

    def global_name(self, path: str, name: str, *, early: bool) -> Value | None:
        """The value of a global name of a module; none if the module does not have it."""
        key = (path, name, early)
        names = self._names.setdefault(path, {})
        if key[1:] in names:
            return names[key[1:]]
        if key in self._resolving or len(self._resolving) > 60:
            return UNKNOWN
        self._resolving.add(key)
        try:
            value = self._find(path, name, early)
        finally:
            self._resolving.discard(key)
        names[key[1:]] = value
        return value

    def _find(self, path: str, name: str, early: bool) -> Value | None:
        exit_ = self._context.exit_of(path)
        if exit_ is None:
            return UNKNOWN
        if not early and (path, name) in self.replaced:
            return self._solver.settled(self._solver.exit(path).names.get(name, UNKNOWN))
        local = exit_.names.get(name)
        if local is None or Symbol(path, name) in local.references:  # ``from . import name`` in a package
            submodule = self._solver.project.submodule(path, name)
            return ref(Mod(submodule)) if submodule is not None else self.starred(path, name, early=early)
        simple = self._simple(local, early)
        if simple is not None:
            return simple
        if early:
            return symbolic((("g", path), f"={name}"))
        found = self._solver.exit(path).names.get(name)
        return self._solver.settled(found) if found is not None else UNKNOWN

    def _simple(self, local: LocalValue, early: bool) -> Value | None:
        """The value, if definitions, imports and constants make up all of it."""
        if local.open or not (local.references or local.constants):
            return None
        result: Value | None = Value(consts=local.constants) if local.constants else None
        for target in local.references:
            one = self._reference(target, early)
            if one is None:
                return None
            result = one if result is None else join(result, one)
        return result

    def _reference(self, target: object, early: bool) -> Value | None:
        if isinstance(target, External):
            return ref(Ext(target.name))
        if isinstance(target, Instance) and early:
            return ref(Inst(target.name))
        if isinstance(target, ModuleRef):
            return ref(Mod(target.module))
        if isinstance(target, FunctionRef):
            # A global name for a method: only the evaluation tells whether it has its instance with it.
            if target.body.at in self._redefined(target.module) or target.body.kind == "lambda" or target.owner:
                return None
            if target.owner is not None:
                return None  # a method under a global name has a receiver, which only the flow analysis knows
            return self.function(target)
        if isinstance(target, ClassRef):
            if target.at in self._redefined(target.module):
                return None
            self._solver.classes.known[(target.module, target.at)] = target
            return ref(Cls((target.module, target.at)))
        if isinstance(target, Symbol):
            first, *rest = target.name.split(".")
            value = self.global_name(target.module, first, early=early)
            for part in rest:
                value = self._attribute(value, part, early) if value is not None else None
            return value if value is not None else UNKNOWN
        return None

    def _attribute(self, value: Value, name: str, early: bool) -> Value | None:
        result: Value | None = None
        for target in value.refs:
            one: Value | None = None
            if isinstance(target, Mod):
                one = self.global_name(target.path, name, early=early)
            elif isinstance(target, Ext):
                one = ref(Ext(self._solver.knowledge.canonical(f"{target.name}.{name}")))
            if one is None:
                return None
            result = one if result is None else join(result, one)
        return result

    def function(self, target: FunctionRef) -> Value | None:
        """A function at the top level of a module or in a class there."""
        owner = (target.owner.module, target.owner.at) if target.owner is not None else None
        if target.owner is not None:
            self._solver.classes.known[(target.owner.module, target.owner.at)] = target.owner
        code = self._solver.adopt(target, owner)
        if code is None:
            return None
        defaults = tuple(self._default(d) for d in target.defaults)
        return ref(Fun(code.key, (), defaults, owner))

    def _default(self, default: LocalValue | None) -> Value | None:
        if default is None:
            return None
        if not default.references and default.constants and not default.open:
            return Value(consts=default.constants)
        simple = self._simple(default, early=True)
        return simple if simple is not None else UNKNOWN

    def annotation(self, local: LocalValue) -> Value | None:
        """The class that an annotation names."""
        return self._simple(local, early=True)

    def _redefined(self, path: str) -> frozenset[int]:
        """The functions and classes of a module that decorators of the project replace."""
        known = self._wrapped.get(path)
        if known is None:
            module = self._solver.project.module(path)
            known = self._decorated(path, module.body) if module is not None else frozenset[int]()
            self._wrapped[path] = known
        return known

    def _decorated(self, path: str, body: ir.Body) -> frozenset[int]:
        made: dict[int, ir.Op] = {}
        marked: list[tuple[int, tuple[int, ...]]] = []
        for op in all_ops(body.block or []):
            if isinstance(op, (ir.Load, ir.Attribute, ir.Call, ir.Method)):
                made[op.dst] = op
            elif isinstance(op, ir.Function) and op.decorators:
                marked.append((op.body.at, op.decorators))
            elif isinstance(op, ir.Class) and op.decorators:
                marked.append((op.at, op.decorators))
        return frozenset(at for at, marks in marked if any(self._is_ours(path, made, m) for m in marks))

    def _is_ours(self, path: str, made: dict[int, ir.Op], register: int) -> bool:
        """Whether a decorator is something of the project and not of a library."""
        for _ in range(8):
            op = made.get(register)
            if isinstance(op, ir.Load):
                exit_ = self._context.exit_of(path)
                value = exit_.names.get(op.name) if exit_ is not None else None
                if value is None:
                    return False
                value = self._context.resolve(value)
                special = self._solver.knowledge.special
                if any(isinstance(r, External) and special(r.name) == "dispatch" for r in value.references):
                    return True
                return any(isinstance(r, (FunctionRef, ClassRef)) for r in value.references) or bool(
                    not value.references and value.open
                )
            if isinstance(op, (ir.Attribute, ir.Method)):
                register = op.obj
            elif isinstance(op, ir.Call):
                register = op.func
            else:
                return False
        return False

    def starred(self, path: str, name: str, *, early: bool = True) -> Value | None:
        """A name that a star import may have brought into a module."""
        exit_ = self._context.exit_of(path)
        for star, dotted in exit_.stars if exit_ is not None else ():
            if star is None:
                return ref(Ext(self._solver.knowledge.canonical(f"{dotted}.{name}")))
            if star != path and self._is_starred(star, name):
                found = self.global_name(star, name, early=early)
                if found is not None and found is not UNKNOWN:
                    return found
        return None

    def _is_starred(self, path: str, name: str) -> bool:
        """Whether ``from module import *`` brings a name: what ``__all__`` lists, else all that are public."""
        listed = self._solver.modules.listed(path)
        return name in listed if listed is not None else not name.startswith("_")

    def module_attribute(self, machine: Machine, path: str, name: str) -> Value | None:
        """An attribute of a module as an evaluation sees it: written values included."""
        if machine.body.kind == "module" and path == machine.path:
            return machine.state.names.get(name)
        from mlsec_lint.dataflow.flow.names import global_value

        found = global_value(machine, path, name)
        return found if found is not UNKNOWN else None

    def functions(self, path: str) -> list[Value]:
        """The functions and classes that a module defines."""
        exit_ = self._context.exit_of(path)
        found: list[Value] = []
        for name, local in exit_.names.items() if exit_ is not None else ():
            if any(isinstance(r, (FunctionRef, ClassRef)) for r in local.references):
                value = self.global_name(path, name, early=True)
                if value is not None and any(isinstance(r, (Fun, Cls, Bound)) for r in value.refs):
                    found.append(value)
        return found[:8]


def module_code(solver: Solver, path: str) -> Code | None:
    """The code of the top level of a module."""
    module = solver.project.module(path)
    return Code(module, module.body) if module is not None else None
