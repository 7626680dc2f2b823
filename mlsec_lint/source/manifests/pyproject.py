"""``pyproject.toml``: standard metadata, dependency groups, and the tables of Poetry, PDM, uv, Hatch and setuptools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mlsec_lint.source.manifests.dialects import poetry_specifiers
from mlsec_lint.source.manifests.names import Scope, group_scope, normalised
from mlsec_lint.source.manifests.statements import Collector
from mlsec_lint.source.manifests.toml import LineIndex, TomlError, items, parse_toml, table, texts

_MOST_STEPS: Final = 20_000
"""Entries of groups that are looked at; groups that include each other could ask for the square of their number."""


def read_pyproject(text: str, out: Collector) -> None:
    """Take the requirements of every table that is known to hold some. Entries of another shape are passed over."""
    try:
        data = parse_toml(text)
    except TomlError as error:
        out.problem(f"{error}; no version was read from it", error.line)
        return
    lines = LineIndex(text)
    _read_project(table(data.get("project")), lines, out)
    _read_groups(table(data.get("dependency-groups")), lines, out)
    tool = table(data.get("tool"))
    _read_uv(table(tool.get("uv")), lines, out)
    _read_poetry(table(tool.get("poetry")), lines, out)
    pdm = table(table(tool.get("pdm")).get("dev-dependencies"))
    for group, entries in pdm.items():
        _take(texts(entries), ("tool", "pdm", "dev-dependencies", group), Scope.DEVELOPMENT, lines, out)
    _read_hatch(table(table(tool.get("hatch")).get("envs")), lines, out)
    _read_setuptools(table(table(tool.get("setuptools")).get("dynamic")), lines, out)


def _take(
    requirements: Iterable[str],
    path: tuple[str, ...],
    scope: Scope,
    lines: LineIndex,
    out: Collector,
    condition: str = "",
) -> None:
    for requirement in requirements:
        out.requirement(requirement, lines.line(*path, value=requirement), scope, condition)


def _read_project(project: dict[str, object], lines: LineIndex, out: Collector) -> None:
    _take(texts(project.get("dependencies")), ("project", "dependencies"), Scope.MAIN, lines, out)
    for extra, entries in table(project.get("optional-dependencies")).items():
        path = ("project", "optional-dependencies", extra)
        _take(texts(entries), path, group_scope(extra), lines, out, _group(extra))


def _read_groups(groups: dict[str, object], lines: LineIndex, out: Collector) -> None:
    """PEP 735. A group that includes another states what the other does, under its own name."""
    steps = 0
    by_name = {normalised(name): (name, items(entries)) for name, entries in groups.items()}
    for name in by_name:
        pending, seen = [name], set[str]()
        while pending and steps < _MOST_STEPS:
            current = pending.pop()
            if current in seen or current not in by_name:
                continue
            seen.add(current)
            written, entries = by_name[current]
            steps += 1 + len(entries)
            path = ("dependency-groups", written)
            _take(texts(entries), path, group_scope(name), lines, out, _group(name))
            pending += [normalised(str(included)) for each in entries if (included := table(each).get("include-group"))]


def _read_uv(uv: dict[str, object], lines: LineIndex, out: Collector) -> None:
    for key, scope in (
        ("constraint-dependencies", Scope.MAIN),
        ("override-dependencies", Scope.MAIN),
        ("dev-dependencies", Scope.DEVELOPMENT),
    ):
        _take(texts(uv.get(key)), ("tool", "uv", key), scope, lines, out)


def _read_hatch(environments: dict[str, object], lines: LineIndex, out: Collector) -> None:
    for name, environment in environments.items():
        for key in ("dependencies", "extra-dependencies"):
            path = ("tool", "hatch", "envs", name, key)
            _take(texts(table(environment).get(key)), path, Scope.DEVELOPMENT, lines, out, _group(name))


def _read_setuptools(dynamic: dict[str, object], lines: LineIndex, out: Collector) -> None:
    """Requirements that setuptools takes from files at build time."""
    path = ("tool", "setuptools", "dynamic")
    for target in texts(table(dynamic.get("dependencies")).get("file")):
        out.include(target, lines.line(*path, "dependencies", value=target))
    for extra, entry in table(dynamic.get("optional-dependencies")).items():
        for target in texts(table(entry).get("file")):
            out.include(target, lines.line(*path, "optional-dependencies", extra, value=target), group_scope(extra))


def _read_poetry(poetry: dict[str, object], lines: LineIndex, out: Collector) -> None:
    path = ("tool", "poetry")
    _take_poetry(poetry.get("dependencies"), (*path, "dependencies"), Scope.MAIN, lines, out)
    _take_poetry(poetry.get("dev-dependencies"), (*path, "dev-dependencies"), Scope.DEVELOPMENT, lines, out)
    for name, group in table(poetry.get("group")).items():
        where = (*path, "group", name, "dependencies")
        _take_poetry(table(group).get("dependencies"), where, group_scope(name), lines, out, _group(name))


def _take_poetry(
    dependencies: object, path: tuple[str, ...], scope: Scope, lines: LineIndex, out: Collector, condition: str = ""
) -> None:
    """A table of packages; each value is a constraint, a table with one, or an array of such tables."""
    for package, value in table(dependencies).items():
        line = lines.line(*path, package)
        for each in items(value) or [value]:
            _take_poetry_value(package, each, line, scope, out, condition)


def _take_poetry_value(package: str, value: object, line: int, scope: Scope, out: Collector, condition: str) -> None:
    entry = table(value)
    constraint = value if isinstance(value, str) else entry.get("version")
    if package.lower() == "python" or not (isinstance(value, str) or entry):
        return
    conditions = [condition, *(f"{key} {entry[key]}" for key in ("markers", "python", "platform") if key in entry)]
    if entry.get("optional") is True:
        scope = max(scope, Scope.OPTIONAL)
    alternatives = poetry_specifiers(constraint) if isinstance(constraint, str) else ()
    text = f"{package} = {constraint}" if isinstance(constraint, str) else package
    out.claim(package, alternatives, line, text, scope, " and ".join(filter(None, conditions)))


def _group(name: str) -> str:
    return f"group {normalised(name)}"
