"""Notebooks become one Python text, and every line of it knows its cell."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.source.notebook import Magic, Notebook, read_notebook


def notebook(*sources: str | list[str] | dict[str, object], **metadata: object) -> Notebook:
    """A notebook of format 4 with these code cells (or whole cells)."""
    cells = [s if isinstance(s, dict) else {"cell_type": "code", "source": s, "outputs": []} for s in sources]
    result = read_notebook(json.dumps({"nbformat": 4, "cells": cells, "metadata": metadata}).encode())
    assert isinstance(result, Notebook), result
    return result


def python(source: str) -> str:
    """One cell as Python, which must parse."""
    text = notebook(source).data.decode()
    ast.parse(text)
    assert text.count("\n") == source.count("\n") + 1
    return text.removesuffix("\n")


def markdown(source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def test_cells_are_joined_and_lines_are_mapped_back() -> None:
    found = notebook(markdown("# Title"), "import torch\nx = 1", markdown("text"), ["y = 2\n", "z = 3"])
    assert found.data == b"import torch\nx = 1\ny = 2\nz = 3\n"
    assert [found.cell_line(n) for n in (1, 2, 3, 4, 5)] == [(2, 1), (2, 2), (4, 1), (4, 2), (4, 3)]


def test_an_empty_cell_keeps_its_line() -> None:
    found = notebook("", "x = 1")
    assert found.data == b"\nx = 1\n"
    assert found.cell_line(2) == (2, 1)


def test_format_3_is_read_from_its_worksheets() -> None:
    sheet = {
        "cells": [
            {"cell_type": "heading", "source": "a"},
            {"cell_type": "code", "language": "python", "input": ["x = 1\n", "y"]},
        ]
    }
    other = {"cells": [{"cell_type": "code", "language": "ruby", "input": "z"}, {"cell_type": "code", "input": "w"}]}
    found = read_notebook(json.dumps({"nbformat": 3, "metadata": {"name": ""}, "worksheets": [sheet, other]}).encode())
    assert isinstance(found, Notebook)
    assert found.data == b"x = 1\ny\nw\n"
    assert found.cells == (2, 4)


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "ir", "display_name": "R"}},
        {"kernelspec": {"name": "julia-1.9", "language": "julia"}},
        {"language_info": {"name": "R"}},
        {"kernelspec": {"name": "python3"}, "language_info": {"name": "scala"}},
    ],
)
def test_a_notebook_in_another_language_is_empty(metadata: dict[str, object]) -> None:
    assert notebook("x <- 1", **metadata).data == b""


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": None, "language_info": None},
        {"kernelspec": {"name": "my-env"}},
        {"kernelspec": {"name": "conda-env-torch-py", "language": "python"}, "language_info": {"name": "python"}},
        {"language_info": {"name": "ipython", "version": "3"}},
        {"kernelspec": {"name": "pysparkkernel"}, "language_info": {"name": "pyspark"}},
    ],
)
def test_a_notebook_of_python_or_of_an_unnamed_language_is_read(metadata: dict[str, object]) -> None:
    assert notebook("x = 1", **metadata).data == b"x = 1\n"


def test_a_cell_that_its_editor_calls_another_language_is_left_out() -> None:
    cell: dict[str, object] = {"cell_type": "code", "source": "select 1", "metadata": {"vscode": {"languageId": "sql"}}}
    assert notebook(cell, "x = 1").cells == (2,)


@pytest.mark.parametrize(
    "line",
    ["%matplotlib inline", "!pip install -q torch==2.1", "?torch.load", "torch.load?", "model??", "%x", "!ls", "!!ls"],
)
def test_a_line_of_ipython_is_replaced_by_a_statement_of_the_same_length(line: str) -> None:
    text = python(f"a = 1\n{line}\nb = 2")
    middle = text.split("\n")[1]
    assert len(middle) == len(line)
    assert middle.strip() in {"pass", "...", "0"}


def test_a_block_with_nothing_but_a_magic_still_parses() -> None:
    assert python("if x:\n    !pip install torch\nelse:\n\t%cd ..\ny = 1").split("\n")[1].rstrip() == "    pass"


@pytest.mark.parametrize("value", ["!ls -l", "%env HOME", "!ls"])
def test_an_assigned_magic_becomes_none(value: str) -> None:
    assert python(f"files = {value}").rstrip() == "files = None"
    assert python(f"if x:\n    a, b[0] ={value}").split("\n")[1].rstrip() == "    a, b[0] = None"


@pytest.mark.parametrize(
    "source",
    [
        'query = """\n%sales\n!important\nreally?\n"""',
        "x = (a\n  % b)",
        "x = a \\\n  % b",
        "s = 'it''s (' # don't [\ny = {\n  '!': 1}",
        "x = a % b\nx %= 2\ny = x != 3\nz: int = 5",
        "# why?\nx = 1  # really?\ny = 'what?'",
        "s = 'a\\\n% b'",
        "f(a, # (\n  b)\nlambda x: x % 2",
        "x = '''a\\'''\n%b'''\ny = r'\\''",
    ],
)
def test_python_that_looks_like_a_magic_is_left_alone(source: str) -> None:
    assert python(source) == source
    assert notebook(source).magics == ()


def test_a_shell_line_with_continuations_is_one_replacement() -> None:
    source = "!pip install \\\n  torch \\\n  numpy\nx = 1"
    assert [line.strip() for line in python(source).split("\n")] == ["pass", "", "", "x = 1"]
    assert notebook(source).magics == (Magic(1, 1, "!pip install \\\n  torch \\\n  numpy"),)


def test_magics_keep_their_text_and_place() -> None:
    found = notebook(markdown("a"), "x = 1\n  \n%load_ext autoreload\nfiles = !ls")
    assert found.magics == (Magic(2, 3, "%load_ext autoreload"), Magic(2, 4, "files = !ls"))


@pytest.mark.parametrize("magic", ["%%time", "%%capture out", "%%timeit -n 3", "\n%%time"])
def test_the_rest_of_a_timed_or_captured_cell_is_python(magic: str) -> None:
    assert python(f"{magic}\nx = torch.load(p)\n").endswith("\nx = torch.load(p)\n")


@pytest.mark.parametrize(
    "magic", ["%%bash", "%%html", "%%sh", "%%writefile a.py", "%%javascript", "%%sql", "%%", "%sql", "%md"]
)
def test_the_cell_of_another_language_is_blank(magic: str) -> None:
    source = f"{magic}\n<b>it's</b>\nimport os"
    text = notebook(source, "x = 1")
    assert [len(line) for line in text.data.decode().split("\n")[:3]] == [len(line) for line in source.split("\n")]
    assert text.data.decode().strip() == "x = 1"
    assert text.magics == (Magic(1, 1, source),)


def test_the_statement_that_a_line_magic_times_is_kept_in_its_column() -> None:
    source = "%time model = torch.load(path)\n%timeit -n 10 -r3 f(x)\n%prun g()"
    text = python(source)
    for ours, theirs in zip(text.split("\n"), source.split("\n"), strict=True):
        assert len(ours) == len(theirs)
    assert text.split("\n")[0].index("model") == source.index("model")
    assert len(notebook(source).magics) == 3


@pytest.mark.parametrize("line", ["%time", "%timeit", "%time for x in y: f(x)", "%timeit -n 10"])
def test_a_timing_without_a_simple_statement_is_nothing(line: str) -> None:
    assert python(line).strip() == "pass"


@pytest.mark.parametrize("line", ["pip install torch", "conda install -y faiss", "uv pip install x"])
def test_a_command_without_its_magic_is_replaced(line: str) -> None:
    assert python(line).strip() == "pass"
    assert notebook(line).magics == (Magic(1, 1, line),)


def test_a_trailing_backslash_does_not_join_two_cells() -> None:
    assert notebook("x = 1 \\", "y = 2").data == b"x = 1  \ny = 2\n"
    assert notebook("!ls \\", "y = 2").data == b"pass \ny = 2\n"


def test_an_open_string_does_not_swallow_the_cells_below() -> None:
    text = notebook('x = """a', "y = 2").data.decode()
    assert ast.dump(ast.parse(text)).count("Assign(") == 2


