"""Three-valued answers with the reasons that a reader is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Truth(Enum):
    """Yes, no, or not known."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a condition.

    ``assumed`` marks a yes or no that rests on a likely value (a default, an option that a spread might set).
    ``likely`` marks a maybe that is true of one of a few known possibilities (a version in the admitted range, one
    side of a conditional); ``weak`` one that is not worth a maintainer's time by itself. ``reasons`` say what is not
    known.
    """

    truth: Truth
    reasons: tuple[str, ...] = ()
    assumed: bool = False
    likely: bool = False
    weak: bool = False

    def negated(self) -> Answer:
        """The opposite answer, for the same reasons."""
        opposite = {Truth.YES: Truth.NO, Truth.NO: Truth.YES, Truth.MAYBE: Truth.MAYBE}
        return Answer(opposite[self.truth], self.reasons, self.assumed, self.likely, self.weak)


YES = Answer(Truth.YES)
NO = Answer(Truth.NO)


def maybe(reason: str, *, likely: bool = False, weak: bool = False) -> Answer:
    """Not known, because of ``reason``."""
    return Answer(Truth.MAYBE, (reason,), likely=likely, weak=weak)


def all_of(answers: Iterable[Answer]) -> Answer:
    """Whether every condition holds: one no settles it, else one maybe leaves it open."""
    reasons: list[str] = []
    assumed = maybe_ = weak = False
    likely = True
    for answer in answers:
        if answer.truth is Truth.NO:
            return answer
        reasons.extend(r for r in answer.reasons if r not in reasons)
        assumed = assumed or answer.assumed
        if answer.truth is Truth.MAYBE:
            maybe_ = True
            weak = weak or answer.weak
            likely = likely and answer.likely
    if maybe_:
        return Answer(Truth.MAYBE, tuple(reasons), assumed, likely, weak)
    return Answer(Truth.YES, tuple(reasons), assumed)
