"""Handing a project class to the judge of unpicklers: its concrete syntax, the constants and functions it mentions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.checks._unpickler.facts import UnpicklerFacts
from mlsec_lint.dataflow.context import Context
from mlsec_lint.dataflow.values import ClassRef, FunctionRef, ObjectRef, Value
from mlsec_lint.source.project import Module

if TYPE_CHECKING:
    import libcst

    from mlsec_lint.checks.restricted_unpickler import Judgement
    from mlsec_lint.source.body import Body

_DEEPEST: Final = 3
"""Containers within containers that are read as constants."""


class _NotPlainError(Exception):
    """The value is not made of literals alone."""


def judge_class(context: Context, module: Module, cls: ClassRef) -> Judgement | None:
    """The verdict on a class that overrides ``find_class``; none if its syntax cannot be read."""
    from mlsec_lint.checks.restricted_unpickler import judge

    body = _syntax(module, cls.at, cls.end)
    definition = body.class_def() if body is not None else None
    if definition is None:
        return None

    def constant(name: str) -> object | None:
        return plain_constant(context, context.symbol(module.path, name, 0))

    def function(name: str) -> libcst.FunctionDef | None:
        return _function(context, context.symbol(module.path, name, 0))

    return judge(definition, constant, facts_of(context), function)


def facts_of(context: Context) -> UnpicklerFacts:
    """The catalogue's dangerous modules and names."""
    modules: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    for danger in context.knowledge.dangers:
        modules.update((module, danger.effect) for module in danger.modules)
        names.update(((module, name), danger.effect) for module, each in danger.names.items() for name in each)
    return UnpicklerFacts(modules, names)


def plain_constant(context: Context, value: Value) -> object | None:
    """A known constant, or a container of constants, as a Python object; none for anything else."""
    try:
        return _plain(context, value, _DEEPEST)
    except _NotPlainError:
        return None


def _plain(context: Context, value: Value, depth: int) -> object:
    if not value.known or not depth:
        raise _NotPlainError
    if value.constants:
        return value.constants[0]
    ref = value.references[0]
    obj = context.shared_object(ref.site) if isinstance(ref, ObjectRef) else None
    if obj is None or not obj.exact:
        raise _NotPlainError
    items = [_plain(context, item, depth - 1) for item in obj.items.values()]
    if obj.kind == "dict":
        return dict(zip((key for _, key in obj.items), items, strict=True))
    return tuple(items) if obj.kind == "tuple" else items


def _function(context: Context, value: Value) -> libcst.FunctionDef | None:
    ref = value.references[0] if value.known and value.references else None
    module = context.project.module(ref.module) if isinstance(ref, FunctionRef) else None
    if not isinstance(ref, FunctionRef) or module is None:
        return None
    body = _syntax(module, ref.body.at, ref.body.end)
    return body.function_def() if body is not None else None


def _syntax(module: Module, at: int, end: int) -> Body | None:
    """The concrete syntax of the definition at these offsets; none if it cannot be read."""
    from mlsec_lint.source.body import Body, parse_body
    from mlsec_lint.source.nesting import nesting_depth

    node = module.definition(at, end)
    body = parse_body(module.data, at, end, nesting_depth(node)) if node is not None else None
    return body if isinstance(body, Body) else None
