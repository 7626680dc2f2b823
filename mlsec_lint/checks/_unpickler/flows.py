"""Paths through a function: where they are, how they end, and what a call or a handler makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst

from mlsec_lint.checks._unpickler.expressions import Env
from mlsec_lint.checks._unpickler.literals import dotted
from mlsec_lint.checks._unpickler.values import MODULE, NAME, Pair, State, Text, Value, both


@dataclass(frozen=True, slots=True)
class Outcome:
    """One end of one path: ``return`` with a value, or ``raise``.

    ``expression`` is what is returned or raised, to be read in ``env``.
    """

    kind: str
    state: State
    value: Value
    expression: cst.BaseExpression | None
    env: Env


@dataclass(frozen=True, slots=True)
class Flow:
    """A path that goes on: what it has tested, and what its variables hold."""

    state: State
    env: Env


def bound(function: cst.FunctionDef, node: cst.Call, args: list[Value]) -> Env:
    """The parameters of a function with the values of a call's arguments."""
    names = [p.name.value for p in (*function.params.posonly_params, *function.params.params)]
    static = any(dotted(d.decorator) == "staticmethod" for d in function.decorators)
    if isinstance(node.func, cst.Attribute) and names[:1] and not static and names[0] in {"self", "cls"}:
        names = names[1:]
    env: Env = {}
    for arg, value in zip(node.args, args, strict=True):
        if arg.keyword is not None:
            env[arg.keyword.value] = value
        elif names:
            env[names.pop(0)] = value
    return env


def parameters(function: cst.FunctionDef) -> Env:
    """The parameters of ``find_class`` itself: after the receiver, the module and the name that a pickle asks for."""
    names = [p.name.value for p in (*function.params.posonly_params, *function.params.params)][1:]
    module, name = Text(frozenset({MODULE}), MODULE), Text(frozenset({NAME}), NAME)
    env: Env = dict(zip(names, (module, name), strict=False))
    if len(names) < 2 and isinstance(function.params.star_arg, cst.Param):
        env[function.params.star_arg.name.value] = Pair(module, name)
    return env


def is_test(node: cst.BaseExpression) -> bool:
    """Whether an expression is a condition that is kept for later, not a value."""
    if isinstance(node, cst.BooleanOperation):
        return is_test(node.left) and is_test(node.right)
    if isinstance(node, cst.Call):
        name = dotted(node.func)
        return name in {"any", "all", "bool"} or name.rpartition(".")[2] in {"startswith", "endswith"}
    return isinstance(node, cst.Comparison) or (
        isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not)
    )


def caught_by(node: cst.BaseExpression | None) -> frozenset[str]:
    if node is None:
        return frozenset({"Exception"})
    types = [e.value for e in node.elements] if isinstance(node, cst.Tuple) else [node]
    return frozenset(dotted(t).rpartition(".")[2] for t in types)


def raises(outcome: Outcome, caught: frozenset[str]) -> bool:
    """Whether a ``raise`` ends in a handler for these types."""
    if outcome.kind != "raise":
        return False
    node = outcome.expression.func if isinstance(outcome.expression, cst.Call) else outcome.expression
    name = dotted(node).rpartition(".")[2] if node is not None else ""
    return bool(caught & {"Exception", "BaseException", name})


def raised(outcomes: list[Outcome], flow: Flow) -> list[Outcome]:
    """The exceptions of a called function, on the path of its caller."""
    return [
        Outcome("raise", state, o.value, o.expression, o.env)
        for o in outcomes
        if o.kind == "raise"
        for state in both([flow.state], [o.state])
    ]


def distinct(flows: Iterable[Flow]) -> list[Flow]:
    found: list[Flow] = []
    for flow in flows:
        if flow not in found:
            found.append(flow)
    return found


def hides_lookups(function: cst.FunctionDef) -> bool:
    """Whether a function or lambda within a function calls ``find_class``, where no path leads."""
    stack: list[tuple[cst.CSTNode, bool]] = [(function.body, False)]
    while stack:
        node, inside = stack.pop()
        inside = inside or isinstance(node, (cst.FunctionDef, cst.Lambda))
        func = node.func if inside and isinstance(node, cst.Call) else None
        if isinstance(func, cst.Attribute) and func.attr.value == "find_class":
            return True
        stack.extend((child, inside) for child in node.children)
    return False
