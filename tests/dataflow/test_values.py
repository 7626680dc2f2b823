"""The values of the analysis as a lattice: joining loses nothing, in any order, and stays within its bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.dataflow.values import (
    MOST_CONSTANTS,
    MOST_REFERENCES,
    NOTHING,
    UNKNOWN,
    External,
    Instance,
    ObjectRef,
    Reference,
    Value,
    computed,
    constant,
    derived,
    join,
    join_all,
    reference,
    truth,
    unknown,
)

ORIGINS = st.frozensets(st.sampled_from(["literal", "caller", "network", "own"]), max_size=2)
CONSTANTS = st.sampled_from([None, True, False, 2, 3, 1.5, "", "a", "b", b"a"])
REFERENCES: st.SearchStrategy[Reference] = st.one_of(
    st.sampled_from("abcdefgh").map(External),
    st.sampled_from("abc").map(Instance),
    st.integers(0, 2).map(lambda at: ObjectRef(("m.py", at))),
)


@st.composite
def values(draw: st.DrawFn) -> Value:
    constants = draw(st.lists(CONSTANTS, max_size=3, unique_by=lambda c: (type(c), c)))
    references = draw(st.lists(REFERENCES, max_size=4, unique=True))
    identity = draw(st.sampled_from([None, "x", "y"]))
    return Value(tuple(constants), tuple(references), draw(st.booleans()), draw(ORIGINS), identity)


def meaning(value: Value) -> tuple[object, ...]:
    """A value regardless of the order of its possibilities."""
    constants = frozenset((type(c), c) for c in value.constants)
    return constants, frozenset(value.references), value.open, value.origins, value.identity


def within_bounds(*all_values: Value) -> bool:
    """Whether joining the values exceeds no bound; beyond it, what is kept depends on the order."""
    references = {r for v in all_values for r in v.references}
    return len(references) <= MOST_REFERENCES


@given(values(), values())
def test_join_is_commutative(left: Value, right: Value) -> None:
    one, other = join(left, right), join(right, left)
    if within_bounds(left, right):
        assert meaning(one) == meaning(other)
    assert (one.open, one.origins, one.identity) == (other.open, other.origins, other.identity)


@given(values(), values(), values())
def test_join_is_associative(a: Value, b: Value, c: Value) -> None:
    one, other = join(join(a, b), c), join(a, join(b, c))
    constants = {(type(x), x) for v in (a, b, c) for x in v.constants}
    if within_bounds(a, b, c) and len(constants) <= MOST_CONSTANTS:
        assert meaning(one) == meaning(other)
    assert one.origins == other.origins


@given(values())
def test_join_is_idempotent(value: Value) -> None:
    assert join(value, value) == value
    reordered = Value(value.constants[::-1], value.references[::-1], value.open, value.origins, value.identity)
    assert meaning(join(value, reordered)) == meaning(value)


@given(values(), values())
def test_join_loses_no_possibility(left: Value, right: Value) -> None:
    both = join(left, right)
    for side in (left, right):
        assert both.open or set(side.references) <= set(both.references)
        assert both.open or all(
            any(c is x or (type(c), c) == (type(x), x) for x in both.constants) for c in side.constants
        )
        assert side.origins <= both.origins
        assert both.open or not side.open


@given(st.lists(values(), min_size=1, max_size=8))
def test_join_stays_within_its_bounds(many: list[Value]) -> None:
    both = join_all(many)
    assert len(both.constants) <= MOST_CONSTANTS
    assert len(both.references) <= MOST_REFERENCES


def test_more_possibilities_than_the_bound_open_the_value() -> None:
    many = join_all(constant(number) for number in range(MOST_CONSTANTS + 1))
    assert (many.constants, many.open) == ((), True)
    some = join_all(reference(External(str(number))) for number in range(MOST_REFERENCES + 1))
    assert some.open
    assert len(some.references) == MOST_REFERENCES


def test_a_flag_and_a_number_stay_apart() -> None:
    both = join(constant(True), constant(1))
    assert len(both.constants) == 2
    assert not both.known
    assert join(constant(True), constant(True)).known


def test_known_values_give_their_constant() -> None:
    assert constant("a").text == "a"
    assert constant(None).known
    assert constant(None).constant is None
    assert UNKNOWN.constant is None
    assert Value(("a",), (), True).text is None
    assert not NOTHING.known
    assert reference(External("torch.load")).known


def test_joining_nothing_at_all_is_unknown() -> None:
    assert join_all([]) == UNKNOWN


def test_one_identity_survives_and_two_do_not() -> None:
    assert join(Value(("a",), identity="x"), Value(("b",), identity="x")).identity == "x"
    assert join(Value(("a",), identity="x"), Value(("b",), identity="y")).identity is None


def test_truth_is_known_only_if_every_possibility_agrees() -> None:
    assert truth(constant(1)) is True
    assert truth(constant("")) is False
    assert truth(join(constant(0), constant(None))) is False
    assert truth(join(constant(0), constant(2))) is None
    assert truth(UNKNOWN) is None
    assert truth(Value((True,), (), True)) is None
    assert truth(reference(External("torch.load"))) is True
    assert truth(reference(ObjectRef(("m.py", 0)))) is None, "an empty container is false"
    assert truth(reference(Instance("torch.Tensor"))) is None


def test_derived_values_carry_all_provenance_and_no_possibility() -> None:
    made = derived([constant("a"), unknown(frozenset(("network",)))])
    assert (made.constants, made.open, made.origins) == ((), True, frozenset(("literal", "network")))


def test_literals_do_not_vouch_for_what_an_unknown_function_makes_of_them() -> None:
    assert computed([constant("a")]) == frozenset(("unknown",))
    assert computed([constant("a"), unknown(frozenset(("network",)))]) == frozenset(("network",))
