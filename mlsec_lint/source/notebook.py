"""Jupyter notebooks as one virtual Python text, with a way back to cells.

The text holds every line of every code cell in order, so that a name defined in one cell is known in the next, as it is
when somebody runs the notebook from top to bottom.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from mlsec_lint.source.ipython import to_python

_PYTHON: Final = ("python", "ipython", "pyspark", "sage", "cpython", "xpython")
_OTHER_KERNELS: Final = ("ir", "julia", "bash", "javascript", "deno", "scala", ".net", "sparkr", "xcpp", "rust", "go")
"""Names of kernels that are not Python, for notebooks that do not say their language."""
_BYTE: Final = re.compile(r"\(byte (\d+)\)")


class _LanguageInfo(msgspec.Struct):
    name: str | None = None


class _Kernel(msgspec.Struct):
    language: str | None = None
    name: str | None = None


class _Metadata(msgspec.Struct):
    language_info: _LanguageInfo | None = None
    kernelspec: _Kernel | None = None


class _Editor(msgspec.Struct):
    languageId: str | None = None  # noqa: N815 - the name that VS Code writes


class _CellMetadata(msgspec.Struct):
    vscode: _Editor | None = None


class _Cell(msgspec.Struct):
    """A cell of either format; format 3 calls the source of a code cell ``input``."""

    cell_type: str = ""
    source: str | list[str] = ""
    input: str | list[str] = ""
    language: str | None = None
    metadata: _CellMetadata | None = None


class _Worksheet(msgspec.Struct):
    cells: list[_Cell] = []


class _Document(msgspec.Struct):
    """``.ipynb``, as far as it matters here: outputs and attachments are skipped without being built."""

    nbformat: int | None = None
    cells: list[_Cell] | None = None
    worksheets: list[_Worksheet] | None = None
    metadata: _Metadata | None = None


class Magic(NamedTuple):
    """IPython syntax as written: cell (from 1, among all cells), line in it (from 1), text (of one or more lines)."""

    cell: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """``data`` is the virtual text: UTF-8, LF, a line for each line of each Python cell.

    ``starts[k]`` is the virtual line, from 1, at which the cell of number ``cells[k]`` starts.
    """

    data: bytes
    magics: tuple[Magic, ...] = ()
    starts: tuple[int, ...] = ()
    cells: tuple[int, ...] = ()

    def cell_line(self, virtual_line: int) -> tuple[int, int]:
        """The cell (from 1, among all cells) and the line in it (from 1) of a line of the virtual text.

        The empty line after the last line feed is one more line of the last cell; a text without cells is cell 1.
        """
        at = bisect_right(self.starts, virtual_line) - 1
        if at < 0:
            return 1, max(1, virtual_line)
        return self.cells[at], virtual_line - self.starts[at] + 1

    def virtual_line(self, cell: int, line: int) -> int:
        """The line of the virtual text for a line (from 1) of a Python cell: the way back from ``cell_line``."""
        at = bisect_right(self.cells, cell) - 1
        return line if at < 0 else self.starts[at] + line - 1


def read_notebook(data: bytes) -> Notebook | str:
    """Read a notebook of format 3 or 4; a string says, as a clause, why it cannot be read.

    A notebook in another language than Python is empty. Never raises, however deep the JSON nests.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        document = _document(data)
    except msgspec.ValidationError as error:
        return f"it is not a notebook that this version knows: {error}"
    except msgspec.DecodeError as error:
        return _not_json(data, str(error))
    except RecursionError:
        return "its JSON nests too deeply to be a notebook"
    cells = document.cells
    if cells is None and document.worksheets is not None:
        cells = [cell for sheet in document.worksheets for cell in sheet.cells]
    if cells is None:
        return "it is JSON without the cells of a notebook"
    if not _is_python(document.metadata):
        return Notebook(b"")
    return _joined(cells)


def _document(data: bytes) -> _Document:
    try:
        return msgspec.json.decode(data, type=_Document)
    except UnicodeDecodeError:
        return msgspec.json.decode(data.decode("utf-8", "replace"), type=_Document)


def _not_json(data: bytes, message: str) -> str:
    """A sentence with the place, which the decoder gives as a byte, if at all."""
    found = _BYTE.search(message)
    at = min(int(found[1]), len(data)) if found else len(data)
    line = data.count(b"\n", 0, at) + 1
    column = at - (data.rfind(b"\n", 0, at) + 1) + 1
    detail = _BYTE.sub("", message).removeprefix("JSON is malformed:").strip()
    return f"it is not valid JSON: {detail} (line {line}, column {column})"


def _is_python(metadata: _Metadata | None) -> bool:
    """The language counts; without one, the kernel's name, which people give freely to environments of Python."""
    info = metadata.language_info if metadata else None
    kernel = metadata.kernelspec if metadata else None
    language = (info.name if info else None) or (kernel.language if kernel else None)
    if language:
        return language.lower().startswith(_PYTHON)
    name = (kernel.name if kernel else None) or ""
    return re.split(r"[-_\d]", name.lower(), maxsplit=1)[0] not in _OTHER_KERNELS


def _joined(cells: list[_Cell]) -> Notebook:
    text: list[str] = []
    magics: list[Magic] = []
    starts: list[int] = []
    numbers: list[int] = []
    for number, cell in enumerate(cells, 1):
        if not _is_code(cell):
            continue
        lines, replaced = to_python(_lines(cell.source or cell.input))
        starts.append(len(text) + 1)
        numbers.append(number)
        text.extend(lines)
        magics.extend(Magic(number, found.line, found.text) for found in replaced)
    joined = "".join(line + "\n" for line in text)
    return Notebook(joined.encode("utf-8", "replace"), tuple(magics), tuple(starts), tuple(numbers))


def _is_code(cell: _Cell) -> bool:
    editor = cell.metadata.vscode if cell.metadata else None
    language = (editor.languageId if editor else None) or cell.language
    return cell.cell_type == "code" and (not language or language.lower().startswith(_PYTHON))


def _lines(source: str | list[str]) -> list[str]:
    """The lines of a cell; NUL becomes a blank, because no parser takes it for text."""
    whole = source if isinstance(source, str) else "".join(source)
    return whole.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ").split("\n")
