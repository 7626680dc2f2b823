"""The settings of a run, in three stages: as written (``RawConfig``), as given on the command line, as used.

A setting from the command line replaces the one in the file, except ``extend_exclude``, which adds to it. Errors name
the file and the key, or the option.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path

import msgspec
from msgspec import Struct

from mlsec_lint.domain.errors import ConfigError
from mlsec_lint.domain.levels import Severity
from mlsec_lint.domain.rule import PROFILES
from mlsec_lint.domain.threats import THREAT_MODELS
from mlsec_lint.engine.config_file import MAX_JOBS, RawConfig, find_config, read_config, shown
from mlsec_lint.engine.models import expand_models
from mlsec_lint.engine.patterns import objection
from mlsec_lint.engine.selection import is_known

DEFAULT_MAX_FILE_SIZE = 10 * 1024 * 1024
"""Bytes. The largest hand-written Python file is far below a tenth of this; above it are generated data."""

NEVER = "never"
"""The value of ``fail-on`` for which findings never fail a run."""

COMMAND_LINE = "command line"


class Overrides(Struct, frozen=True, kw_only=True):
    """What the command line says; ``None`` leaves the setting to the file.

    Patterns and paths are relative to the current directory.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    profile: str | None = None
    threat_model: str | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] | None = None
    respect_gitignore: bool | None = None
    fail_on: str | None = None
    models: tuple[str, ...] | None = None
    jobs: int | None = None
    max_file_size: int | None = None


class Patterns(Struct, frozen=True):
    """Patterns in the language of ``.gitignore``, relative to the folder ``base`` (absolute)."""

    base: Path
    lines: tuple[str, ...]


class PerFileIgnore(Struct, frozen=True):
    """Rules that are not reported in the files that match ``pattern``, relative to ``Config.base``."""

    pattern: str
    selectors: tuple[str, ...]


class Config(Struct, frozen=True, kw_only=True):
    """The settings of a run, complete and checked (rules: see ``validate_selectors``).

    ``base`` is the folder of the configuration file, or the scanned root without one; ``file`` names the file in
    messages. Empty ``select`` stands for every rule. ``default_excludes`` is off once ``exclude`` is set. ``fail_on``
    is the lowest severity that makes a run fail, ``None`` for none. ``threat_model`` is ``None`` where the project
    decides. ``jobs`` 0 means one worker per processor. ``max_file_size`` is in bytes. ``overridden`` names the settings
    that came from the command line.
    """

    base: Path
    file: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    profile: str = PROFILES[0]
    threat_model: str | None = None
    exclude: tuple[Patterns, ...] = ()
    default_excludes: bool = True
    respect_gitignore: bool = True
    per_file_ignores: tuple[PerFileIgnore, ...] = ()
    fail_on: Severity | None = Severity.LOW
    models: tuple[Path, ...] = ()
    jobs: int = 0
    max_file_size: int = DEFAULT_MAX_FILE_SIZE
    overridden: frozenset[str] = frozenset()

    def error(self, setting: str, problem: str) -> ConfigError:
        """An error about ``setting`` (a field name), placed in the file or at the option that it came from."""
        return _error(self.file, setting, problem, self.overridden)


def load_config(root: Path, *, config_file: Path | None, isolated: bool, overrides: Overrides) -> Config:
    """The settings for a scan of the folder ``root``: ``overrides`` over ``config_file``, or over the nearest file.

    ``isolated`` looks for no file, so that nothing in an untrusted repository decides how it is scanned: ignore files
    are not honoured either, unless the command line asks for it. Raises ``ConfigError``.
    """
    root = Path(os.path.abspath(root))
    raw, path = RawConfig(), None
    if config_file is not None:
        path = Path(os.path.abspath(config_file))
        raw = read_config(path)
    elif not isolated and (found := find_config(root)) is not None:
        path, raw = found
    return _materialise(raw, overrides, root, path, isolated)


def validate_selectors(config: Config, known: Collection[str]) -> None:
    """Raises ``ConfigError`` for the first selector that names no rule. ``known`` holds the codes and the slugs."""
    places: list[tuple[str, str, Iterable[str]]] = [
        ("select", "", config.select),
        ("ignore", "", config.ignore),
        *(("per_file_ignores", f'"{entry.pattern}": ', entry.selectors) for entry in config.per_file_ignores),
    ]
    for setting, where, selectors in places:
        for selector in selectors:
            if not is_known(selector, known):
                near = get_close_matches(selector, sorted(known), n=1, cutoff=0.5)
                hint = f'did you mean "{near[0]}"?' if near else "`mlsec-lint rules` lists them"
                raise config.error(setting, f'{where}no rule is called or starts with "{selector}"; {hint}')


