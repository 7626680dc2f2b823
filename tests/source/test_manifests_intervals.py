"""Specifiers as sets of versions agree with ``packaging`` on every version of a grid."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mlsec_lint.source.manifests import Status, VersionFacts
from mlsec_lint.source.manifests.intervals import Spans, admitted_spans, contains, intersection, spans_of, union
from mlsec_lint.source.manifests.names import Scope
from mlsec_lint.source.manifests.statements import Collector

RELEASES = ("0", "0.9", "1", "1.0.1", "1.1", "1.9", "1.10", "2.0", "2.0.0.1", "2.1", "3", "1!0", "1!1.1")
SUFFIXES = ("", ".dev0", "a1", "a1.dev2", "rc1", "rc1.post1", "rc2", ".post0", ".post1", ".post1.dev3", ".post2")
GRID = tuple(Version(release + suffix) for release in RELEASES for suffix in SUFFIXES)

releases = st.sampled_from(RELEASES)
plain_parts = st.builds(
    "{}{}{}".format, st.sampled_from(["==", "!=", ">=", "<=", ">", "<"]), releases, st.sampled_from(SUFFIXES)
)
prefix_parts = st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), releases)
compatible_parts = st.builds(
    "~={}{}".format, st.sampled_from([each for each in RELEASES if "." in each]), st.sampled_from(SUFFIXES)
)
specifiers = st.lists(st.one_of(plain_parts, prefix_parts, compatible_parts), max_size=4).map(
    lambda parts: SpecifierSet(",".join(parts))
)


def members(spans: Spans) -> set[Version]:
    return {version for version in GRID if contains(spans, version)}


@given(specifiers)
def test_a_set_holds_the_versions_that_the_specifier_contains(specifier: SpecifierSet) -> None:
    expected = {version for version in GRID if specifier.contains(version, prereleases=True)}
    assert members(spans_of(specifier)) == expected


@given(specifiers)
def test_the_admitted_set_holds_pre_releases_only_where_the_specifier_names_one(specifier: SpecifierSet) -> None:
    finals = {version for version in GRID if not version.is_prerelease}
    assert members(admitted_spans(specifier)) & finals == members(spans_of(specifier)) & finals


@given(specifiers, specifiers)
def test_intersection_and_union_are_those_of_sets(left: SpecifierSet, right: SpecifierSet) -> None:
    one, other = spans_of(left), spans_of(right)
    assert members(intersection(one, other)) == members(one) & members(other)
    assert members(union([one, other])) == members(one) | members(other)


@given(st.lists(specifiers.map(spans_of), max_size=4))
def test_a_union_is_sorted_and_its_spans_do_not_touch(sets: list[Spans]) -> None:
    spans = union(sets)
    for before, after in pairwise(spans):
        assert before.high is not None
        assert before.high < after.low


@given(releases, st.sampled_from(SUFFIXES), st.sampled_from(GRID))
def test_read_as_plain_order_a_bound_divides_all_versions(release: str, suffix: str, version: Version) -> None:
    bound = release + suffix
    below = spans_of(SpecifierSet(f"<{bound}"), ordered=True)
    above = spans_of(SpecifierSet(f">={bound}"), ordered=True)
    assert contains(below, version) is not contains(above, version)
    assert contains(below, version) is (version < Version(bound))


@pytest.mark.parametrize("build", ["2.5.1+cu121", "2.5.1+cpu", "2.5.1"])
def test_builds_of_a_version_are_that_version(build: str) -> None:
    assert contains(spans_of(SpecifierSet("==2.5.1+cu118")), Version(build))
    assert contains(spans_of(SpecifierSet("<=2.5.1")), Version(build))
    assert not contains(spans_of(SpecifierSet(">2.5.1")), Version(build))


def test_excluding_one_build_excludes_no_version() -> None:
    assert contains(spans_of(SpecifierSet("!=2.5.1+cu118")), Version("2.5.1"))


def test_arbitrary_equality_names_a_version_or_none() -> None:
    assert contains(spans_of(SpecifierSet("===2.5.1")), Version("2.5.1"))
    assert spans_of(SpecifierSet("===latest")) == ()


def test_nothing_is_below_the_first_version() -> None:
    assert spans_of(SpecifierSet("<0.dev0")) == ()


@given(specifiers, specifiers)
def test_a_status_agrees_with_every_version_of_the_grid(admitted: SpecifierSet, wanted: SpecifierSet) -> None:
    out = Collector("requirements.txt")
    assert out.requirement(f"torch{admitted}", 1, Scope.MAIN)
    status = VersionFacts({("", "torch"): out.reading().claims}).status("torch", wanted, "train.py")
    inside = {
        contains(spans_of(wanted, ordered=True), version)
        for version in GRID
        if not version.is_prerelease and admitted.contains(version)
    }
    if status is Status.UNSTATED:
        assert not inside or not len(admitted)
    elif status is not Status.SOME:
        assert inside <= {status is Status.ALL}
    if inside == {True, False}:
        assert status in (Status.SOME, Status.UNSTATED)
