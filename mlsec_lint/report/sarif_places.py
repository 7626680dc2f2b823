"""Places and texts as SARIF writes them, shared by results, flows and notifications."""

from __future__ import annotations

from mlsec_lint.domain import finding as domain
from mlsec_lint.report.escape import valid
from mlsec_lint.report.request import SourceText
from mlsec_lint.report.sarif_document import (
    ArtifactContent,
    ArtifactLocation,
    Location,
    LogicalLocation,
    Message,
    PhysicalLocation,
    Region,
)
from mlsec_lint.report.uri import relative_uri

ROOT = "%SRCROOT%"
"""The name of the base that all URIs are relative to."""

_SNIPPET_LIMIT = 4000
"""Code points up to which a snippet is written: the text of a region is all of it or nothing."""


def plain(message: str) -> str:
    """``message`` without what SARIF reads as an embedded link.

    Code quoted in a message (``LOADERS[name](path)``) would be shown as a link to ``path``, and a hostile repository
    could place links of its choice. Braces stay as they are: the standard doubles them for the sake of placeholders,
    which need arguments and are not used here, and viewers show doubled ones doubled.
    """
    return valid(message).replace("](", "] (")


def in_words(text: str, place: domain.Location) -> str:
    """``text``; in a notebook with the place in words, since a viewer counts the lines of the notebook's JSON."""
    return text if place.cell is None else f"{text} (notebook cell {place.cell}, line {place.line})"


def artifact(path: str) -> ArtifactLocation:
    """The file ``path``, relative to the root."""
    return ArtifactLocation(uri=relative_uri(path), uri_base_id=ROOT)


def location(
    place: domain.Location, definition: str, snippet: str, *, message: str | None = None, number: int | None = None
) -> Location:
    """``place`` inside ``definition``; ``snippet`` is the text of the whole range, empty if it is not known."""
    region = Region(place.line, place.column, place.end_line, place.end_column, _content(snippet))
    logical: list[LogicalLocation] = []
    if definition:
        name = valid(definition)
        logical.append(LogicalLocation(name.rpartition(".")[2] or name, name))
    if place.cell is not None:
        logical.append(LogicalLocation(f"cell {place.cell}"))
    return Location(
        PhysicalLocation(artifact(place.path), region),
        tuple(logical),
        id=number,
        message=Message(plain(message)) if message is not None else None,
    )


def text_at(place: domain.Location, sources: SourceText) -> str:
    """The text of a range within one line; empty for others, of which one line would be a part taken for the whole."""
    if place.line != place.end_line:
        return ""
    return sources.line(place.path, place.line, place.cell)[place.column - 1 : place.end_column - 1]


def _content(snippet: str) -> ArtifactContent | None:
    return ArtifactContent(valid(snippet)) if 0 < len(snippet) <= _SNIPPET_LIMIT else None
