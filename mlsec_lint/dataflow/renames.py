"""New names that sinks get: module globals and fields that hold a function which knowledge lists.

A function that calls ``LOADERS[kind](f)`` mentions no name of knowledge, so the scan would pass it by; the names found
here are looked for as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.values import ClassRef, External, ObjectRef, Symbol, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.context import Context, ModuleExit
    from mlsec_lint.source.project import Module

_FAR: Final = 2_000
"""Bytes between an assignment and a name in the container that it stores."""

_MOST_STORED: Final = 500
"""Names per file of which the assignment is looked up in the tree; real files have a few."""

_CALLED: Final = re.compile(rb"[a-z_]\w*[ \t]*\(")
"""A function that is called where it is stored; calling a class stores an instance, whose methods may be sinks."""


def renamed_globals(context: Context, module: Module) -> frozenset[str]:
    """The names that a module gives to sinks, for itself and for those who import them: functions under their own or
    another name, containers of them, classes that inherit a sink as a method."""
    exit_ = context.exit_of(module.path)
    if exit_ is None:
        return frozenset()
    found = {name for name, value in exit_.names.items() if _leads_to_sink(context, exit_, value, 2)}
    found.update(name for name, cls in _classes(exit_, module) if _inherits_sink(context, cls))
    return frozenset(found)


def sink_fields(
    context: Context, module: Module, offsets: tuple[int, ...], known: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """For the classes of a module, the fields and class attributes that hold a sink.

    ``known`` are those of classes found before; a class has the fields of its bases, whatever module they are of.
    """
    exit_ = context.exit_of(module.path)
    if exit_ is None:
        return {}
    stored = _stored(module, offsets)
    found: dict[str, frozenset[str]] = {}
    for name, cls in _classes(exit_, module):
        fields = {n for n, v in cls.attributes.items() if _leads_to_sink(context, exit_, v, 2)}
        fields.update(field for at in stored if cls.at <= at < cls.end for field in module.assigned_fields(at))
        for base in cls.bases:
            for ref in base.references:
                if isinstance(ref, (Symbol, ClassRef)):
                    last = ref.name.rpartition(".")[2]
                    fields |= known.get(last, frozenset()) | found.get(last, frozenset())
        if fields:
            found[name] = frozenset(fields)
    return found


def _classes(exit_: ModuleExit, module: Module) -> Iterator[tuple[str, ClassRef]]:
    for name, value in exit_.names.items():
        for ref in value.references:
            if isinstance(ref, ClassRef) and ref.module == module.path:
                yield name, ref


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
    return frozenset(name for at in _stored(module, offsets) for name in module.assigned_fields(at))


def _stored(module: Module, offsets: tuple[int, ...]) -> list[int]:
    """The offsets of names that may be stored: not called, and with an assignment not far before them."""
    data = module.data
    found = (at for at in offsets if data.find(b"=", max(0, at - _FAR), at) >= 0 and not _CALLED.match(data, at))
    return list(islice(found, _MOST_STORED))
