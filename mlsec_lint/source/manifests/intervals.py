"""Version specifiers as sets of versions, so that two of them can be compared without a list of releases.

A set is a sorted tuple of disjoint spans between cuts. A cut lies just before or just after a public version in the
order of ``packaging.version.Version``; local labels (``+cu121``) are dropped, because a build of a version has the
behaviour of that version.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

_MANY_POSTS: Final = 10**18
"""Stands for "after every post-release" of a version; nobody numbers post-releases that high."""


class Cut(NamedTuple):
    """A place between versions: just before ``version``, or just after it."""

    version: Version
    after: bool


class Span(NamedTuple):
    """The versions between two cuts; ``high`` is ``None`` where there is no upper end."""

    low: Cut
    high: Cut | None


Spans = tuple[Span, ...]
"""A set of versions: sorted, disjoint spans. Empty: no version at all."""


def spans_of(specifier: SpecifierSet, *, ordered: bool = False) -> Spans:
    """The public versions that a specifier contains, pre-releases included.

    By PEP 440, ``<2.6`` leaves out the pre-releases of 2.6 and ``>2.5`` the post-releases of 2.5. With ``ordered``
    both are read as plain order, so that ``<2.6`` and ``>=2.6`` divide all versions between them: that is what the
    statement "fixed in 2.6" means.
    """
    spans = (Span(_floor(), None),)
    for part in specifier:
        spans = intersection(spans, _part_spans(part.operator, part.version, ordered))
    return spans


def admitted_spans(specifier: SpecifierSet) -> Spans:
    """The versions that an installer would take: pre-releases only if the specifier itself names one."""
    spans = spans_of(specifier)
    if any(part.prereleases for part in specifier):
        return spans
    return _normal(Span(_first_final(span.low), span.high) for span in spans)


def intersection(left: Spans, right: Spans) -> Spans:
    """The versions in both sets, in time linear in their spans."""
    found: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        low = max(left[i].low, right[j].low)
        first_left = _ends_first(left[i].high, right[j].high)
        high = left[i].high if first_left else right[j].high
        if high is None or low < high:
            found.append(Span(low, high))
        if first_left:
            i += 1
        else:
            j += 1
    return tuple(found)


def union(sets: list[Spans]) -> Spans:
    """The versions in any of the sets."""
    return _normal(span for spans in sets for span in spans)


def contains(spans: Spans, version: Version) -> bool:
    """Whether a version (its local label aside) is in the set."""
    point = _point(version)
    return bool(intersection(spans, (point,)))


def _normal(spans: Iterable[Span]) -> Spans:
    """Drop empty spans, sort, and join those that touch or overlap."""
    merged: list[Span] = []
    filled = [span for span in spans if span.high is None or span.low < span.high]
    for span in sorted(filled, key=lambda each: each.low):
        last = merged[-1] if merged else None
        if last is not None and (last.high is None or span.low <= last.high):
            high = span.high if _ends_first(last.high, span.high) else last.high
            merged[-1] = Span(last.low, high)
        else:
            merged.append(span)
    return tuple(merged)


def _ends_first(left: Cut | None, right: Cut | None) -> bool:
    """Whether an upper end is no higher than another one."""
    if left is None:
        return right is None
    return right is None or left <= right


def _part_spans(operator: str, text: str, ordered: bool) -> Spans:
    """One clause of a specifier as a set. An ``===`` that names no version contains none."""
    from packaging.version import InvalidVersion, Version

    if operator in ("==", "!=") and text.endswith(".*"):
        span = _prefix(Version(text[:-2]), drop=0)
        return (span,) if operator == "==" else _outside(span)
    try:
        version = Version(text)
    except InvalidVersion:
        return ()
    if operator == "!=" and version.local is not None:
        return (Span(_floor(), None),)  # only one build is excluded, the public version stays
    if operator in ("==", "==="):
        return (_point(version),)
    if operator == "!=":
        return _outside(_point(version))
    if operator == "~=":
        return (Span(Cut(_public(version), False), _prefix(version, drop=1).high),)
    if operator == ">=":
        return (Span(Cut(_public(version), False), None),)
    if operator == ">":
        return (Span(_above(version, ordered), None),)
    high = Cut(_public(version), True) if operator == "<=" else _below(version, ordered)
    return (Span(_floor(), high),) if _floor() < high else ()


def _above(version: Version, ordered: bool) -> Cut:
    """The lower end of ``>version``."""
    from packaging.version import Version

    public = _public(version)
    if ordered or version.is_postrelease or version.dev is not None:
        return Cut(public, True)
    return Cut(Version(f"{public}.post{_MANY_POSTS}"), True)


def _below(version: Version, ordered: bool) -> Cut:
    """The upper end of ``<version``."""
    from packaging.version import Version

    public = _public(version)
    if ordered or version.is_prerelease:
        return Cut(public, False)
    return Cut(Version(f"{public}.dev0"), False)


def _prefix(version: Version, *, drop: int) -> Span:
    """The versions that start with the release of ``version``, less its last ``drop`` numbers."""
    from packaging.version import Version

    release = version.release[: len(version.release) - drop]
    following = (*release[:-1], release[-1] + 1)
    low, high = (Version(f"{version.epoch}!{'.'.join(map(str, each))}.dev0") for each in (release, following))
    return Span(Cut(low, False), Cut(high, False))


def _outside(span: Span) -> Spans:
    """Every version that is not in ``span``."""
    below = (Span(_floor(), span.low),) if _floor() < span.low else ()
    return below if span.high is None else (*below, Span(span.high, None))


def _point(version: Version) -> Span:
    public = _public(version)
    return Span(Cut(public, False), Cut(public, True))


def _public(version: Version) -> Version:
    from packaging.version import Version

    return version if version.local is None else Version(version.public)


def _floor() -> Cut:
    """The place before the first version there can be."""
    from packaging.version import Version

    return Cut(Version("0.dev0"), False)


def _first_final(low: Cut) -> Cut:
    """A lower end raised over the pre-releases that follow it."""
    from packaging.version import Version

    version = low.version
    if not version.is_prerelease:
        return low
    release = f"{version.epoch}!{'.'.join(map(str, version.release))}"
    if version.pre is None and version.post is not None:
        release = f"{release}.post{version.post}"
    return Cut(Version(release), False)
