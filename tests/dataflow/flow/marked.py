"""Tiny programs whose lines say whether a flow rule reports them: tables of text below ``tables``.

A row is ``## name`` and a program; ``# file: path`` starts another file of it. A line that ends with ``# reported``
is reported by a flow rule, one that ends with ``# silent`` by none; no other line is reported.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlsec_lint.engine.config import Overrides, load_config
from mlsec_lint.engine.run import Request, run

TABLES = Path(__file__).parent / "tables"

Place = tuple[str, int]

_MARK = re.compile(r"#\s*(reported|silent)(?: as ([a-z-]+))?\s*$")
_FILE = re.compile(r"^# file: (\S+)\n", re.MULTILINE)


def rows(table: str) -> list[object]:
    """The rows of a table: the program, named by what it shows."""
    text = (TABLES / f"{table}.txt").read_text("utf-8")
    found = (row.partition("\n") for row in ("\n" + text).split("\n## ")[1:])
    return [pytest.param(program, id=name.strip()) for name, _, program in found]


def files_of(program: str) -> dict[str, str]:
    """The files of a program; what stands before the first name is ``app.py``."""
    first, *rest = _FILE.split(program)
    named = dict(zip(rest[::2], rest[1::2], strict=True))
    return {"app.py": first, **named} if first.strip() else named


def expected(program: str) -> dict[Place, str]:
    """The lines that are to be reported, with the rule (empty: any)."""
    found: dict[Place, str] = {}
    for path, text in files_of(program).items():
        for number, line in enumerate(text.splitlines(), 1):
            match = _MARK.search(line)
            if match is not None and match.group(1) == "reported":
                found[(path, number)] = match.group(2) or ""
    return found


def reported(program: str, folder: Path, threat_model: str | None = "service") -> dict[Place, str]:
    """The lines that flow rules report, with the rule, in a program that is written to an empty folder."""
    for name, text in files_of(program).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    config = load_config(folder, config_file=None, isolated=True, overrides=Overrides(threat_model=threat_model))
    done = run(Request((folder,), config))
    result = done.result
    assert [str(problem) for problem in result.problems] == []
    flows = {rule.slug for rule in done.rules if rule.flow is not None}
    root = Path(result.root)
    return {
        ((root / f.location.path).resolve().relative_to(folder.resolve()).as_posix(), f.location.line): f.rule.slug
        for f in result.findings
        if f.rule.slug in flows
    }


def agree(program: str, folder: Path) -> None:
    """Fail unless the marks say what is reported."""
    wanted, found = expected(program), reported(program, folder)
    assert sorted(found) == sorted(wanted)
    assert {place: slug for place, slug in wanted.items() if slug and found[place] != slug} == {}
