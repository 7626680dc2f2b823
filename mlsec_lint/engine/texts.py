"""The texts of scanned files: read once, decoded, notebooks turned into one Python text with a map back to cells."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlsec_lint.domain.finding import Location, Problem
from mlsec_lint.source.import_lines import ImportLines
from mlsec_lint.source.text import LineIndex, Undecodable, decode

if TYPE_CHECKING:
    from mlsec_lint.source.notebook import Notebook

_SPARE: Final = 64_000_000
"""Bytes of texts that are kept although nobody asked for it: several passes look at all files."""


@dataclass(slots=True)
class FileText:
    """One file as the analysis sees it."""

    path: str
    data: bytes
    notebook: Notebook | None = None
    _index: LineIndex | None = field(default=None, repr=False)

    @property
    def index(self) -> LineIndex:
        """Lines and columns of byte offsets."""
        if self._index is None:
            self._index = LineIndex(self.data)
        return self._index

    def location(self, at: int, end: int) -> Location:
        """The place of a byte span; in a notebook, relative to its cell."""
        line, column = self.index.position(at)
        end_line, end_column = self.index.position(end)
        if self.notebook is None:
            return Location(self.path, line, column, end_line, end_column)
        cell, first = self.notebook.cell_line(line)
        return Location(self.path, first, column, first + end_line - line, end_column, cell)

    def code(self, at: int, end: int) -> str:
        """The text of a byte span."""
        return self.data[at:end].decode("utf-8", "replace")

    def line(self, number: int) -> str:
        """A line by its number in the whole text (from 1)."""
        return self.index.line_text(number)


class Texts:
    """Reads files of one root. Text given for a path (an unsaved buffer, standard input) takes precedence."""

    def __init__(self, root: Path, limit: int, given: dict[str, bytes] | None = None) -> None:
        self.root = root
        self._limit = limit
        self._given = given or {}
        self._kept: dict[str, FileText] = {}
        self._spare = _SPARE
        self.imports = ImportLines()
        self.problems: dict[str, Problem] = {}

    def read(self, path: str) -> FileText | None:
        """The text of a file, or none with a problem noted; kept if :meth:`keep` says so or there is room."""
        kept = self._kept.get(path)
        if kept is not None:
            return kept
        data = self._given.get(path)
        if data is None:
            data = self._bytes(path)
        text = self._decoded(path, data) if data is not None else None
        if text is not None and len(text.data) <= self._spare:
            self._spare -= len(text.data)
            self.keep(text)
        return text

    def keep(self, text: FileText) -> FileText:
        """Keep a text in memory for the rest of the run."""
        self._kept[text.path] = text
        return text

    def module_text(self, path: str) -> bytes | None:
        """The text of a file that is analysed, kept from now on."""
        text = self.read(path)
        return self.keep(text).data if text is not None else None

    def kept(self, path: str) -> FileText:
        """A text that was kept before."""
        return self._kept[path]

    def _bytes(self, path: str) -> bytes | None:
        file = self.root / path
        try:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode):
                return self._refused(path, "is not a regular file; it was not scanned")
            if status.st_size > self._limit:
                size = status.st_size / 1_000_000
                return self._refused(path, f"is larger than the limit ({size:.1f} MB); raise max-file-size to scan it")
            return file.read_bytes()
        except OSError as error:
            return self._refused(path, f"cannot be read ({error.strerror or error}); it was not scanned")

    def _decoded(self, path: str, data: bytes) -> FileText | None:
        if path.endswith(".ipynb"):
            return self._notebook(path, data)
        text = decode(data)
        if isinstance(text, Undecodable):
            return self._refused(path, f"{text.reason}; it was not scanned")
        if text.replaced:
            self.problems[path] = Problem(
                path, f"holds bytes that are not valid {text.encoding}; they were replaced and the rest was scanned",
                fatal=False,
            )  # fmt: skip
        return FileText(path, text.data)

    def _notebook(self, path: str, data: bytes) -> FileText | None:
        from mlsec_lint.source.notebook import read_notebook

        notebook = read_notebook(data)
        if isinstance(notebook, str):
            return self._refused(path, notebook)
        return FileText(path, notebook.data, notebook)

    def _refused(self, path: str, reason: str) -> None:
        self.problems[path] = Problem(path, reason)
