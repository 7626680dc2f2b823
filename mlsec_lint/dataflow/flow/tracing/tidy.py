"""From all that happens to data to what a reader needs: no copies, nothing twice, and not too much."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.tracing import phrases
from mlsec_lint.dataflow.flow.tracing.steps import ASSIGNED, COPY, CROSSING, READ, THROUGH, Stage, TraceStep

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_STEPS: Final = 20


def tidied(stages: list[Stage], text_of: Callable[[str], bytes]) -> tuple[TraceStep, ...]:
    """The steps that are shown, the first the source and the last the sink."""
    kept = [each for each in stages if each.rank > COPY]
    kept = _without_reads(kept)
    kept = _merged(kept, text_of)
    while len(kept) > MOST_STEPS:
        del kept[_least(kept)]
    return tuple(each.step for each in kept)


def _without_reads(stages: list[Stage]) -> list[Stage]:
    """Reads and library calls that the code of the next step shows anyway are left out."""
    kept = [one for one, following in pairwise(stages) if one.rank != READ or not _covers(following, one)]
    return [*kept, *stages[-1:]]


def _covers(outer: Stage, inner: Stage) -> bool:
    one, other = outer.step, inner.step
    return one.module == other.module and one.at <= other.at and other.end <= one.end


def _merged(stages: list[Stage], text_of: Callable[[str], bytes]) -> list[Stage]:
    found: list[Stage] = []
    for each in stages:
        last = found[-1] if found else None
        if last is not None and _same_place(last, each):
            found[-1] = _more_telling(last, each)
        elif last is not None and _is_result(last, each, text_of):
            found[-1] = _joined(last, each)
        else:
            found.append(each)
    return found


def _same_place(one: Stage, other: Stage) -> bool:
    first, second = one.step, other.step
    return (first.module, first.at, first.end) == (second.module, second.at, second.end)


def _more_telling(one: Stage, other: Stage) -> Stage:
    """Of two steps in one place the one that says more; the ends of a flow are never lost."""
    if one.rank == other.rank == CROSSING and one.step.text != other.step.text:
        return _joined(one, other)
    return other if other.rank > one.rank else one


def _is_result(one: Stage, other: Stage, text_of: Callable[[str], bytes]) -> bool:
    """Whether the result of a call is assigned in the statement of the call."""
    first, second = one.step, other.step
    if other.rank != ASSIGNED or one.rank < THROUGH or one.rank == ASSIGNED or first.role != "step":
        return False
    if (first.module, first.definition) != (second.module, second.definition):
        return False
    (_, before), (after, _) = sorted((one.focus, other.focus))
    return b"\n" not in text_of(first.module)[before:after]


def _joined(one: Stage, other: Stage) -> Stage:
    first, second = one.step, other.step
    text = phrases.AND.format(first=first.text, second=second.text)
    step = replace(first, at=min(first.at, second.at), end=max(first.end, second.end), text=text)
    return Stage(step, max(one.rank, other.rank), (step.at, step.end))


def _least(stages: list[Stage]) -> int:
    """The least interesting step, of several the one nearest to the middle."""
    middle = len(stages) / 2
    return min(range(1, len(stages) - 1), key=lambda index: (stages[index].rank, abs(index - middle), index))