def test_other_line_ends_and_nul_characters_are_normalised() -> None:
    assert notebook("a\r\nb\rc\0d").data == b"a\nb\nc d\n"


def test_a_byte_order_mark_does_no_harm() -> None:
    assert isinstance(read_notebook(b'\xef\xbb\xbf{"cells": []}'), Notebook)


def test_invalid_utf8_in_a_cell_is_replaced() -> None:
    found = read_notebook(b'{"cells": [{"cell_type": "code", "source": "x = \'\xff\'"}]}')
    assert isinstance(found, Notebook)
    assert found.data.decode() == "x = '\ufffd'\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "line 1"),
        (b'{\n"cells": [,]}', "line 2, column 11"),
        (b'{"cells": [', "line 1, column 12"),
        (b'{"cells": 3}', "$.cells"),
        (b'{"cells": [{"source": 3}]}', "$.cells[0].source"),
        (b"[]", "array"),
        (b"{}", "without the cells"),
        (b'{"a":' * 100_000, "deep"),
        (b'{"outputs":' + b"[" * 1_000_000, "deep"),
    ],
)
def test_what_is_no_notebook_is_refused_with_the_place(data: bytes, words: str) -> None:
    reason = read_notebook(data)
    assert isinstance(reason, str)
    assert words in reason


@given(
    st.lists(
        st.lists(st.sampled_from([*"%!?=\\\"'()#\n x", "%%time", '"""', "if a:", "\n    "]), max_size=20), max_size=4
    )
)
def test_any_source_keeps_its_number_of_lines(cells: list[list[str]]) -> None:
    sources = ["".join(cell) for cell in cells]
    found = notebook(*sources)
    assert found.data.count(b"\n") == sum(s.count("\n") + 1 for s in sources)
    line = 1
    for number, source in enumerate(sources, 1):
        for inner in range(source.count("\n") + 1):
            assert found.cell_line(line) == (number, inner + 1)
            line += 1


@given(st.binary(max_size=100))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    read_notebook(data)
    read_notebook(b'{"cells": [{"cell_type": "code", "source": "' + data + b'"}]}')
