"""How far a path restricts what it looks up: to listed names, to less than that, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice, product
from typing import Final

from mlsec_lint.checks._unpickler.facts import UnpicklerFacts, first_danger
from mlsec_lint.checks._unpickler.flows import Outcome
from mlsec_lint.checks._unpickler.literals import contents, row
from mlsec_lint.checks._unpickler.values import Atom, Known, Lookup, Pair, State, Unknown, Value, origin_of
from mlsec_lint.checks.shortening import short

_MAX_PAIRS: Final = 20_000


class Grade(IntEnum):
    """From harmless to useless."""

    ALLOW_LIST = 0
    WEAK = 1
    OPEN = 2


@dataclass(frozen=True, slots=True)
class Graded:
    """The grade of one path, why (a clause), and whether everything that decided it was to be seen."""

    grade: Grade
    reason: str
    complete: bool = True


def grade(outcomes: Sequence[Outcome], facts: UnpicklerFacts, hidden: bool = False) -> Graded:
    """The grade of the worst path; the first such path in the order of the text gives the reason.

    ``hidden`` says that there are lookups on no path, because they are in a function within the method.
    """
    found = [_grade_path(o.state, o.value, outcomes, facts) for o in outcomes if isinstance(o.value, Lookup)]
    if hidden:
        found.append(Graded(Grade.WEAK, "it looks names up in an inner function, which is not followed", False))
    if not found:
        return Graded(Grade.ALLOW_LIST, "it looks nothing up")
    worst = max(found, key=lambda graded: graded.grade)
    if worst.grade is Grade.ALLOW_LIST:
        texts = list(dict.fromkeys(graded.reason for graded in found if graded.reason))
        listed = f"it looks up only what {' and '.join(texts[:3])} lists" if texts else "it looks up fixed names only"
        return Graded(Grade.ALLOW_LIST, listed, all(graded.complete for graded in found))
    return worst


@dataclass(frozen=True, slots=True)
class _Limit:
    """What a module, a name, or both may be: known values, or (``None``) those of a list that is not known."""

    values: frozenset[object] | None
    text: str


def _grade_path(state: State, found: Lookup, outcomes: Sequence[Outcome], facts: UnpicklerFacts) -> Graded:
    limits = [atom for atom, truth in state if truth and atom.how == "member"]
    pair = _limit(limits, lambda subject: _is_pair(subject, found))
    module = _fixed(found.module) or _limit(limits, lambda subject: subject == found.module)
    name = _fixed(found.name) or _limit(limits, lambda subject: subject == found.name)
    if isinstance(found.module, Known) and isinstance(found.name, Known):
        return Graded(Grade.ALLOW_LIST, "")  # always the same object, of the program's own choice
    if pair is not None or (module is not None and name is not None):
        return _grade_pairs(pair, module, name, facts)
    if module is not None:
        return _by_module(module, facts)
    if name is not None:
        return Graded(Grade.WEAK, f"it checks the name ({name.text}) but not the module that it is taken from")
    return _grade_unlisted(state, found, outcomes, facts)


def _is_pair(subject: Value | None, found: Lookup) -> bool:
    return isinstance(subject, Pair) and (subject.module, subject.name) == (found.module, found.name)


def _fixed(value: Value) -> _Limit | None:
    """The limit that a value of the program itself is: it does not come from the pickle at all."""
    if isinstance(value, Known):
        items = contents(value.content) if value.member else (value.content,)
        return _Limit(frozenset[object](item for item in items if isinstance(item, str)), value.text)
    return None if origin_of(value) else _Limit(None, value.text if isinstance(value, Unknown) else "it")


def _limit(atoms: list[Atom], about: Callable[[Value | None], bool]) -> _Limit | None:
    """What the tests of one subject leave; several of them leave what all allow."""
    found = sorted((atom for atom in atoms if about(atom.subject)), key=lambda atom: atom.text)
    if not found:
        return None
    values: frozenset[object] | None = None
    for atom in found:
        if atom.values is not None:
            values = atom.values if values is None else values & atom.values
    return _Limit(values, found[0].text)


def _grade_pairs(pair: _Limit | None, module: _Limit | None, name: _Limit | None, facts: UnpicklerFacts) -> Graded:
    limit = pair or name or module
    text = _listed(pair, module, name)
    pairs = list(islice(_pairs(pair, module, name), _MAX_PAIRS))
    danger = first_danger(pairs, facts)
    if danger is not None:
        return Graded(Grade.WEAK, f"its allow-list lets `{danger[0]}` through, which {danger[1]}")
    known = (pair.values is not None) if pair else all(part and part.values is not None for part in (module, name))
    return Graded(Grade.ALLOW_LIST, text if limit else "", known)


def _listed(pair: _Limit | None, module: _Limit | None, name: _Limit | None) -> str:
    if pair is not None:
        return f"`{pair.text}`"
    texts = dict.fromkeys(part.text for part in (module, name) if part is not None)
    return " with ".join(f"`{text}`" for text in texts)


def _pairs(pair: _Limit | None, module: _Limit | None, name: _Limit | None) -> Iterator[tuple[str, str]]:
    if pair is not None:
        for item in pair.values or ():
            cells = row(item) or ()
            module_of, name_of = cells if len(cells) == 2 else (None, None)
            if not isinstance(module_of, str) or not isinstance(name_of, str):
                continue
            if _allowed(module_of, module) and _allowed(name_of, name):
                yield module_of, name_of
        return
    for a, b in product((module and module.values) or (), (name and name.values) or ()):
        if isinstance(a, str) and isinstance(b, str):
            yield a, b


def _allowed(part: str, limit: _Limit | None) -> bool:
    return limit is None or limit.values is None or part in limit.values


def _by_module(module: _Limit, facts: UnpicklerFacts) -> Graded:
    known = sorted(value for value in module.values or () if isinstance(value, str))
    for value in known:
        danger = facts.dangerous_within(value)
        if danger is not None:
            return Graded(Grade.WEAK, f"it allows every name of `{value}`, and so `{danger[0]}`, which {danger[1]}")
    of = f" of `{known[0]}`" if len(known) == 1 else f" of the modules in `{short(module.text)}`" if known else ""
    reason = f"it checks the module but not the name, so every name{of} is allowed, and all that those modules import"
    return Graded(Grade.WEAK, reason, module.values is not None)


def _grade_unlisted(state: State, found: Lookup, outcomes: Sequence[Outcome], facts: UnpicklerFacts) -> Graded:
    """Of a path without a list of names for the whole of what it looks up."""
    ordered = sorted(state, key=lambda test: (test[0].how, test[0].text))
    about = [atom for atom, truth in ordered if truth and atom.subject is not None and origin_of(atom.subject)]
    for atom in about:
        if atom.how == "assert":
            return Graded(Grade.WEAK, f"its check is an assertion, `{short(atom.text)}`, which python -O leaves out")
        if isinstance(atom.subject, Lookup) and atom.how != "asked":
            return Graded(Grade.WEAK, f"it imports the module before it checks what it found (`{short(atom.text)}`)")
    for atom in about:
        if atom.how in {"loose", "member"}:
            return Graded(Grade.WEAK, _pattern_reason(atom, facts))
    denied = [atom for atom, truth in ordered if not truth and _rejects(atom, outcomes)]
    asked = [atom for atom in about if atom.how == "asked"] + [atom for atom in denied if atom.how == "asked"]
    if asked:
        return Graded(Grade.WEAK, f"what it allows is decided by `{short(asked[0].text)}`, which is not visible", False)
    listed = [atom for atom in denied if atom.how != "option"]
    if listed:
        return Graded(Grade.WEAK, f"it only refuses what `{short(listed[0].text)}` lists, and allows everything else")
    option = next((atom for atom, _ in ordered if atom.how == "option"), None)
    refuses = any(_refusal(o) for o in outcomes)
    if option is not None and refuses:
        return Graded(Grade.WEAK, f"it allows every name on a path that depends only on `{short(option.text)}`")
    if not found.followed:
        return Graded(Grade.WEAK, f"it leaves the choice to `{short(found.by)}`, which is not visible", False)
    if len({o.state for o in outcomes}) > 1 or len(outcomes) > 1:
        return Graded(Grade.OPEN, f"it treats some names specially and looks up all others with `{short(found.by)}`")
    return Graded(Grade.OPEN, f"it looks up whatever is asked for with `{short(found.by)}`")


def _pattern_reason(atom: Atom, facts: UnpicklerFacts) -> str:
    examples = (facts.dangerous_below(str(value)) for value in sorted(map(str, atom.values or ())))
    example = next((found for found in examples if found is not None), None)
    reason = f"it checks only a part or a pattern of what is asked for (`{short(atom.text)}`)"
    return f"{reason}, which allows `{example[0]}`, which {example[1]}" if example else reason


def _rejects(atom: Atom, outcomes: Sequence[Outcome]) -> bool:
    """Whether the other way out of a test is a refusal, so that passing it says something."""
    return any((atom, True) in o.state and _refusal(o) for o in outcomes)


def _refusal(outcome: Outcome) -> bool:
    return outcome.kind == "raise" or (isinstance(outcome.value, Unknown) and outcome.value.text == "None")
