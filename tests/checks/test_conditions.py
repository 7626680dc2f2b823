"""Every test of a condition, on values that are known, one of a few, likely, and unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsec_lint.checks.answers import NO, YES, Answer, Truth, all_of, maybe
from mlsec_lint.knowledge.schema import Condition
from mlsec_lint.source.manifests import VersionFacts, read_versions

from .sites import answer

FLAG = Condition(argument="flag", equals=(True,))
OFF = Condition(argument="flag", absent=True, none=True, equals=(False,))
TRUTHY = Condition(argument="flag", truthy=True)
NAMED = Condition(argument="value", matches=("*.h5", "http://*"))
WRITTEN = Condition(argument="value", written=("*model*",))
REFERS = Condition(argument="flag", refers=("probe.Safe",))
PATTERN = Condition(argument="flag", refers=("probe.**.Safe",))
CONTAINS = Condition(argument="flag", contains=("pickle",))
LITERAL = Condition(argument="value", literal=True)
ENTRY = Condition(argument="flag.trust", equals=(True,))
CALLS = Condition(argument="flag", calls=("probe",))
ORIGIN = Condition(argument="value", origin=("network", "caller"))
STRICT = Condition(argument="self", overrides=("find_class",))


def summary(found: Answer) -> str:
    """An answer in words."""
    words = [found.truth.value]
    words += ["assumed"] if found.assumed else []
    words += ["likely"] if found.likely else []
    return " ".join(words)


@pytest.mark.parametrize(
    ("condition", "code", "expected"),
    [
        (FLAG, "probe.sink(x, flag=True)", "yes"),
        (FLAG, "probe.sink(x, True)", "yes"),
        (FLAG, "probe.sink(x, flag=False)", "no"),
        (FLAG, "probe.sink(x, flag=1)", "no"),
        (FLAG, "probe.sink(x)", "no"),
        (FLAG, "probe.sink(x, flag=True if c else False)", "maybe likely"),
        (FLAG, "def f(a): probe.sink(x, flag=a)", "maybe"),
        (FLAG, "def f(a=True): probe.sink(x, flag=a)", "yes assumed"),
        (FLAG, "def f(a=False): probe.sink(x, flag=a)", "no assumed"),
        (FLAG, "probe.sink(x, **options)", "no assumed"),
        (FLAG, "probe.sink(x, **{'flag': True})", "yes"),
        (OFF, "probe.sink(x)", "yes"),
        (OFF, "probe.sink(x, flag=None)", "yes"),
        (OFF, "probe.sink(x, flag=False)", "yes"),
        (OFF, "probe.sink(x, flag=True)", "no"),
        (OFF, "probe.sink(x, **options)", "yes assumed"),
        (OFF, "probe.sink(*arguments)", "yes assumed"),
        (TRUTHY, "probe.sink(x, flag='all')", "yes"),
        (TRUTHY, "probe.sink(x, flag='')", "no"),
        (TRUTHY, "def f(a): probe.sink(x, flag=a)", "maybe"),
        (NAMED, "probe.sink('model.h5')", "yes"),
        (NAMED, "probe.sink('MODEL.H5')", "yes"),
        (NAMED, "probe.sink('model.keras')", "no"),
        (NAMED, "probe.sink('a.h5' if c else 'b.keras')", "maybe likely"),
        (NAMED, "probe.sink('http://example.org/a')", "yes"),
        (NAMED, "from pathlib import Path\nprobe.sink(Path('model.h5'))", "yes"),
        (NAMED, "probe.sink(open('model.keras'))", "no"),
        (NAMED, "def f(a): probe.sink(a)", "no"),
        (WRITTEN, "def f(model_path): probe.sink(model_path)", "yes"),
        (WRITTEN, "def f(path): probe.sink(path)", "no"),
        (REFERS, "probe.sink(x, flag=probe.Safe)", "yes"),
        (REFERS, "probe.sink(x, flag=probe.Other)", "no"),
        (REFERS, "probe.sink(x, flag=probe.Safe if c else probe.Other)", "maybe likely"),
        (REFERS, "class S(probe.Safe): pass\nprobe.sink(x, flag=S)", "yes"),
        (REFERS, "class S(probe.Other): pass\nprobe.sink(x, flag=S)", "no"),
        (REFERS, "class S(probe.Safe): pass\nprobe.sink(x, flag=S())", "yes"),
        (REFERS, "def f(a): probe.sink(x, flag=a)", "maybe"),
        (Condition(argument="flag", refers=("probe.Safe",), known=True), "def f(a): probe.sink(x, flag=a)", "no"),
        (PATTERN, "probe.sink(x, flag=probe.deep.down.Safe)", "yes"),
        (PATTERN, "probe.sink(x, flag=probe.deep.down.Other)", "no"),
        (CONTAINS, "probe.sink(x, flag=['json', 'pickle'])", "yes"),
        (CONTAINS, "probe.sink(x, flag={'pickle'})", "yes"),
        (CONTAINS, "probe.sink(x, flag={'pickle': 1})", "yes"),
        (CONTAINS, "probe.sink(x, flag='pickle')", "yes"),
        (CONTAINS, "probe.sink(x, flag=['json'])", "no"),
        (CONTAINS, "def f(a): probe.sink(x, flag=a)", "no"),
        (LITERAL, "probe.sink('a')", "yes"),
        (LITERAL, "probe.sink(['a', 1])", "yes"),
        (LITERAL, "def f(a): probe.sink(['a', a])", "no"),
        (LITERAL, "def f(a): probe.sink(a)", "no"),
        (ENTRY, "probe.sink(x, flag={'trust': True})", "yes"),
        (ENTRY, "probe.sink(x, flag={'trust': False})", "no"),
        (ENTRY, "probe.sink(x, flag={})", "no"),
        (ENTRY, "probe.sink(x, flag=dict(trust=True))", "yes"),
        (CALLS, "probe.sink(x, flag=probe.sink)", "yes"),
        (CALLS, "def g(y): return probe.sink(y)\nprobe.sink(x, flag=g)", "yes"),
        (CALLS, "def g(y): return len(y)\nprobe.sink(x, flag=g)", "no"),
        (CALLS, "probe.sink(x, flag=len)", "no"),
        (CALLS, "def f(a): probe.sink(x, flag=a)", "maybe"),
        (ORIGIN, "probe.sink(probe.download('u'))", "yes"),
        (ORIGIN, "def f(a): probe.sink(a)", "yes"),
        (ORIGIN, "probe.sink('a')", "no"),
        (ORIGIN, "probe.sink('https://example.org/a')", "yes"),
        (ORIGIN, "probe.sink('file:///a')", "no"),
        (ORIGIN, "probe.sink()", "no"),
        (STRICT, "class Strict(probe.Reader):\n    def find_class(self): pass\nStrict().load(1)", "yes"),
        (
            STRICT,
            "class Strict(probe.Reader):\n    def find_class(self): pass\nclass S(Strict): pass\nS().load(1)",
            "yes",
        ),
        (STRICT, "class Lax(probe.Reader):\n    def find_class(self): pass\nLax().load(1)", "no"),
        (STRICT, "class Strict(probe.Reader):\n    pass\nStrict().load(1)", "no"),
        (STRICT, "probe.Reader().load(1)", "no"),
    ],
)
def test_a_condition_about_an_argument(condition: Condition, code: str, expected: str) -> None:
    assert summary(answer(code, condition)) == expected


def facts(root: Path, requirement: str) -> VersionFacts:
    (root / "requirements.txt").write_text(requirement, "utf-8")
    return read_versions(root, [root / "requirements.txt"])


@pytest.mark.parametrize(
    ("requirement", "known", "expected", "weak"),
    [
        ("probe==1.5", False, "yes", False),
        ("probe==2.1", False, "no", False),
        ("probe>=1", False, "maybe likely", False),
        ("probe>=1", True, "maybe likely", True),
        ("probe", False, "maybe likely", False),
        ("other==1", False, "maybe likely", False),
        ("other==1", True, "no", False),
    ],
)
def test_a_condition_about_a_version(tmp_path: Path, requirement: str, known: bool, expected: str, weak: bool) -> None:
    condition = Condition(package="probe", versions="<2", known=known)
    found = answer("probe.sink(x)", condition, facts(tmp_path, requirement))
    assert (summary(found), found.weak) == (expected, weak)


def test_a_version_tells_who_says_so(tmp_path: Path) -> None:
    found = answer("probe.sink(x)", Condition(package="probe", versions="<2"), facts(tmp_path, "probe==1.5"))
    assert found.reasons == ("requirements.txt:1 pins probe==1.5",)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("probe.sink(x, flag=True)", "no"),
        ("probe.sink(x)", "yes"),
        ("def f(a): probe.sink(x, flag=a)", "maybe"),
        ("def f(a=True): probe.sink(x, flag=a)", "no assumed"),
    ],
)
def test_unless_turns_an_answer_round_and_keeps_its_doubts(code: str, expected: str) -> None:
    condition = Condition(argument="flag", equals=(True,), unless=True)
    assert summary(answer(code, condition)) == expected
    assert answer(code, condition).reasons == answer(code, FLAG).reasons


def test_a_doubt_has_a_reason() -> None:
    for code in ("def f(a): probe.sink(x, flag=a)", "probe.sink(x, flag=True if c else False)", "probe.sink(x, **o)"):
        found = answer(code, FLAG)
        assert found.truth is not Truth.YES
        assert "flag" in found.reasons[0]


def test_all_of_holds_only_if_every_answer_does() -> None:
    assert all_of([]) == YES
    assert all_of([YES, YES]) == YES
    assert all_of([YES, NO, maybe("why")]) == NO
    assert all_of([YES, maybe("one"), maybe("two")]).reasons == ("one", "two")
    assert all_of([YES, maybe("one")]).truth is Truth.MAYBE
    assert not all_of([maybe("one", likely=True), maybe("two")]).likely
    assert all_of([maybe("one", likely=True), YES]).likely
    assert all_of([maybe("one", weak=True), YES]).weak
    assert all_of([Answer(Truth.YES, ("so",), assumed=True), YES]) == Answer(Truth.YES, ("so",), assumed=True)


@pytest.mark.parametrize("found", [YES, NO, maybe("why", likely=True), Answer(Truth.YES, ("so",), assumed=True)])
def test_negation_twice_changes_nothing(found: Answer) -> None:
    assert found.negated().negated() == found
