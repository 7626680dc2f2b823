"""The configuration as it is written: where it is found, which keys it may have, and what each of them expects."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

from mlsec_lint.domain.errors import ConfigError
from mlsec_lint.source.manifests.toml import TomlError, parse_toml

OWN_FILE = "mlsec-lint.toml"
PROJECT_FILE = "pyproject.toml"
TABLE = "mlsec-lint"

MAX_BYTES = 4 * 1024 * 1024
"""More than any hand-written configuration; a larger file is refused before it is parsed."""

MAX_JOBS = 256
"""More worker processes than a scanned repository may ask for."""


class RawConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """One ``[tool.mlsec-lint]`` table; ``None`` stands for a key that is not there."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    profile: str | None = None
    threat_model: str | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] | None = None
    respect_gitignore: bool | None = None
    per_file_ignores: dict[str, tuple[str, ...]] | None = None
    fail_on: str | None = None
    models: tuple[str, ...] | None = None
    jobs: Annotated[int, Meta(ge=0, le=MAX_JOBS)] | None = None
    max_file_size: Annotated[int, Meta(ge=1)] | None = None


_LIST_OF_RULES = "a list of rule codes, slugs or prefixes"
_LIST_OF_PATTERNS = "a list of patterns in the language of .gitignore"

_EXPECTS: Mapping[str, str] = MappingProxyType(
    {
        "select": _LIST_OF_RULES,
        "ignore": _LIST_OF_RULES,
        "profile": "the name of a profile",
        "threat-model": "the name of a threat model",
        "exclude": _LIST_OF_PATTERNS,
        "extend-exclude": _LIST_OF_PATTERNS,
        "respect-gitignore": "true or false",
        "per-file-ignores": f"a table from a pattern to {_LIST_OF_RULES}",
        "fail-on": 'the name of a severity, or "never"',
        "models": "a list of files or globs, relative to this file",
        "jobs": f"a whole number from 0 (one per processor) to {MAX_JOBS}",
        "max-file-size": "a number of bytes, 1 or more",
    }
)


def shown(path: Path) -> str:
    """``path`` as messages name it: relative to the current directory if it lies inside."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def find_config(root: Path) -> tuple[Path, RawConfig] | None:
    """The configuration that governs ``root``: the nearest one in it or above it, or ``None``.

    The search goes no higher than the top of the git work tree. Beside a ``mlsec-lint.toml``, a ``pyproject.toml`` is
    not read; one without the table does not end the search, so that a package inside a larger project inherits its
    settings.
    """
    for folder in (root, *root.parents):
        own, project = folder / OWN_FILE, folder / PROJECT_FILE
        if os.path.isfile(own):
            return own, read_config(own)
        # A project file that does not mention us need not be TOML: its mistakes are none of our business.
        if os.path.isfile(project) and TABLE.encode() in (data := _read(project)):
            table = _table(project, data)
            if table is not None:
                return project, _checked(table, shown(project))
        if os.path.lexists(folder / ".git"):
            return None
    return None


def read_config(path: Path) -> RawConfig:
    """The configuration in ``path``: its ``[tool.mlsec-lint]`` table, or in a file of our own all of it.

    Raises ``ConfigError`` with the file and the key.
    """
    if not os.path.isfile(path):
        raise ConfigError(shown(path), "", "is not a file; name an existing configuration file")
    table = _table(path, _read(path))
    if table is None:
        raise ConfigError(shown(path), "", f"has no [tool.{TABLE}] table; add one or name another file")
    return _checked(table, shown(path))


def _read(path: Path) -> bytes:
    """The bytes of ``path``, up to one more than the limit."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(shown(path), "", f"cannot be read: {error.strerror or error}") from error


def _table(path: Path, data: bytes) -> dict[str, Any] | None:
    """Our table in ``data``, the content of ``path``, unchecked; ``None`` if it is a project file without one."""
    file = shown(path)
    if len(data) > MAX_BYTES:
        raise ConfigError(file, "", f"is larger than {MAX_BYTES} bytes, too large for a configuration")
    try:
        document = parse_toml(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(file, "", f"is not UTF-8 (at line {line})") from error
    except TomlError as error:
        place = f" (at line {error.line})" if error.line is not None else ""
        raise ConfigError(file, "", f"{error}{place}") from error
    tool = document.get("tool")
    if path.name != PROJECT_FILE and tool is None:
        return document
    found = cast("dict[str, object]", tool).get(TABLE) if isinstance(tool, dict) else None
    if found is not None and not isinstance(found, dict):
        raise ConfigError(file, f"tool.{TABLE}", "expected a table of settings")
    return cast("dict[str, Any] | None", found)


def _checked(table: Mapping[str, Any], file: str) -> RawConfig:
    """``table`` as a record, key by key, so that an error names its key."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(RawConfig)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        field = fields.get(key)
        if field is None:
            near = get_close_matches(key, fields, n=1, cutoff=0.5)
            hint = f'did you mean "{near[0]}"?' if near else f"the keys are {', '.join(fields)}"
            raise ConfigError(file, key, f"unknown key; {hint}")
        try:
            values[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            raise ConfigError(file, key, f"expected {_EXPECTS[key]}") from error
    return RawConfig(**values)
