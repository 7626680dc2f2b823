"""Suppression comments: ``# noqa: MLS102`` and ``# mlsec-lint: ignore[slug] reason``.

A comment silences the named rules on the lines of the finding it stands on; an ``ignore`` on a line of its own
silences the next line. A bare ``# noqa`` names no rule of ours and silences nothing: it was written for another tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlsec_lint.checks.draft import Draft
from mlsec_lint.checks.wording import message_of
from mlsec_lint.domain.levels import Confidence

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import Rule
    from mlsec_lint.engine.texts import FileText
    from mlsec_lint.source.project import Module

MARKERS: Final = ("noqa", "NOQA", "mlsec")
"""The words that make the scan look for comments in a file."""

_MARKER: Final = re.compile(rb"noqa|NOQA|mlsec-lint")
_LONGEST_COMMENT: Final = 2_000

_NOQA: Final = re.compile(r"#\s*noqa\s*:\s*([A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)", re.IGNORECASE)
_IGNORE: Final = re.compile(r"#\s*mlsec-lint\s*:\s*ignore\s*\[([^\]]*)\]\s*(.*)", re.IGNORECASE)
_OWN_CODE: Final = re.compile(r"MLS[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment: the names it lists, the lines it covers (virtual lines of the file), its span, its reason."""

    names: tuple[str, ...]
    first: int
    last: int
    at: int
    end: int
    reason: str


def suppressions_of(module: Module, text: FileText) -> list[Suppression]:
    """The suppression comments of a file, in order."""
    found: list[Suppression] = []
    root = module.tree.root_node
    seen = -1
    for match in _MARKER.finditer(module.data):
        if match.start() < seen:
            continue
        node = root.descendant_for_byte_range(match.start(), match.start() + 1)
        if node is None or node.type != "comment":
            continue
        seen = node.end_byte
        if seen - node.start_byte > _LONGEST_COMMENT:
            continue
        written = text.code(node.start_byte, node.end_byte)
        names, reason = _names(written)
        if names:
            line, _ = text.index.position(node.start_byte)
            alone = not text.line(line).partition("#")[0].strip() and "mlsec-lint" in written
            found.append(Suppression(names, line, line + int(alone), node.start_byte, node.end_byte, reason))
    return found


def _names(comment: str) -> tuple[tuple[str, ...], str]:
    match = _IGNORE.search(comment)
    if match is not None:
        names = tuple(n.strip() for n in match.group(1).split(",") if n.strip())
        return names, match.group(2).strip()
    match = _NOQA.search(comment)
    if match is not None:
        codes = re.split(r"[,\s]+", match.group(1).upper())
        return tuple(c for c in codes if _OWN_CODE.fullmatch(c)), ""
    return (), ""


def apply_suppressions(
    text: FileText, drafts: Iterable[Draft], comments: Sequence[Suppression]
) -> tuple[list[Draft], list[Draft], set[tuple[int, str]]]:
    """The drafts that stay, those that are silenced, and which (comment offset, name) silenced something."""
    kept: list[Draft] = []
    silenced: list[Draft] = []
    used: set[tuple[int, str]] = set()
    for draft in drafts:
        first, _ = text.index.position(draft.at)
        last, _ = text.index.position(draft.end)
        names = (draft.rule.slug, draft.rule.code, *draft.covers)
        by = [(c.at, n) for c in comments if c.first <= last and first <= c.last for n in c.names if n in names]
        used.update(by)
        (silenced if by else kept).append(draft)
    return kept, silenced, used


def unused_drafts(
    rule: Rule,
    comments: Sequence[Suppression],
    used: set[tuple[int, str]],
    active: frozenset[str],
    known: frozenset[str],
) -> list[Draft]:
    """One draft per comment for the names in it that silenced nothing, although their rules ran or do not exist."""
    found: list[Draft] = []
    for comment in comments:
        if rule.slug in comment.names or rule.code in comment.names:
            continue
        stale = [n for n in comment.names if (comment.at, n) not in used and (n in active or n not in known)]
        if stale:
            api = ", ".join(stale)
            message = message_of(rule, api=api, because="", origin="", remedy=rule.remedy)
            found.append(
                Draft(
                    rule, comment.at, comment.end, api, message, rule.remedy, rule.severity, Confidence.HIGH,
                    rule.profile,
                    ("the rule ran and reported nothing that the comment covers",),
                )
            )  # fmt: skip
    return found
