"""The ways through ``find_class``, each with the tests it passed and what it hands to the pickle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import libcst as cst

from mlsec_lint.checks._unpickler.conditions import Conditions, bind
from mlsec_lint.checks._unpickler.expressions import Env, Evaluator
from mlsec_lint.checks._unpickler.flows import Flow, Outcome, bound, caught_by, distinct, is_test, raised, raises
from mlsec_lint.checks._unpickler.literals import dotted
from mlsec_lint.checks._unpickler.patterns import pattern_test
from mlsec_lint.checks._unpickler.scope import Scope
from mlsec_lint.checks._unpickler.shapes import elements, snippet
from mlsec_lint.checks._unpickler.values import (
    ALWAYS,
    MAX_PATHS,
    All,
    Atom,
    Cases,
    Decision,
    Entry,
    Fixed,
    Lookup,
    State,
    Test,
    Text,
    TooManyPathsError,
    Unknown,
    Value,
    both,
    cases,
    origin_of,
)

_MAX_CALLS: Final = 3
"""How many calls deep the project's own functions are followed."""
_CHECKING: Final = ("check", "valid", "verif", "ensure", "assert", "guard", "allow", "restrict", "forbid", "safe")
"""Parts of the names of functions that may raise for what they are given."""


class Paths:
    """Walks the statements of one function, forking at each test; statements after a ``return`` have no flows left."""

    def __init__(self, scope: Scope, depth: int = 0) -> None:
        self._scope = scope
        self._depth = depth
        self._evaluator = Evaluator(scope)
        self._conditions = Conditions(self._evaluator, self._answers)
        self.outcomes: list[Outcome] = []
        self._loops: list[tuple[list[Flow], list[Flow]]] = []  # flows that continue, and that break

    def run(self, function: cst.FunctionDef, env: Env) -> list[Outcome]:
        """All outcomes of a function whose parameters hold ``env``. Raises ``TooManyPathsError``."""
        ends = self._block(function.body, [Flow(ALWAYS, env)])
        self.outcomes += [Outcome("return", flow.state, Unknown("None"), None, flow.env) for flow in ends]
        return self.outcomes

    # Statements

    def _block(self, suite: cst.BaseSuite, flows: list[Flow]) -> list[Flow]:
        statements: Sequence[cst.CSTNode] = suite.body
        for statement in statements:
            if not flows:
                break
            flows = self._statement(statement, flows)
            if len(flows) + len(self.outcomes) > MAX_PATHS:
                raise TooManyPathsError
        return flows

    def _statement(self, node: cst.CSTNode, flows: list[Flow]) -> list[Flow]:
        if isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                flows = self._small(small, flows)
            return flows
        if isinstance(node, cst.If):
            return [after for flow in flows for after in self._if(node, flow)]
        if isinstance(node, cst.For):
            return self._loop(flows, node.body, node.orelse, [self._iteration(node, flow) for flow in flows])
        if isinstance(node, cst.While):
            return self._while(node, flows)
        if isinstance(node, (cst.Try, cst.TryStar)):
            return self._try(node, flows)
        if isinstance(node, cst.With):
            return self._block(node.body, flows)
        if isinstance(node, cst.Match):
            return [after for flow in flows for after in self._match(node, flow)]
        return flows

    def _small(self, node: cst.BaseSmallStatement, flows: list[Flow]) -> list[Flow]:
        if isinstance(node, cst.Return):
            self._return(node, flows)
            return []
        if isinstance(node, cst.Raise):
            self.outcomes += [
                Outcome("raise", flow.state, Unknown(snippet(node)), node.exc, flow.env) for flow in flows
            ]
            return []
        if isinstance(node, (cst.Break, cst.Continue)):
            if self._loops:
                self._loops[-1][isinstance(node, cst.Break)].extend(flows)
            return []
        if isinstance(node, cst.Assert):
            return [after for flow in flows for after in self._assert(node, flow)]
        if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call):
            return [after for flow in flows for after in self._called(node.value, flow)]
        if isinstance(node, cst.Assign):
            targets: list[cst.BaseExpression] = [target.target for target in node.targets]
            return [after for flow in flows for after in self._assign(targets, node.value, flow)]
        if isinstance(node, cst.AnnAssign) and node.value is not None:
            value = node.value
            return [after for flow in flows for after in self._assign([node.target], value, flow)]
        if isinstance(node, cst.AugAssign) and isinstance(node.target, cst.Name):
            return [self._augmented(node, node.target.value, flow) for flow in flows]
        return flows

    def _augmented(self, node: cst.AugAssign, name: str, flow: Flow) -> Flow:
        value = Text(self._evaluator.mentions(node, flow.env), f"{snippet(node)} of {flow.env.get(name)}")
        return Flow(flow.state, {**flow.env, name: value})

    def _return(self, node: cst.Return, flows: list[Flow]) -> None:
        for flow in flows:
            if node.value is None:
                self.outcomes.append(Outcome("return", flow.state, Unknown("None"), None, flow.env))
                continue
            for after, value in self._results(node.value, flow):
                self.outcomes.append(Outcome("return", after.state, value, node.value, after.env))

    def _assign(self, targets: list[cst.BaseExpression], node: cst.BaseExpression, flow: Flow) -> list[Flow]:
        if is_test(node):
            results: list[tuple[Flow, Value]] = [(flow, Decision(self._conditions.test(node, flow.env)))]
        else:
            results = self._results(node, flow)
        flows: list[Flow] = []
        for after, value in results:
            env = dict(after.env)
            for target in targets:
                bind(target, value, env)
                if isinstance(value, Lookup) and not isinstance(target, cst.Name):  # into a table: out of sight
                    self.outcomes.append(Outcome("return", after.state, value, node, env))
            flows.append(Flow(after.state, env))
        return flows

    def _assert(self, node: cst.Assert, flow: Flow) -> list[Flow]:
        """An assertion vanishes under ``python -O``, so what it tests is worth no more than a pattern."""
        states = cases(self._conditions.test(node.test, flow.env), True)
        self.outcomes.append(Outcome("raise", flow.state, Unknown("assert"), None, flow.env))
        text = f"assert {snippet(node.test)}"
        tested = any(atom.how != "option" for state in states for atom, _ in state)
        origin = self._evaluator.mentions(node.test, flow.env)
        weak = frozenset({(Atom("assert", Text(origin, text), text), True)}) if tested else ALWAYS
        return [Flow(flow.state | weak, flow.env)]

    def _called(self, node: cst.Call, flow: Flow) -> list[Flow]:
        """A call for its effect: it may be a check that raises."""
        outcomes = self._inside(node, flow.env)
        if outcomes is not None:
            self.outcomes += raised(outcomes, flow)
            return distinct(
                Flow(state, flow.env) for o in outcomes if o.kind == "return" for state in both([flow.state], [o.state])
            )
        value = self._evaluator.value(node, flow.env)
        last = dotted(node.func).rpartition(".")[2].lower()
        if any(word in last for word in _CHECKING) and self._evaluator.mentions(node, flow.env):
            atom = Atom("asked", value, snippet(node))
            self.outcomes.append(Outcome("raise", flow.state | {(atom, False)}, Unknown(last), node, flow.env))
            return [Flow(flow.state | {(atom, True)}, flow.env)]
        return [flow]

    def _if(self, node: cst.If, flow: Flow) -> list[Flow]:
        before = len(self.outcomes)
        env = dict(flow.env)
        test = self._conditions.test(node.test, env)
        yes = self._block(node.body, self._split(test, True, Flow(flow.state, env)))
        no = self._split(test, False, Flow(flow.state, env))
        if isinstance(node.orelse, cst.If):
            no = [after for inner in no for after in self._if(node.orelse, inner)]
        elif node.orelse is not None:
            no = self._block(node.orelse.body, no)
        after = distinct([*yes, *no])
        if yes and no and len(self.outcomes) == before and all(inner.env == env for inner in after):
            return [Flow(flow.state, env)]  # the test had no consequence for what follows
        return after

    def _split(self, test: Test, truth: bool, flow: Flow) -> list[Flow]:
        return [Flow(state, dict(flow.env)) for state in both([flow.state], cases(test, truth))]

    def _iteration(self, node: cst.For, flow: Flow) -> Flow:
        env = dict(flow.env)
        bind(node.target, elements(self._evaluator.unsplit(node.iter, env)), env)
        return Flow(flow.state, env)

    def _while(self, node: cst.While, flows: list[Flow]) -> list[Flow]:
        tests = [(flow, self._conditions.test(node.test, flow.env)) for flow in flows]
        entered = [inner for flow, test in tests for inner in self._split(test, True, flow)]
        skipped = [inner for flow, test in tests for inner in self._split(test, False, flow)]
        return distinct([*self._loop(skipped, node.body, node.orelse, entered), *skipped])

    def _loop(
        self, skipped: list[Flow], body: cst.BaseSuite, orelse: cst.Else | None, entered: list[Flow]
    ) -> list[Flow]:
        """A loop runs once: every round tests the same kinds of things, and none at all is a loop over nothing."""
        self._loops.append(([], []))
        ended = self._block(body, entered)
        continued, broken = self._loops.pop()
        normal = distinct([*ended, *continued]) or skipped
        if orelse is not None:
            normal = self._block(orelse.body, normal)
        return distinct([*normal, *broken])

    def _try(self, node: cst.Try | cst.TryStar, flows: list[Flow]) -> list[Flow]:
        before = len(self.outcomes)
        ended = self._block(node.body, flows)
        new = self.outcomes[before:]
        if node.orelse is not None:
            ended = self._block(node.orelse.body, ended)
        after = list(ended)
        for handler in node.handlers:
            caught = caught_by(handler.type)
            starts = [Flow(o.state, o.env) for o in new if o.kind == "return" or raises(o, caught)]
            if caught & {"KeyError", "LookupError"} or not starts:
                starts += flows
            after += self._block(handler.body, distinct([*starts, *ended]))
        after = distinct(after)
        return self._block(node.finalbody.body, after) if node.finalbody is not None else after

    def _match(self, node: cst.Match, flow: Flow) -> list[Flow]:
        subject = self._evaluator.value(node.subject, flow.env)
        open_flows, after = [flow], list[Flow]()
        for case in node.cases:
            remaining: list[Flow] = []
            for inner in open_flows:
                env = dict(inner.env)
                test = pattern_test(case.pattern, subject, env, self._evaluator)
                if case.guard is not None:
                    test = All((test, self._conditions.test(case.guard, env)))
                after += self._block(case.body, self._split(test, True, Flow(inner.state, env)))
                remaining += self._split(test, False, inner)
            open_flows = distinct(remaining)
        return distinct([*after, *open_flows])

    # Values that depend on the path

    def _results(self, node: cst.BaseExpression, flow: Flow) -> list[tuple[Flow, Value]]:
        """The values of an expression that forks, each with the path on which it has it."""
        if isinstance(node, cst.IfExp):
            test = self._conditions.test(node.test, flow.env)
            sides = ((node.body, True), (node.orelse, False))
            return [r for side, truth in sides for f in self._split(test, truth, flow) for r in self._results(side, f)]
        if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.Or):
            return self._results(node.left, flow) + self._results(node.right, flow)
        if isinstance(node, cst.BooleanOperation):
            test = self._conditions.test(node.left, flow.env)
            refused: list[tuple[Flow, Value]] = [(f, Unknown("None")) for f in self._split(test, False, flow)]
            return [r for f in self._split(test, True, flow) for r in self._results(node.right, f)] + refused
        if isinstance(node, cst.Call):
            inner = self._inside(node, flow.env)
            if inner is not None:
                self.outcomes += raised(inner, flow)
                returned = [(s, o.value) for o in inner if o.kind == "return" for s in both([flow.state], [o.state])]
                return [(Flow(state, dict(flow.env)), value) for state, value in returned]
        value = self._evaluator.value(node, flow.env)
        if isinstance(value, Lookup) and isinstance(node, cst.Call) and dotted(node.func).endswith(".get"):
            key = self._evaluator.value(node.args[0].value, flow.env)
            table = node.func.value if isinstance(node.func, cst.Attribute) else node.func
            return [(flow, Entry(self._evaluator.value(table, flow.env), key)), (flow, value)]
        return [(flow, value)]

    def _inside(self, node: cst.Call, env: Env) -> list[Outcome] | None:
        """The outcomes of a call of the project's own function that is given module or name; ``None`` otherwise."""
        if self._depth >= _MAX_CALLS or dotted(node.func).endswith("find_class"):
            return None
        function = self._scope.function(node.func)
        args = [self._evaluator.value(arg.value, env) for arg in node.args]
        if function is None or not any(origin_of(arg) for arg in args):
            return None
        return Paths(self._scope, self._depth + 1).run(function, bound(function, node, args))

    def _answers(self, node: cst.Call, env: Env) -> Cases | None:
        outcomes = self._inside(node, env)
        if outcomes is None:
            return None
        answers: dict[bool, list[State]] = {True: [], False: []}
        for outcome in outcomes:
            if outcome.kind == "raise":
                self.outcomes.append(outcome)
                continue
            test: Test = Fixed(False)
            if outcome.expression is not None:
                test = self._conditions.test(outcome.expression, dict(outcome.env))
            for truth in (True, False):
                answers[truth] += both([outcome.state], cases(test, truth))
        return Cases(tuple(answers[True]), tuple(answers[False]))
