"""Methods that a class takes from other classes of the project, where they do something else on its instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.apply import is_symbolic
from mlsec_lint.dataflow.flow.values import CodeKey, Fun, Sym, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.summary import Summary

_RECEIVER = ("p", 0)


def inherited(solver: Solver, key: CodeKey) -> list[Code]:
    """The methods that a class takes from other classes of the project."""
    order = solver.classes.order(key)
    own = solver.classes.info(key)
    seen = set(own.attributes) if own is not None else set[str]()
    found: list[Code] = []
    for owner in order[1:]:
        info = solver.classes.info(owner) if not isinstance(owner, str) else None
        for name, value in info.attributes.items() if info is not None else ():
            if name not in seen:
                found += [solver.codes[r.code] for r in value.refs if isinstance(r, Fun) and r.code in solver.codes]
            seen.add(name)
    return found


def differs(solver: Solver, key: CodeKey, code: Code) -> bool:
    """Whether a method that reaches sinks may reach others, or others' data, on an instance of a derived class.

    That is so if the class, or one between it and that of the method, defines or stores something that the method asks
    of its receiver on the way to a sink, or that one of the methods asks which it calls on it.
    """
    asked = asked_of_receiver(solver, code)
    if asked is None:
        return False
    for owner in solver.classes.order(key):
        if owner == code.owner:
            return False
        info = solver.classes.info(owner) if not isinstance(owner, str) else None
        if info is None or isinstance(owner, str):
            continue
        if not (asked.isdisjoint(info.attributes) and asked.isdisjoint(solver.fields.stored_in(solver, owner))):
            return True
    return False


def asked_of_receiver(solver: Solver, code: Code) -> frozenset[str] | None:
    """The names of attributes and methods of its receiver on which depends what a method reaches; none if nothing that
    callers pass reaches a sink."""
    summary = solver.demanded((code.key, (), False))
    if not any(map(is_symbolic, summary.sinks)) and not summary.residuals and not summary.leaves:
        return None
    asked: set[str] = set()
    pending = [summary]
    while pending:
        for name in _asked(pending.pop()):
            if name in asked:
                continue
            asked.add(name)
            pending += [solver.demanded((method, (), False)) for method in _methods(solver, code.owner, name)]
    return frozenset(asked)


def _methods(solver: Solver, key: CodeKey | None, name: str) -> list[CodeKey]:
    """The functions that a class has under a name, its own or inherited."""
    for owner in solver.classes.order(key) if key is not None else ():
        info = solver.classes.info(owner) if not isinstance(owner, str) else None
        value = info.attributes.get(name) if info is not None else None
        if value is not None:
            return [r.code for r in value.refs if isinstance(r, Fun) and r.code in solver.codes]
    return []


def _asked(summary: Summary) -> Iterator[str]:
    values: list[Value] = []
    for hit in summary.sinks:
        values += hit.call.values()
        values += [hit.receiver] if hit.receiver is not None else []
    for residual in summary.residuals:
        values += [residual.callee, *residual.call.values()]
        if residual.method and any(isinstance(r, Sym) and r.path == (_RECEIVER,) for r in residual.callee.refs):
            yield residual.method
    for value in values:
        paths = [label.origin for label in value.labels if isinstance(label.origin, tuple)]
        paths += [target.path for target in value.refs if isinstance(target, Sym)]
        for path in paths:
            if path[0] == _RECEIVER and len(path) > 1 and isinstance(path[1], str):
                yield path[1].lstrip(".")
