"""From the paths of manifests to claims: each file is read once, includes are followed, problems are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from os.path import isfile
from pathlib import Path
from posixpath import join, normpath
from typing import Final

from mlsec_lint.domain.finding import Problem
from mlsec_lint.source.manifests.names import Format, Scope, file_scope, file_variant, format_of, owner_folder
from mlsec_lint.source.manifests.reading import UnreadableError, read_text
from mlsec_lint.source.manifests.statements import Claim, Collector, Reading, printable

_MOST_INCLUDES: Final = 100
_LONGEST_NAME: Final = 200


@dataclass(slots=True)
class ManifestFiles:
    """The manifests below one root. ``conda_names`` maps conda's package names to those of the package index."""

    root: Path
    conda_names: Mapping[str, str]
    _readings: dict[str, Reading] = field(default_factory=dict[str, Reading], init=False)
    _extra: dict[Problem, None] = field(default_factory=dict[Problem, None], init=False)

    def claims(self, path: str) -> Iterator[tuple[str, Claim]]:
        """The claims of a manifest and of all it includes, each with the folder for which it is made.

        An included file speaks for the including file's folder, and for its purpose: what ``requirements-dev.txt``
        draws in is for development there.
        """
        kind = format_of(path)
        if kind is None:
            return
        folder = owner_folder(path)
        named = kind in (Format.REQUIREMENTS, Format.CONDA)
        scope, variant = (file_scope(path), file_variant(path)) if named else (Scope.MAIN, "")
        pending, seen = [(path, kind, scope)], {path}
        while pending:
            current, kind, scope = pending.pop()
            reading = self._reading(current, kind)
            for claim in reading.claims:
                changed = claim.scope is not Scope.LOCK and (claim.scope < scope or variant)
                yield folder, replace(claim, scope=max(claim.scope, scope), variant=variant) if changed else claim
            for include in reading.includes:
                target = normpath(join(current.rpartition("/")[0], include.target.replace("\\", "/")))
                if target in seen:
                    continue
                seen.add(target)
                if len(seen) > _MOST_INCLUDES:
                    message = f"includes more than {_MOST_INCLUDES} files; the rest was not read"
                    self._note(current, message, include.line)
                    return
                if self._may_read(target, current, include.line):
                    pending.append((target, Format.REQUIREMENTS, max(scope, include.scope)))

    def problems(self) -> tuple[Problem, ...]:
        """What could not be read so far, by file and line."""
        found = [problem for reading in self._readings.values() for problem in reading.problems]
        return tuple(sorted([*found, *self._extra], key=lambda each: (each.path, each.line or 0, each.message)))

    def _reading(self, path: str, kind: Format) -> Reading:
        if path not in self._readings:
            out = Collector(path, self.conda_names)
            try:
                _read(read_text(self.root, path), kind, out)
            except UnreadableError as error:
                out.problem(str(error), error.line)
            self._readings[path] = out.reading()
        return self._readings[path]

    def _may_read(self, target: str, path: str, line: int) -> bool:
        """Whether an included file is there and below the root; if not, that is a problem of the including one."""
        if target.startswith(("/", "../")) or target == "..":
            self._note(path, "includes a file outside the scanned folder, which was not read", line)
        elif not isfile(self.root / target):
            self._note(path, f"includes {printable(target[:_LONGEST_NAME])}, which does not exist", line)
        else:
            return True
        return False

    def _note(self, path: str, message: str, line: int) -> None:
        self._extra[Problem(path, message, line, fatal=False)] = None


def relative_paths(root: Path, manifests: Iterable[Path]) -> list[str]:
    """Paths relative to ``root`` with ``/`` between their parts, sorted, each once.

    A path may begin with the root, or be relative to it; a path elsewhere is left out.
    """
    found: set[str] = set()
    for each in manifests:
        path = each.relative_to(root) if each.is_relative_to(root) else each
        if not path.is_absolute() and ".." not in path.parts:
            found.add(path.as_posix())
    return sorted(found)


def _read(text: str, kind: Format, out: Collector) -> None:
    """Hand a manifest to the reader of its format. Readers are imported where they are first needed."""
    match kind:
        case Format.REQUIREMENTS:
            from mlsec_lint.source.manifests.requirements import read_requirements as read
        case Format.PYPROJECT:
            from mlsec_lint.source.manifests.pyproject import read_pyproject as read
        case Format.SETUP_CFG:
            from mlsec_lint.source.manifests.setup_cfg import read_setup_cfg as read
        case Format.SETUP_PY:
            from mlsec_lint.source.manifests.setup_py import read_setup_py as read
        case Format.PIPFILE:
            from mlsec_lint.source.manifests.pipfile import read_pipfile as read
        case Format.PIPFILE_LOCK:
            from mlsec_lint.source.manifests.pipfile import read_pipfile_lock as read
        case Format.CONDA:
            from mlsec_lint.source.manifests.conda import read_environment as read
        case Format.CONDA_LOCK:
            from mlsec_lint.source.manifests.conda import read_conda_lock as read
        case Format.METADATA:
            from mlsec_lint.source.manifests.metadata import read_metadata as read
        case Format.TOML_LOCK:
            from mlsec_lint.source.manifests.locks import read_toml_lock as read
    read(text, out)
