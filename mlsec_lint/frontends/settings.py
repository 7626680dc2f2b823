"""From the options of ``check`` and ``graph`` to the request that the engine takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlsec_lint.domain.errors import UsageError

if TYPE_CHECKING:
    from mlsec_lint.engine.config import Config, Overrides
    from mlsec_lint.engine.run import Request

STDIN: Final = "-"
_UNNAMED: Final = "stdin.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """The options that decide what is scanned and what is found in it."""

    paths: tuple[str, ...]
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    profile: str | None = None
    threat_model: str | None = None
    fail_on: str | None = None
    config: Path | None = None
    isolated: bool = False
    exclude: tuple[str, ...] = ()
    extend_exclude: tuple[str, ...] = ()
    no_gitignore: bool = False
    models: tuple[str, ...] = ()
    jobs: int | None = None
    max_file_size: int | None = None
    stdin_filename: str | None = None
    everything: bool = False
    calls: bool = False

    def request(self) -> Request:
        """What the engine is asked for. Raises ``UsageError`` and ``ConfigError``."""
        from mlsec_lint.engine.config import load_config
        from mlsec_lint.engine.discovery import common_root
        from mlsec_lint.engine.run import Request

        reads_stdin = self._reads_stdin()
        paths = () if reads_stdin else tuple(Path(path) for path in self.paths or (".",))
        root = Path.cwd() if reads_stdin else common_root(paths)
        config = load_config(root, config_file=self.config, isolated=self.isolated, overrides=self._overrides())
        given = ((self._stdin_path(root), _standard_input(config)),) if reads_stdin else ()
        return Request(paths, config, given, self.everything, self.calls)

    def _overrides(self) -> Overrides:
        from mlsec_lint.engine.config import Overrides

        return Overrides(
            select=_listed(self.select),
            ignore=_listed(self.ignore),
            profile=self.profile,
            threat_model=self.threat_model,
            exclude=self.exclude or None,
            extend_exclude=self.extend_exclude or None,
            respect_gitignore=False if self.no_gitignore else None,
            fail_on=self.fail_on,
            models=self.models or None,
            jobs=self.jobs,
            max_file_size=self.max_file_size,
        )

    def _reads_stdin(self) -> bool:
        if STDIN not in self.paths:
            if self.stdin_filename is not None:
                raise UsageError("--stdin-filename names the source on standard input; pass - as the only path with it")
            return False
        if len(self.paths) > 1:
            raise UsageError("standard input (-) is scanned alone; leave out the other paths")
        return True

    def _stdin_path(self, root: Path) -> str:
        """The name of standard input in reports: relative to the current folder, as the engine wants it."""
        name = self.stdin_filename or _UNNAMED
        relative = os.path.relpath(os.path.abspath(name), root)
        path = Path(relative)
        if path.is_absolute() or path.parts[:1] in ((), ("..",)):
            raise UsageError(f"--stdin-filename: {name}: name a file in the current folder or below it")
        return path.as_posix()


def _listed(values: Sequence[str]) -> tuple[str, ...] | None:
    """The parts of options that may be repeated and hold commas; ``None`` if the option was not used."""
    parts: Iterable[str] = (part.strip() for value in values for part in value.split(","))
    return tuple(part for part in parts if part) if values else None


def _standard_input(config: Config) -> bytes:
    """All bytes of standard input, within the limit for files."""
    limit = config.max_file_size
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise UsageError(f"standard input holds more than {limit} bytes; raise max-file-size to scan it")
    return data
