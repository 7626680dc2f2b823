"""The files of a new rule: where they go, what is in them, and which code the rule gets."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from mlsec_lint import __version__
from mlsec_lint.domain.errors import UsageError

_TEMPLATES: Final = Path(__file__).parent / "templates"
_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
_LONGEST_SLUG: Final = 40
_MARKS: Final = ("rules/_facts/kinds.toml", "mlsec_lint/__init__.py")
"""Files that tell a checkout from any other folder."""

_LAST: Final = 99


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to make: its path relative to the checkout, and its text."""

    path: str
    text: str


def find_checkout(folder: Path) -> Path:
    """The checkout around ``folder``. Raises ``UsageError``: an installed catalogue is no place for new rules."""
    for place in (folder, *folder.parents):
        if all((place / mark).is_file() for mark in _MARKS):
            return place
    raise UsageError("a rule is made in a checkout of mlsec-lint; change into one")


def check_slug(slug: str) -> None:
    """Raises ``UsageError`` for a slug that cannot name a folder, a Semgrep rule and a module alike."""
    if not _SLUG.fullmatch(slug):
        raise UsageError(f'"{slug}" is no slug; write two or more lower-case words with - between them')
    if len(slug) > _LONGEST_SLUG:
        raise UsageError(f'"{slug}" is longer than {_LONGEST_SLUG} characters; find a shorter name')


def next_code(block: int, taken: Collection[str]) -> str:
    """The code behind the highest one of the block; a gap is a rule that was withdrawn, and its code stays unused.

    Raises ``UsageError`` if the block is full.
    """
    prefix = f"MLS{block}"
    numbers = [int(code[len(prefix) :]) for code in taken if code.startswith(prefix)]
    number = max(numbers, default=0) + 1
    if number > _LAST:
        raise UsageError(f"all codes of the block {prefix}xx are used up; choose another --block")
    return f"{prefix}{number:02}"


def files_of(slug: str, code: str, *, check: bool) -> tuple[NewFile, ...]:
    """The files of the rule ``slug``; with ``check`` also those of a check of its own."""
    module = slug.replace("-", "_")
    words = {
        "slug": slug,
        "code": code,
        "title": slug.replace("-", " ").capitalize(),
        "module": module,
        "version": __version__,
        "check_line": f'check = "{slug}"' if check else "graded = true",
    }
    places = {
        f"rules/{slug}/rule.toml": "rule.toml",
        f"rules/{slug}/README.md": "page.md",
        f"fixtures/{slug}/bad_and_good.py": "fixture.py",
    }
    if check:
        places[f"mlsec_lint/checks/{module}.py"] = "check.py"
        places[f"tests/checks/test_{module}.py"] = "check_test.py"
    return tuple(NewFile(path, _filled(template, words)) for path, template in places.items())


def write_files(checkout: Path, files: Collection[NewFile]) -> None:
    """Make all of ``files``, or none: raises ``UsageError`` if one of them is there already, or cannot be written."""
    for file in files:
        if (checkout / file.path).exists():
            raise UsageError(f"{file.path} exists already; nothing was written")
    for file in files:
        path = checkout / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(file.text)
        except OSError as error:
            raise UsageError(f"{file.path} cannot be written: {error.strerror or error}") from error


def _filled(template: str, words: dict[str, str]) -> str:
    text = (_TEMPLATES / f"{template}.template").read_text("utf-8")
    return Template(text).substitute(words)
