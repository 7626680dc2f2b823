"""Whether an unpickler that overrides ``find_class`` keeps a pickle from calling what it likes.

The documentation of ``pickle`` recommends such a class, so a scanner that ignores it reports the careful, and one that
trusts it misses the most common mistake: lists of modules or prefixes, deny-lists, and compatibility shims that only
rename. The judgement follows every path through the method and asks what is known of module *and* name where the object
is looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from mlsec_lint.checks._unpickler.facts import UnpicklerFacts

if TYPE_CHECKING:
    import libcst

__all__ = ["Judgement", "UnpicklerFacts", "Verdict", "judge"]

Verdict: TypeAlias = Literal["allow-list", "weak", "open"]
"""``allow-list``: only listed names pass. ``weak``: something is refused, not enough. ``open``: no restriction."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What ``find_class`` is worth, and why: ``reason`` is a clause that completes "... because".

    ``node`` is the definition of ``find_class``, for the place. ``complete`` is false if something that decided was not
    to be seen (a list that is filled elsewhere, a function of another package), which lowers the confidence.
    """

    verdict: Verdict
    reason: str
    node: libcst.FunctionDef
    complete: bool = True


def judge(
    class_def: libcst.ClassDef,
    constant: Callable[[str], object | None],
    facts: UnpicklerFacts,
    function: Callable[[str], libcst.FunctionDef | None] = lambda _: None,
) -> Judgement | None:
    """Judge a class that derives from an unpickler; ``None`` if it does not override ``find_class``.

    ``constant`` gives the value of a name as it is written in the method (``SAFE``, ``config.SAFE``), if it is a
    container of literals; ``function`` the definition of a function that is called by such a name. Both answer ``None``
    for what they do not know. Never raises for what the class says.
    """
    from mlsec_lint.checks._unpickler.flows import hides_lookups, parameters
    from mlsec_lint.checks._unpickler.grading import Grade, grade
    from mlsec_lint.checks._unpickler.paths import Paths
    from mlsec_lint.checks._unpickler.scope import scope_of
    from mlsec_lint.checks._unpickler.values import TooManyPathsError

    scope = scope_of(class_def, constant, function)
    find_class = scope.methods.get("find_class")
    if find_class is None:
        return None
    try:
        if not scope.fits(find_class):
            raise TooManyPathsError
        outcomes = Paths(scope).run(find_class, parameters(find_class))
        graded = grade(outcomes, facts, hides_lookups(find_class))
    except (TooManyPathsError, RecursionError):
        return Judgement("weak", "its find_class is too complicated to be followed", find_class, complete=False)
    verdicts: dict[Grade, Verdict] = {Grade.ALLOW_LIST: "allow-list", Grade.WEAK: "weak", Grade.OPEN: "open"}
    return Judgement(verdicts[graded.grade], graded.reason, find_class, graded.complete)
