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

_DEEPEST: Final = 3
"""Containers within containers that are read as constants."""


class _NotPlainError(Exception):
    """The value is not made of literals alone."""


def judge_class(context: Context, module: Module, cls: ClassRef) -> Judgement | None:
    """The verdict on a class that overrides ``find_class``; none if its syntax cannot be read."""
    from mlsec_lint.checks.restricted_unpickler import judge
    from mlsec_lint.source.body import Body, parse_body
    from mlsec_lint.source.nesting import nesting_depth

    node = module.definition(cls.at, cls.end)
    if node is None:
        return None
    body = parse_body(module.data, cls.at, cls.end, nesting_depth(node))
    if not isinstance(body, Body):
        return None
    definition = body.class_def()
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
    from mlsec_lint.source.body import Body, parse_body
    from mlsec_lint.source.nesting import nesting_depth

    ref = value.references[0] if value.known and value.references else None
    module = context.project.module(ref.module) if isinstance(ref, FunctionRef) else None
    if not isinstance(ref, FunctionRef) or module is None:
        return None
    node = module.definition(ref.body.at, ref.body.end)
    if node is None:
        return None
    body = parse_body(module.data, ref.body.at, ref.body.end, nesting_depth(node))
    return body.function_def() if isinstance(body, Body) else None
