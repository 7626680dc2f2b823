"""Evaluating modules, the functions in them, and the methods that fill fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.context import Context, ModuleExit
from mlsec_lint.dataflow.evaluator import BudgetExceededError, Evaluator
from mlsec_lint.dataflow.events import EventLog
from mlsec_lint.dataflow.state import HeapObject
from mlsec_lint.dataflow.values import (
    UNKNOWN,
    ClassRef,
    External,
    FunctionRef,
    Instance,
    InstanceOf,
    ObjectRef,
    Value,
    reference,
    unknown,
)

if TYPE_CHECKING:
    from mlsec_lint.knowledge.index import Knowledge
    from mlsec_lint.source.ir import Param
    from mlsec_lint.source.project import Module, Project

CALLER = frozenset(("caller",))
TEST = frozenset(("test",))


def new_context(project: Project, knowledge: Knowledge) -> Context:
    """A context for one run over one project."""
    return Context(project, knowledge, evaluate_module, evaluate_fields)


def evaluate_module(context: Context, module: Module) -> ModuleExit:
    """The exit of a module, with imports of other project modules left symbolic."""
    evaluator = Evaluator(context, module, module.body, resolving=False, reading_fields=False)
    truncated = _run(evaluator)
    names = evaluator.state.names
    return ModuleExit(names, tuple(evaluator.stars), evaluator.state.heap, evaluator.functions, truncated)


def observe_module(context: Context, module: Module, log: EventLog) -> None:
    """Evaluate a module's top level (with the lambdas in it) for its events."""
    evaluator = Evaluator(context, module, module.body, observer=log)
    _run(evaluator)
    _run_nested(evaluator, log)


def observe_function(context: Context, module: Module, function: FunctionRef, log: EventLog) -> None:
    """Evaluate a function, and everything nested in it, for their events."""
    _observe(context, module, function, log, 0)


def evaluate_fields(context: Context, cls: ClassRef, method: FunctionRef) -> dict[str, Value]:
    """What a method stores in the fields of its instance; fields it reads are unknown meanwhile."""
    module = context.project.module(cls.module)
    if module is None:
        return {}
    evaluator = _prepared(context, module, method, None, reading_fields=False)
    _run(evaluator)
    for site, obj in evaluator.state.heap.items():
        context.objects.setdefault(site, obj)
    return evaluator.stored


def _observe(context: Context, module: Module, function: FunctionRef, log: EventLog, depth: int) -> None:
    context.evaluated += 1
    evaluator = _prepared(context, module, function, log)
    if _run(evaluator):
        context.truncated.add((module.path, function.body.qualname))
    _run_nested(evaluator, log, depth)


def _run_nested(evaluator: Evaluator, log: EventLog, depth: int = 0) -> None:
    if depth > 8:
        return
    for function in list(evaluator.nested.values()):
        if function.body.at != evaluator.body.at:
            _observe(evaluator.context, evaluator.module, function, log, depth + 1)


def _prepared(
    context: Context, module: Module, function: FunctionRef, log: EventLog | None, *, reading_fields: bool = True
) -> Evaluator:
    body = module.lower(function.body)
    owner = function.owner
    if owner is None and function.frames:
        owner = _enclosing_owner(function)
    evaluator = Evaluator(
        context, module, body, frames=function.frames, owner=owner, observer=log, reading_fields=reading_fields
    )
    exit_ = context.exit_of(module.path)
    if exit_ is not None:
        evaluator.state.heap.update(exit_.heap)
    for index, param in enumerate(function.params):
        evaluator.state.names[param.name] = _parameter(evaluator, function, index, param)
    return evaluator


def _enclosing_owner(function: FunctionRef) -> ClassRef | None:
    for frame in reversed(function.frames):
        for value in frame.names.values():
            for ref in value.references:
                if isinstance(ref, InstanceOf):
                    return ref.cls
    return None


def _parameter(evaluator: Evaluator, function: FunctionRef, index: int, param: Param) -> Value:
    """What a parameter is when nothing is known of the callers: its default, its annotation, or anything."""
    body = function.body
    identity = ("parameter", evaluator.module.path, body.at, param.name)
    if index == 0 and function.owner is not None and body.kind == "function" and not param.kind:
        if param.name == "cls":
            return reference(function.owner)
        if param.name == "self":
            return Value((), (InstanceOf(function.owner),), False)
    origins = CALLER if body.kind == "function" else frozenset[str]()
    if body.name.startswith(evaluator.knowledge.definitions.tests):
        origins = TEST
    if param.kind:
        kind = "dict" if param.kind == "**" else "list"
        site = (evaluator.module.path, -(body.at * 64 + index + 1))
        evaluator.state.heap[site] = HeapObject(kind, {}, unknown(origins), False, origins)
        return Value((), (ObjectRef(site),), False, origins, identity)
    default, annotation = function.defaults[index], function.annotations[index]
    references = _annotated(evaluator, annotation)
    if default is not None:
        merged = references + tuple(r for r in default.references if r not in references)
        return Value(default.constants, merged, True, origins, identity)
    if references:
        return Value((), references, True, origins, identity)
    return Value((), (), True, origins, identity)


def _annotated(evaluator: Evaluator, annotation: Value | None) -> tuple[Instance | InstanceOf, ...]:
    found: list[Instance | InstanceOf] = []
    if annotation is None:
        return ()
    for ref in evaluator.context.resolve_relevant(annotation).references:
        if isinstance(ref, External) and not ref.name.startswith(("builtins.", "typing.")):
            found.append(Instance(ref.name))
        elif isinstance(ref, ClassRef):
            found.append(InstanceOf(ref))
    return tuple(found)


def _run(evaluator: Evaluator) -> bool:
    """Run an evaluator; whether it had to stop early."""
    try:
        evaluator.run()
    except BudgetExceededError:
        evaluator.frame.names = evaluator.state.names
        return True
    return False


__all__ = ["UNKNOWN", "evaluate_fields", "evaluate_module", "new_context", "observe_function", "observe_module"]
