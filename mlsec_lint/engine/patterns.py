"""Patterns in the language of ``.gitignore``, with git's own meaning, and none that can stall a scan.

A set answers for one entry of a folder at a time, the way git does while it walks. Libraries answer for whole paths
instead, which gets common idioms wrong (``*``, ``!*/``, ``!*.py``: everything but Python files) and would leave
files unscanned. Ignore files are as hostile as the repository that they come with: matching takes time proportional to
pattern times path, whatever either holds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from mlsec_lint.engine.wildcards import Part, WildcardError, compile_part

MAX_LINE = 1_000
"""Characters in one pattern."""

MAX_LINES = 2_000
"""Lines in one file: each pattern is tried on each entry below it."""

_ANY_DEPTH = "**"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line: ``parts`` match a path part by part, ``None`` stands for any number of folders (``**``).

    ``name_only`` patterns, those without a slash, look at the last part of the path alone.
    """

    parts: tuple[Part | None, ...]
    negated: bool
    folder_only: bool
    name_only: bool

    def matches(self, path: Sequence[str], folder: bool) -> bool:
        if self.folder_only and not folder:
            return False
        if self.name_only:
            part = self.parts[0]
            return part is None or part(path[-1])
        return _match(self.parts, path)


@dataclass(frozen=True, slots=True)
class PatternSet:
    """Patterns that apply below the folder ``base`` (absolute)."""

    base: str
    patterns: tuple[_Pattern, ...]

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """Whether the absolute ``path`` itself is matched (``True``), re-included by ``!`` (``False``), or neither.

        What a walk asks on its way down: it has already left out the folders that are matched.
        """
        parts = self._below(path)
        return self._verdict(parts, folder) if parts else None

    def covers(self, path: str, *, folder: bool) -> bool:
        """Whether ``path`` is matched, or lies in a folder that is: what to ask about a path from elsewhere."""
        parts = self._below(path)
        return any(self._verdict(parts[:end], folder or end < len(parts)) for end in range(1, len(parts) + 1))

    def _below(self, path: str) -> list[str]:
        """The parts of ``path`` below the base; empty if it does not lie there."""
        prefix = self.base.rstrip(os.sep) + os.sep
        return path[len(prefix) :].split(os.sep) if path.startswith(prefix) else []

    def _verdict(self, parts: Sequence[str], folder: bool) -> bool | None:
        for pattern in reversed(self.patterns):
            if pattern.matches(parts, folder):
                return not pattern.negated
        return None


def objection(line: str) -> str | None:
    """Why the pattern ``line`` cannot be used, as the end of a sentence that starts with it; ``None`` if it can be."""
    try:
        _parse(line)
    except WildcardError as error:
        return str(error)
    return None


def compile_patterns(base: str, lines: Sequence[str]) -> tuple[PatternSet | None, tuple[tuple[int, str], ...]]:
    """The usable ``lines`` compiled for ``base``, and (line number from 1, objection) for each one left out.

    The set is ``None`` if no line holds a pattern, so that callers never pay for matching against nothing.
    """
    if len(lines) > MAX_LINES:
        return None, ((MAX_LINES + 1, f"the file has more than {MAX_LINES} lines; none of them is applied"),)
    patterns: list[_Pattern] = []
    objections: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        try:
            patterns.extend(_parse(line))
        except WildcardError as error:
            objections.append((number, f"the pattern {error} and is not applied"))
    return (PatternSet(base, tuple(patterns)) if patterns else None), tuple(objections)


def _parse(line: str) -> tuple[_Pattern, ...]:
    """The pattern in ``line``, if it holds one. Raises ``WildcardError``."""
    if len(line) > MAX_LINE:
        raise WildcardError(f"is longer than {MAX_LINE} characters")
    text = _without_trailing_blanks(line)
    if not text or text.startswith("#"):
        return ()
    negated = text.startswith("!")
    body = text[negated:]
    folder_only = body.endswith("/")
    body = body[:-1] if folder_only else body
    if not body.strip("/"):
        raise WildcardError("names nothing")
    name_only = "/" not in body
    texts = body.removeprefix("/").split("/")
    if len(texts) > 1 and texts[-1] == _ANY_DEPTH:
        # `a/**` is everything inside `a`, not `a` itself.
        texts.append("*")
    parts = tuple(None if text == _ANY_DEPTH and not name_only else compile_part(text) for text in texts)
    return (_Pattern(parts, negated, folder_only, name_only),)


def _without_trailing_blanks(line: str) -> str:
    """``line`` as git reads it: blanks at the end do not count unless a backslash precedes them."""
    text = line.rstrip("\r\n")
    kept = text.rstrip(" ")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return kept + " " if backslashes % 2 and len(kept) < len(text) else kept


def _match(parts: Sequence[Part | None], path: Sequence[str]) -> bool:
    """Whether ``parts`` match the whole ``path``.

    When a part fails, only the last ``**`` is lengthened: an earlier one could not help, so nothing is tried twice as
    in a search that backtracks.
    """
    at = here = 0
    retry_part, retry_path = -1, 0
    while here < len(path):
        part = parts[at] if at < len(parts) else _nothing
        if part is None:
            retry_part, retry_path = at, here
            at += 1
        elif part(path[here]):
            at, here = at + 1, here + 1
        elif retry_part >= 0:
            retry_path += 1
            at, here = retry_part + 1, retry_path
        else:
            return False
    return all(part is None for part in parts[at:])


def _nothing(_: str) -> bool:
    """The part behind the last one: matches no name."""
    return False
