"""Which files a run looks at: a walk that follows no link, honours ignore files, and is the same every time."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.finding import Problem
from mlsec_lint.engine.config import Config
from mlsec_lint.engine.excludes import Excludes, leaves_out, read_excludes
from mlsec_lint.engine.filetypes import Kind, irregular, is_script, kind_of
from mlsec_lint.engine.ignores import FILE as IGNORE_FILE
from mlsec_lint.engine.ignores import IgnoreFiles, ignored
from mlsec_lint.engine.nearby import folders_up_to, manifests_in
from mlsec_lint.engine.patterns import PatternSet, compile_patterns

MAX_DEPTH = 100
"""Folders within folders. Real trees stay below 30; the bound also bounds the cost of matching a path."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to analyse. ``relative`` is its name in reports: from the root, joined by ``/``; ``size`` is in bytes."""

    path: Path
    relative: str
    kind: Kind
    size: int


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a walk found, each part sorted by path. ``manifests`` are absolute; a file may be source and manifest."""

    root: Path
    sources: tuple[SourceFile, ...]
    manifests: tuple[Path, ...]
    problems: tuple[Problem, ...]


def common_root(paths: Sequence[Path]) -> Path:
    """The folder to which reported paths are relative: the current one if all ``paths`` lie in it, else their own.

    Raises ``UsageError`` if there is no path, or no common folder (different drives).
    """
    if not paths:
        raise UsageError("no path to scan; name a file or a folder")
    here = os.getcwd()
    absolute = [os.path.abspath(path) for path in paths]
    try:
        if os.path.commonpath([here, *absolute]) == here:
            return Path(here)
        return Path(os.path.commonpath([path if os.path.isdir(path) else os.path.dirname(path) for path in absolute]))
    except ValueError as error:
        raise UsageError("the paths lie on different drives; scan them one after the other") from error


def discover(
    paths: Sequence[Path],
    config: Config,
    is_manifest: Callable[[str], bool],
    excludes: Excludes | None = None,
    given: Sequence[str] = (),
) -> Discovery:
    """The files in ``paths`` that ``config`` does not exclude; ``is_manifest`` is asked about each relative path.

    ``given`` are files whose text is not read from disk, relative to the root; with them, ``paths`` may be empty, which
    makes the current folder the root. Manifests are also taken from the folders around each path, up to the root: what
    they state holds for a file whether or not its whole project is scanned.

    A named file is scanned even if an ignore file or a default exclude would leave it out, a named folder is walked
    likewise; the configuration's own excludes hold for both. Nothing but regular files is ever opened. Raises
    ``UsageError`` for a path that does not exist.
    """
    if excludes is None:
        excludes = read_excludes() if config.default_excludes else Excludes()
    elif not config.default_excludes:
        excludes = Excludes()
    root = str(common_root(paths)) if paths or not given else os.getcwd()
    walk = _Walk(root, config, is_manifest, excludes, _compiled(config))
    walk.ignores = IgnoreFiles(config.respect_gitignore)
    for path in sorted({os.path.abspath(path) for path in paths}):
        walk.named(path)
    for path in given:
        walk.given(path)
    problems = (*walk.problems, *(walk.placed(problem) for problem in walk.ignores.problems))
    return Discovery(
        Path(walk.root),
        tuple(walk.sources[path] for path in sorted(walk.sources)),
        tuple(Path(path) for path in sorted(walk.manifests)),
        tuple(sorted(problems, key=lambda problem: (problem.path, problem.line or 0))),
    )


def _compiled(config: Config) -> tuple[PatternSet, ...]:
    """The configuration's own excludes. Their patterns were checked when the configuration was loaded."""
    sets = (compile_patterns(str(patterns.base), patterns.lines)[0] for patterns in config.exclude)
    return tuple(patterns for patterns in sets if patterns is not None)


