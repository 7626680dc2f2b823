"""New names that sinks get: module globals and fields that hold a function which knowledge lists.

A function that calls ``LOADERS[kind](f)`` mentions no name of knowledge, so the scan would pass it by; the names found
here are looked for as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.values import ClassRef, External, ObjectRef, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.context import Context, ModuleExit
    from mlsec_lint.source.project import Module

_CALLED: Final = re.compile(rb"[a-z_]\w*[ \t]*\(")
"""A function that is called where it is stored; calling a class stores an instance, whose methods may be sinks."""


def renamed_globals(context: Context, module: Module) -> frozenset[str]:
    """The names that a module gives to sinks, for itself and for those who import them: functions under their own or
    another name, containers of them, classes that inherit a sink as a method."""
    exit_ = context.exit_of(module.path)
    if exit_ is None:
        return frozenset()
    found: set[str] = set()
    for name, value in exit_.names.items():
        if _leads_to_sink(context, exit_, value, 2):
            found.add(name)
        for ref in value.references:
            if isinstance(ref, ClassRef) and ref.module == module.path:
                if _inherits_sink(context, ref):
                    found.add(name)
                found.update(n for n, v in ref.attributes.items() if _leads_to_sink(context, exit_, v, 2))
    return frozenset(found)


def _inherits_sink(context: Context, cls: ClassRef) -> bool:
    return any(
        isinstance(base, External) and base.name in context.knowledge.classes for base in context.bases_of(cls)[1:]
    )


def _leads_to_sink(context: Context, exit_: ModuleExit, value: Value, depth: int) -> bool:
    for ref in context.resolve_relevant(value).references:
        if isinstance(ref, External):
            if context.knowledge.sinks.find(ref.name):
                return True
        elif isinstance(ref, ObjectRef) and depth and ref.site in exit_.heap:
            obj = exit_.heap[ref.site]
            values = [*obj.items.values(), *(() if obj.rest is None else (obj.rest,))]
            if any(_leads_to_sink(context, exit_, v, depth - 1) for v in values):
                return True
    return False


def renamed_fields(module: Module, offsets: tuple[int, ...]) -> frozenset[str]:
    """The fields that get a sink: ``self.loads = pickle.loads``, ``self.loaders = {"pt": torch.load}``."""
    return frozenset(
        name for at in offsets if not _CALLED.match(module.data, at) for name in module.assigned_fields(at)
    )
