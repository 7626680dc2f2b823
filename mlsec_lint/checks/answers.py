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
    ``version`` marks a maybe that only the version of a package could settle; ``weak`` one that is not worth a
    maintainer's time by itself. ``reasons`` say what is not known.
    """

    truth: Truth
    reasons: tuple[str, ...] = ()
    assumed: bool = False
    version: bool = False
    weak: bool = False

    def negated(self) -> Answer:
        """The opposite answer, for the same reasons."""
        opposite = {Truth.YES: Truth.NO, Truth.NO: Truth.YES, Truth.MAYBE: Truth.MAYBE}
        return Answer(opposite[self.truth], self.reasons, self.assumed, self.version, self.weak)


YES = Answer(Truth.YES)
NO = Answer(Truth.NO)


def maybe(reason: str) -> Answer:
    """Not known, because of ``reason``."""
    return Answer(Truth.MAYBE, (reason,) if reason else ())


def all_of(answers: Iterable[Answer]) -> Answer:
    """Whether every condition holds: one no settles it, else one maybe leaves it open."""
    reasons: list[str] = []
    assumed = maybe_ = weak = False
    version = True
    for answer in answers:
        if answer.truth is Truth.NO:
            return answer
        reasons.extend(r for r in answer.reasons if r not in reasons)
        assumed = assumed or answer.assumed
        if answer.truth is Truth.MAYBE:
            maybe_ = True
            weak = weak or answer.weak
            version = version and answer.version
    if maybe_:
        return Answer(Truth.MAYBE, tuple(reasons), assumed, version, weak)
    return Answer(Truth.YES, tuple(reasons), assumed)
