"""The state of an evaluation: containers, and what remains known where two ways meet."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mlsec_lint.dataflow.state import MOST_ITEMS, HeapObject, State, contains, join_objects, join_states, key_of
from mlsec_lint.dataflow.values import UNKNOWN, Value, constant, join

from .test_values import meaning, values

KEYS = st.sampled_from([("str", "a"), ("str", "b"), ("int", 0), ("bool", False)])
OBJECTS = st.tuples(
    st.just("dict"),
    st.dictionaries(KEYS, values(), max_size=3),
    st.none() | values(),
    st.booleans(),
    st.frozensets(st.sampled_from(["caller", "network"]), max_size=1),
).map(lambda parts: HeapObject(*parts))
STATES = st.tuples(
    st.dictionaries(st.sampled_from("xyz"), values(), max_size=3),
    st.dictionaries(st.tuples(st.just("m.py"), st.integers(0, 2)), OBJECTS, max_size=2),
    st.dictionaries(st.sampled_from(["p", "q"]), st.sampled_from([frozenset(("own",)), frozenset(("network",))])),
    st.booleans(),
).map(lambda parts: State(*parts))


def shape(obj: HeapObject) -> tuple[object, ...]:
    """A container regardless of the order in which its items and possibilities were found."""
    rest = meaning(obj.rest) if obj.rest is not None else None
    return {k: meaning(v) for k, v in obj.items.items()}, rest, obj.exact, obj.origins


def small(obj: HeapObject) -> bool:
    return all(len(v.references) <= 3 for v in (*obj.items.values(), *([obj.rest] if obj.rest is not None else [])))


@settings(max_examples=60)
@given(OBJECTS.filter(small), OBJECTS.filter(small))
def test_joining_containers_is_commutative(left: HeapObject, right: HeapObject) -> None:
    assert shape(join_objects(left, right)) == shape(join_objects(right, left))


@settings(max_examples=60)
@given(OBJECTS)
def test_joining_a_container_with_itself_changes_nothing(obj: HeapObject) -> None:
    assert join_objects(obj, obj) == obj


@settings(max_examples=60)
@given(OBJECTS, OBJECTS)
def test_a_joined_container_has_every_item_of_both(left: HeapObject, right: HeapObject) -> None:
    both = join_objects(left, right)
    assert set(both.items) == {*left.items, *right.items}
    for key in both.items:
        assert both.items[key].open or (key in left.items and key in right.items)
    assert not both.exact or (left.exact and right.exact)


@settings(max_examples=40)
@given(STATES, STATES)
def test_joining_states_is_commutative(left: State, right: State) -> None:
    one, other = join_states(left, right), join_states(right, left)
    assert one.alive == other.alive
    if one.alive:
        assert (one.names.keys(), one.heap.keys()) == (other.names.keys(), other.heap.keys())
        assert one.contents == other.contents


@settings(max_examples=40)
@given(STATES)
def test_joining_a_state_with_itself_changes_nothing(state: State) -> None:
    assert join_states(state, state.copy()).same_as(state)


def test_what_only_one_way_wrote_may_be_something_else() -> None:
    own, network = frozenset(("own",)), frozenset(("network",))
    left, right = State.empty(), State.empty()
    left.contents.update(p=own, q=own)
    right.contents.update(p=own, r=network)
    assert join_states(left, right).contents == {"p": own, "q": own | {"unknown"}, "r": network | {"unknown"}}


def test_a_way_that_ended_contributes_nothing() -> None:
    dead, alive = State.empty(), State.empty()
    dead.names["x"], dead.alive = constant(1), False
    alive.names["x"] = constant(2)
    assert join_states(dead, alive).names["x"] == constant(2)
    assert join_states(alive, dead).names["x"] == constant(2)


def test_a_copy_is_independent() -> None:
    state = State.empty()
    state.names["x"] = constant(1)
    copy = state.copy()
    copy.names["x"] = constant(2)
    copy.heap["m.py", 1] = HeapObject("list", {})
    assert state.names["x"] == constant(1)
    assert state.heap == {}


def test_items_are_told_apart_by_type() -> None:
    obj = HeapObject("dict", {}).with_item(1, constant("number")).with_item(True, constant("flag"))
    assert obj.get(1) == constant("number")
    assert obj.get(True) == constant("flag")
    assert key_of(1) != key_of(True)
    assert contains((1,), 1)
    assert not contains((1,), True)


def test_a_missing_item_is_absent_only_if_the_container_is_exact() -> None:
    exact = HeapObject("dict", {})
    assert exact.get("a") is None
    assert exact.with_rest(constant(1)).get("a") == constant(1)
    assert HeapObject("dict", {}, None, False).get("a") == UNKNOWN


def test_a_write_under_an_unknown_key_may_be_any_item() -> None:
    obj = HeapObject("dict", {}).with_item("a", constant(1)).with_rest(constant(2))
    assert obj.get("a") == join(constant(1), constant(2))
    assert not obj.exact
    assert obj.any_item().open


def test_a_removed_item_is_gone() -> None:
    assert HeapObject("dict", {}).with_item("a", constant(1)).without("a").get("a") is None


def test_a_large_container_is_summarised_and_no_longer_exact() -> None:
    obj = HeapObject("dict", {})
    for number in range(MOST_ITEMS + 5):
        obj = obj.with_item(number, constant("a"))
    assert len(obj.items) == MOST_ITEMS
    assert not obj.exact
    assert obj.get(MOST_ITEMS + 1) == constant("a")
    assert obj.with_item(0, constant("b")).get(0) == constant("b"), "a listed item is still told apart"


def test_an_item_picked_at_random_may_be_any() -> None:
    obj = HeapObject("list", {}).with_item(0, constant(1)).with_item(1, constant(2))
    assert obj.any_item() == join(constant(1), constant(2))
    assert HeapObject("list", {}).any_item() == Value((), (), True)
