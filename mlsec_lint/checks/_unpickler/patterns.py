"""Patterns of ``match`` as tests of the module and name that a pickle asks for."""

from __future__ import annotations

import libcst as cst

from mlsec_lint.checks._unpickler.conditions import equal
from mlsec_lint.checks._unpickler.expressions import Env, Evaluator
from mlsec_lint.checks._unpickler.shapes import snippet, unpacked
from mlsec_lint.checks._unpickler.values import All, Any, Atom, Fixed, Pair, Test, Value


def pattern_test(pattern: cst.MatchPattern, subject: Value, env: Env, evaluator: Evaluator) -> Test:
    """What a pattern tests of its subject; a name that it captures is bound in ``env``."""
    if isinstance(pattern, cst.MatchValue):
        return equal(subject, evaluator.value(pattern.value, env), snippet(pattern.value))
    if isinstance(pattern, cst.MatchOr):
        return Any(tuple(pattern_test(option.pattern, subject, env, evaluator) for option in pattern.patterns))
    if isinstance(pattern, cst.MatchAs):
        if pattern.name is not None:
            env[pattern.name.value] = subject
        return Fixed(True) if pattern.pattern is None else pattern_test(pattern.pattern, subject, env, evaluator)
    if isinstance(pattern, cst.MatchSequence):
        inner = [element.value for element in pattern.patterns if isinstance(element, cst.MatchSequenceElement)]
        if isinstance(subject, Pair) and len(inner) == len(pattern.patterns) == 2:
            parts = zip(inner, unpacked(subject, 2), strict=True)
            return All(tuple(pattern_test(part, value, env, evaluator) for part, value in parts))
    return Atom("option", None, "a pattern")
