"""From the cases of a sink to a verdict: unsafe or not, how sure, and why."""

from __future__ import annotations

from dataclasses import dataclass

from mlsec_lint.checks.answers import Truth, all_of
from mlsec_lint.checks.conditions import Judge
from mlsec_lint.checks.site import Site
from mlsec_lint.domain.levels import Confidence
from mlsec_lint.knowledge.schema import Case

UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An unsafe site: the case that says so (none for the sink's own ``otherwise``), the confidence and its reasons."""

    case: Case | None
    confidence: Confidence
    reasons: tuple[str, ...]
    decided_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Possible:
    verdict: str
    case: Case | None
    certain: bool
    reasons: tuple[str, ...]
    assumed: bool
    likely: bool
    weak: bool


def judge_site(judge: Judge, site: Site) -> Verdict | None:
    """The verdict on a site; none if it is safe as far as is known."""
    possible = _possible(judge, site)
    unsafe = [p for p in possible if p.verdict == UNSAFE]
    if not unsafe:
        return None
    deciding = next((p for p in unsafe if p.certain or (p.likely and not p.weak)), unsafe[0])
    confidence, reasons = _confidence(possible, deciding)
    arguments = tuple(dict.fromkeys(c.argument for c in deciding.case.when if c.argument)) if deciding.case else ()
    return Verdict(deciding.case, confidence, reasons, arguments)


def _possible(judge: Judge, site: Site) -> list[_Possible]:
    """The verdicts that may apply: every case that may hold, up to the first that surely does."""
    found: list[_Possible] = []
    assumed = False
    reasons: list[str] = []
    for case in site.sink.case:
        answer = all_of(judge.answer(condition, site) for condition in case.when)
        if answer.truth is Truth.NO:
            assumed = assumed or answer.assumed
            reasons.extend(r for r in answer.reasons if r not in reasons)
            continue
        certain = answer.truth is Truth.YES
        texts = (*answer.reasons, *(reasons if certain else ()))
        found.append(
            _Possible(case.verdict, case, certain, texts, answer.assumed or assumed, answer.likely, answer.weak)
        )
        if certain:
            return found
    found.append(_Possible(site.sink.otherwise, None, True, tuple(reasons), assumed, False, False))
    return found


def _confidence(possible: list[_Possible], deciding: _Possible) -> tuple[Confidence, tuple[str, ...]]:
    open_ones = [p for p in possible if not p.certain]
    against = [p for p in open_ones if p.verdict != UNSAFE]
    reasons = list(dict.fromkeys(r for p in (deciding, *open_ones) for r in p.reasons))
    if not deciding.certain:
        safe_otherwise = any(p.verdict != UNSAFE for p in possible)
        if safe_otherwise and (deciding.weak or not deciding.likely):
            return Confidence.LOW, tuple(reasons)
        return Confidence.MEDIUM, tuple(reasons)
    if any(not p.likely for p in against):
        return Confidence.LOW, tuple(reasons)
    if against or deciding.assumed:
        return Confidence.MEDIUM, tuple(reasons)
    return Confidence.HIGH, tuple(reasons)
