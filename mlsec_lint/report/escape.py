"""Scanned text made safe to show: hostile names and sources reach terminals and parsers through here only."""

from __future__ import annotations

import re

from mlsec_lint.domain.finding import Finding

_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    r"""``text`` with everything a terminal would obey or hide written as a Python escape: ``\x1b``, ``\u202e``, ``\n``.

    Escaped is whatever Unicode calls other or separator, the plain space apart: C0 and C1 controls (ANSI sequences),
    bidirectional and zero-width formatting (a line that reads differently from what runs), line separators, lone
    surrogates.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def one_line(text: str) -> str:
    """Prose on one line: runs of white space become one space, the rest is as ``visible`` shows it."""
    return visible(" ".join(text.split()))


def cropped(text: str, limit: int) -> str:
    """``text`` of at most ``limit`` code points, the last an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def valid(text: str) -> str:
    """``text`` as valid Unicode: lone surrogates, which no UTF-8 document can hold, become U+FFFD.

    They come from file names that are not UTF-8 and from string literals such as ``"\\ud800"``.
    """
    return _SURROGATE.sub("\ufffd", text)


def fingerprint(finding: Finding) -> str:
    """The fingerprint of ``finding``, also where its path or code cannot be encoded as it stands."""
    try:
        return finding.fingerprint
    except UnicodeEncodeError:
        return _valid_copy(finding).fingerprint


def _valid_copy(finding: Finding) -> Finding:
    """``finding`` with valid Unicode in everything that its fingerprint is made of."""
    from dataclasses import replace

    location = replace(finding.location, path=valid(finding.location.path))
    rule = replace(finding.rule, slug=valid(finding.rule.slug))
    return replace(
        finding, rule=rule, location=location, definition=valid(finding.definition), code=valid(finding.code)
    )