def _materialise(raw: RawConfig, overrides: Overrides, root: Path, path: Path | None, isolated: bool) -> Config:
    """All settings with their defaults; every value that is written in words is checked here."""
    given = {name: value for name, value in msgspec.structs.asdict(overrides).items() if value is not None}
    written = {name: value for name, value in msgspec.structs.asdict(raw).items() if value is not None}
    merged = RawConfig(**{**written, **given})
    base = path.parent if path is not None else root
    draft = Config(base=base, file=shown(path) if path is not None else "", overridden=frozenset(given))
    here = Path.cwd()
    return msgspec.structs.replace(
        draft,
        select=merged.select or (),
        ignore=merged.ignore or (),
        profile=_profile(draft, merged.profile),
        threat_model=_threat_model(draft, merged.threat_model),
        exclude=_exclude(draft, raw, overrides, here),
        default_excludes=merged.exclude is None,
        respect_gitignore=not isolated if merged.respect_gitignore is None else merged.respect_gitignore,
        per_file_ignores=_per_file_ignores(draft, merged.per_file_ignores or {}),
        fail_on=_fail_on(draft, merged.fail_on),
        models=_models(draft, merged.models or (), here),
        jobs=_number(draft, "jobs", merged.jobs, default=0, least=0, most=MAX_JOBS),
        max_file_size=_number(draft, "max_file_size", merged.max_file_size, default=DEFAULT_MAX_FILE_SIZE, least=1),
    )


def _profile(draft: Config, name: str | None) -> str:
    if name is None:
        return draft.profile
    if name not in PROFILES:
        raise draft.error("profile", f'no profile is called "{name}"; the profiles are {", ".join(PROFILES)}')
    return name


def _threat_model(draft: Config, name: str | None) -> str | None:
    if name is not None and name not in THREAT_MODELS:
        names = ", ".join(THREAT_MODELS)
        raise draft.error("threat_model", f'no threat model is called "{name}"; the threat models are {names}')
    return name


def _fail_on(draft: Config, name: str | None) -> Severity | None:
    if name is None:
        return draft.fail_on
    if name == NEVER:
        return None
    try:
        return Severity.named(name)
    except KeyError:
        names = ", ".join((*(level.label for level in Severity), NEVER))
        raise draft.error("fail_on", f'no severity is called "{name}"; expected one of {names}') from None


def _exclude(draft: Config, raw: RawConfig, overrides: Overrides, here: Path) -> tuple[Patterns, ...]:
    """The patterns of the file and of the command line, each with the folder that they are relative to."""
    written = (*(() if overrides.exclude is not None else raw.exclude or ()), *(raw.extend_exclude or ()))
    given = (*(overrides.exclude or ()), *(overrides.extend_exclude or ()))
    for lines, setting, overridden in (
        (written, "exclude" if raw.exclude else "extend_exclude", frozenset[str]()),
        (given, "exclude" if overrides.exclude else "extend_exclude", draft.overridden),
    ):
        for line in lines:
            if (problem := objection(line)) is not None:
                raise _error(draft.file, setting, f'the pattern "{line}" {problem}', overridden)
    sets = (Patterns(draft.base, written), Patterns(here, given))
    return tuple(patterns for patterns in sets if patterns.lines)


def _per_file_ignores(draft: Config, table: dict[str, tuple[str, ...]]) -> tuple[PerFileIgnore, ...]:
    for pattern in table:
        if (problem := objection(pattern)) is not None:
            raise draft.error("per_file_ignores", f'the pattern "{pattern}" {problem}')
    return tuple(PerFileIgnore(pattern, selectors) for pattern, selectors in table.items())


def _models(draft: Config, globs: tuple[str, ...], here: Path) -> tuple[Path, ...]:
    given = "models" in draft.overridden
    try:
        return expand_models(globs, here if given else draft.base, confined=not given)
    except ValueError as error:
        raise draft.error("models", str(error)) from error


def _number(
    draft: Config, setting: str, value: int | None, *, default: int, least: int, most: int = sys.maxsize
) -> int:
    """``value`` within its bounds. A file's numbers were checked when it was read; this is for the command line's."""
    if value is None:
        return default
    if not least <= value <= most:
        bounds = f"{least} or more" if most == sys.maxsize else f"from {least} to {most}"
        raise draft.error(setting, f"expected a whole number, {bounds}")
    return value


def _error(file: str, setting: str, problem: str, overridden: Collection[str]) -> ConfigError:
    key = setting.replace("_", "-")
    return ConfigError(COMMAND_LINE, f"--{key}", problem) if setting in overridden else ConfigError(file, key, problem)
