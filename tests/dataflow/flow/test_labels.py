"""Labels: few enough to be cheap, and nothing that says more than the rest is lost while they are few."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.dataflow.flow.labels import MOST_LABELS, Label, Source, bounded, with_tags

TAGS = st.frozensets(st.sampled_from(["digest", "allowed", "?doubt"]), max_size=3)
ORIGINS = st.one_of(
    st.builds(Source, st.sampled_from(["request", "hub"]), st.just("a.py"), st.integers(0, 3), st.just(9)),
    st.builds(lambda i, key: (("p", i), f".{key}"), st.integers(0, 4), st.sampled_from("abcdef")),
)
LABELS = st.frozensets(st.builds(Label, ORIGINS, TAGS), max_size=30)


@given(LABELS)
def test_they_are_bounded_and_bounding_twice_changes_nothing(labels: frozenset[Label]) -> None:
    once = bounded(labels)
    assert len(once) <= MOST_LABELS
    assert bounded(once) == once


@given(LABELS)
def test_while_there_is_room_every_label_or_a_worse_one_of_its_data_stays(labels: frozenset[Label]) -> None:
    kept = bounded(labels)
    if len({label.origin for label in labels}) * 8 <= MOST_LABELS:
        for label in labels:
            assert any(each.origin == label.origin and each.tags <= label.tags for each in kept)


@given(LABELS)
def test_sources_are_kept_before_paths(labels: frozenset[Label]) -> None:
    kept = bounded(labels)
    sources = {label.origin for label in labels if isinstance(label.origin, Source)}
    if any(not isinstance(label.origin, Source) for label in kept) and len(sources) <= MOST_LABELS // 8:
        assert sources <= {label.origin for label in kept}


@given(LABELS, TAGS)
def test_tags_are_added_to_every_label(labels: frozenset[Label], tags: frozenset[str]) -> None:
    assert with_tags(labels, tags) == frozenset(Label(each.origin, each.tags | tags) for each in labels)