@dataclass(slots=True)
class _Walk:
    """One discovery under way. Paths are absolute strings: a ``Path`` for every entry would cost more than the walk.

    Every path but those of ignore files above the root begins with ``root``.
    """

    root: str
    config: Config
    is_manifest: Callable[[str], bool]
    excludes: Excludes
    excluded: tuple[PatternSet, ...]
    ignores: IgnoreFiles = field(default_factory=lambda: IgnoreFiles(enabled=True))
    sources: dict[str, SourceFile] = field(default_factory=dict[str, SourceFile])
    manifests: set[str] = field(default_factory=set[str])
    problems: list[Problem] = field(default_factory=list[Problem])
    looked_around: set[str] = field(default_factory=set[str])

    def given(self, relative: str) -> None:
        """Takes in a file whose text is known already, unless the configuration excludes it."""
        path = os.path.join(self.root, *relative.split("/"))
        if not self._covered(path, folder=False):
            self.sources[path] = SourceFile(Path(path), relative, kind_of(relative) or "python", 0)
            self._look_around(os.path.dirname(path))

    def named(self, path: str) -> None:
        """Takes in a path of the command line, whatever it is."""
        self._look_around(os.path.dirname(path))
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            if isinstance(error, (FileNotFoundError, NotADirectoryError)):
                raise UsageError(f"{path}: no such file or folder; check the path") from error
            self.problem(path, f"cannot be read: {error.strerror or error}")
            return
        if stat.S_ISDIR(mode):
            if self._covered(path, folder=True):
                self.problem(path, "is excluded by the configuration", fatal=False)
            else:
                self._walk(path)
        elif not stat.S_ISREG(mode):
            self.problem(path, f"is {irregular(mode)}, not a regular file; it is not scanned")
        elif not self._covered(path, folder=False):
            self._named_file(path)

    def problem(self, path: str, message: str, *, fatal: bool = True) -> None:
        """Notes what could not be scanned."""
        self.problems.append(Problem(self.relative(path), message, fatal=fatal))

    def placed(self, problem: Problem) -> Problem:
        """``problem``, whose path is absolute and may lie above the root, with the path as reports show it."""
        path = os.path.relpath(problem.path, self.root).replace(os.sep, "/")
        return Problem(path, problem.message, problem.line, problem.fatal)

    def relative(self, path: str) -> str:
        """``path`` as reports show it. Bytes that are no UTF-8 become `?`, which any format can write."""
        below = path[len(self.root.rstrip(os.sep)) + 1 :] or "."
        return below.replace(os.sep, "/").encode("utf-8", "replace").decode("utf-8")

    def _named_file(self, path: str) -> None:
        name = os.path.basename(path)
        kind = kind_of(name)
        if kind is None and not self.is_manifest(self.relative(path)):
            try:
                kind = "python" if is_script(path) else None
            except OSError as error:
                self.problem(path, f"cannot be read: {error.strerror or error}")
                return
            if kind is None:
                self.problem(path, "is no Python file, notebook or manifest; it is not scanned", fatal=False)
                return
        self._take(path, kind, os.stat(path).st_size)

    def _look_around(self, folder: str) -> None:
        """Takes in the manifests of ``folder`` and of those above it, as far as the root."""
        for place in folders_up_to(folder, self.root):
            if place in self.looked_around:
                return
            self.looked_around.add(place)
            ignores = (*self.ignores.above(place), *self.ignores.inside(place))
            for path, size in manifests_in(place, lambda path: self.is_manifest(self.relative(path))):
                if not self._is_left_out(path, ignores, folder=False):
                    self._take(path, None, size)

    def _walk(self, top: str) -> None:
        """Visits ``top`` and the folders below it with a stack of its own, since the depth is the tree's to choose."""
        pending = [(top, self.ignores.above(top), 0)]
        while pending:
            folder, ignores, depth = pending.pop()
            try:
                with os.scandir(folder) as iterator:
                    entries = list(iterator)
            except OSError as error:
                self.problem(folder, f"cannot be read: {error.strerror or error}")
                continue
            names = {entry.name for entry in entries}
            if depth and not names.isdisjoint(self.excludes.markers):
                continue
            if IGNORE_FILE in names:
                ignores = (*ignores, *self.ignores.inside(folder))
            below = [entry.path for entry in entries if self._visit(entry, ignores)]
            if below and depth == MAX_DEPTH:
                self.problem(folder, f"holds folders more than {MAX_DEPTH} levels deep; they are not scanned")
            else:
                pending.extend((path, ignores, depth + 1) for path in below)

    def _visit(self, entry: os.DirEntry[str], ignores: tuple[PatternSet, ...]) -> bool:
        """Takes in ``entry`` if it is a wanted file; says whether it is a folder to descend into."""
        try:
            # A link leads to a file of the walk, which is visited anyway, in a circle, or out of the tree.
            if entry.is_symlink():
                return False
            if entry.is_dir(follow_symlinks=False):
                return not leaves_out(self.excludes, entry) and not self._is_left_out(entry.path, ignores, folder=True)
            kind = kind_of(entry.name)
            if kind is None and not self.is_manifest(self.relative(entry.path)):
                return False
            if entry.is_file(follow_symlinks=False) and not self._is_left_out(entry.path, ignores, folder=False):
                self._take(entry.path, kind, entry.stat(follow_symlinks=False).st_size)
        except OSError as error:
            self.problem(entry.path, f"cannot be read: {error.strerror or error}")
        return False

    def _is_left_out(self, path: str, ignores: tuple[PatternSet, ...], *, folder: bool) -> bool:
        excluded = any(patterns.verdict(path, folder=folder) for patterns in self.excluded)
        return excluded or ignored(path, ignores, folder=folder)

    def _covered(self, path: str, *, folder: bool) -> bool:
        """Whether the configuration excludes a named path, or a folder around it."""
        return any(patterns.covers(path, folder=folder) for patterns in self.excluded)

    def _take(self, path: str, kind: Kind | None, size: int) -> None:
        limit = self.config.max_file_size
        if size > limit:
            self.problem(path, f"is larger than {limit} bytes; raise max-file-size to scan it")
        elif not os.access(path, os.R_OK):
            self.problem(path, "cannot be read: Permission denied")
        else:
            relative = self.relative(path)
            if self.is_manifest(relative):
                self.manifests.add(path)
            if kind is not None:
                self.sources[path] = SourceFile(Path(path), relative, kind, size)
