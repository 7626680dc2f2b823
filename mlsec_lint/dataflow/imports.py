"""Import statements: names of the project stay symbols, all others are external."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.values import UNKNOWN, External, ModuleRef, Symbol, Value, reference
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator


def bind_module(ev: Evaluator, op: ir.Import) -> None:
    """``import a.b``: a module of the project, or an external name."""
    bound = op.module if op.alias else op.module.partition(".")[0]
    path = ev.context.project.find(ev.module.path, bound, 0)
    name = op.alias or bound
    if path is not None:
        ev.bind(name, Value((), (ModuleRef(path),), False, frozenset(), ("module", path)))
    else:
        ev.bind(name, reference(External(ev.knowledge.canonical(bound))))


def bind_name(ev: Evaluator, op: ir.ImportFrom) -> None:
    """``from a import b``: a symbol of a module of the project, or an external name."""
    path = ev.context.project.find(ev.module.path, op.module, op.level)
    if op.name == "*":
        star = (path, op.module)
        if star not in ev.stars and (path is not None or not op.level):
            ev.stars.insert(0, star)
        return
    if path is not None:
        symbol = Symbol(path, op.name)
        value = Value((), (symbol,), False, frozenset(), symbol)
    elif op.level:
        value = UNKNOWN
    else:
        value = reference(External(ev.knowledge.canonical(f"{op.module}.{op.name}")))
    ev.bind(op.alias, value)
