"""Trees that are broken, or made to break a scanner: each costs its file at most, and is named."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import pytest

from .conftest import Cli, Tree
from .runner import SAFE, UNSAFE, run_process

FOUND = "ok.py:5:12: MLS102"
"""What must be reported from the file beside the hostile one."""

DEEP = 10_000


def in_load(argument: str) -> str:
    """A source whose second load has a hostile argument; the first, in line 5, must be found whatever it is."""
    return f"{UNSAFE}\n\ndef hostile(path):\n    return torch.load({argument}, weights_only=False)\n"


def nested(opening: str, inner: str, closing: str, levels: int) -> str:
    return opening * levels + inner + closing * levels


def indented(head: str, levels: int, last: str) -> str:
    """Blocks within blocks, one blank of indentation each."""
    return "".join(f"{' ' * level}{head}\n" for level in range(1, levels + 1)) + " " * (levels + 1) + last + "\n"


LOST: Mapping[str, tuple[str | bytes, str]] = {
    "binary": (bytes(range(256)) * 50, "a.py: error: it holds a NUL byte"),
    "utf-16": (UNSAFE.encode("utf-16"), "a.py: error: it is UTF-16"),
    "unknown encoding": (b"# coding: klingon\n" + UNSAFE.encode(), "a.py: error: it declares the encoding 'klingon'"),
    "calls within calls": (in_load(nested("f(", "path", ")", DEEP)), "a.py:9: error: nests too deeply here"),
    "blocks within blocks": (
        f"{UNSAFE}\n\ndef hostile(path):\n{indented('if path:', 500, 'torch.load(path, weights_only=False)')}",
        "error: nests too deeply here",
    ),
    "comprehensions within comprehensions": (
        in_load(nested("[", "f(path)", " for x in path]", 150)), "a.py:9: error: nests too deeply here"
    ),
    "more calls than anybody writes": (
        f"{UNSAFE}\n\ndef hostile(path):\n" + "    torch.load(path, weights_only=False)\n" * 15_000,
        "a.py:8: error: has too many operations",
    ),
    "unclosed brackets": (f"{UNSAFE}\n\nx = {'(' * DEEP}\n", "a.py:8: error: is not valid Python"),
}  # fmt: skip
"""Files of which a part is lost: name, content, what is told."""

KEPT: Mapping[str, str] = {
    "parentheses": in_load(nested("(", "path", ")", DEEP)),
    "lists": in_load(nested("[", "path", "]", 5_000)),
    "subscripts": in_load(nested("path[", "0", "]", 5_000)),
    "terms": in_load(" + ".join(["path"] * DEEP)),
    "operands": in_load(" and ".join(["path"] * DEEP)),
    "negations": in_load("not " * DEEP + "path"),
    "signs": in_load("~" * DEEP + "1"),
    "attributes": in_load("path" + ".a" * DEEP),
    "conditions": in_load("path if path else " * 5_000 + "path"),
    "lambdas": in_load("lambda: " * 5_000 + "path"),
    "strings": in_load(" ".join(["'a'"] * DEEP)),
    "targets": f"{UNSAFE}\n\ndef hostile(path):\n    {'a = ' * 5_000}path\n    torch.load(a, weights_only=False)\n",
    "annotations": UNSAFE.replace("(path):", f"(path: {' | '.join(['int'] * DEEP)}):"),
    "generics": UNSAFE.replace("(path):", f"(path: {nested('Optional[', 'int', ']', 3_000)}):"),
    "guards": in_load("path").replace(
        "    return", f"    if {nested('path and (', 'path', ')', 5_000)}:\n        return"
    ),
    "refusals": in_load("path").replace("    return", f"    if {nested('not (', 'path', ')', 5_000)}:\n        return"),
    "branches": f"{UNSAFE}\n\ndef hostile(path):\n    if path:\n        pass\n"
    + "    elif path:\n        pass\n" * 5_000
    + "    torch.load(path, weights_only=False)\n",
    "decorators": f"{UNSAFE}\n\n"
    + "@torch\n" * 5_000
    + "def hostile(path):\n    torch.load(path, weights_only=False)\n",
    "a table of data": "DATA = {" + ", ".join(f"'k{n}': {n}" for n in range(30_000)) + "}\n" + in_load("path"),
}
"""Files that are extreme and complete: at most a value is not known."""


@pytest.mark.parametrize("name", LOST)
def test_a_part_that_was_not_scanned_is_named_and_fails_the_run(tree: Tree, name: str) -> None:
    content, told = LOST[name]
    tree({"a.py": content, "ok.py": UNSAFE})
    done = run_process("check", "--format", "concise")
    assert FOUND in done.out
    assert told in done.out
    assert (done.code, done.err) == (2, "")


@pytest.mark.parametrize("name", KEPT)
def test_what_is_extreme_but_complete_loses_no_finding(cli: Cli, tree: Tree, name: str) -> None:
    tree({"a.py": KEPT[name], "ok.py": UNSAFE})
    done = cli("check", "--format", "concise")
    expected = 1 if name in ("annotations", "generics") else 2
    assert done.out.count("MLS102") == 1 + expected
    assert (done.code, done.err) == (1, "")


def test_ten_thousand_parentheses_do_not_end_the_process(tree: Tree) -> None:
    tree({"a.py": f"{UNSAFE}\nx = {nested('(', '1', ')', DEEP)}\n", "ok.py": UNSAFE})
    done = run_process("check", "--format", "concise")
    assert done.out.count("MLS102") == 2
    assert "a.py:7: warning: nests too deeply here; the value was taken as unknown" in done.out
    assert (done.code, done.err) == (1, "")


def test_a_syntax_error_costs_only_its_definition(tree: Tree) -> None:
    broken = "def broken(path:\n    x = = 3\n\n\n"
    after = UNSAFE.partition("\n\n\n")[2].replace("restore", "reload")
    tree({"a.py": f"{UNSAFE}\n\n{broken}{after}", "ok.py": UNSAFE})
    done = run_process("check", "--format", "concise")
    lines = done.out.splitlines()
    assert [line.partition(" ")[0] for line in lines if "MLS102" in line] == [
        "a.py:5:12:",
        "a.py:13:12:",
        "ok.py:5:12:",
    ]
    assert [line for line in lines if "error" in line] == [
        "a.py:9: error: is not valid Python here; the statement around this place was not scanned"
    ]
    assert done.code == 2


def test_bytes_that_are_no_text_cost_nothing_else(cli: Cli, tree: Tree) -> None:
    tree({"a.py": UNSAFE.encode() + b"# caf\xe9\n"})
    done = cli("check", "--format", "concise")
    assert "a.py:5:12: MLS102" in done.out
    assert "a.py: warning: holds bytes that are not valid utf-8" in done.out
    assert done.code == 1


def test_a_file_over_the_limit_is_named(tree: Tree) -> None:
    tree({"a.py": UNSAFE + "#" * 11_000_000, "ok.py": UNSAFE})
    done = run_process("check", "--format", "concise")
    assert FOUND in done.out
    assert "a.py: error: is larger than 10485760 bytes; raise max-file-size to scan it" in done.out
    assert done.code == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(cli: Cli, tree: Tree) -> None:
    root = tree({"a.py": UNSAFE, "ok.py": UNSAFE})
    (root / "a.py").chmod(0)
    done = cli("check", "--format", "concise")
    assert FOUND in done.out
    assert "a.py: error: cannot be read" in done.out
    assert done.code == 2


def test_links_in_circles_are_not_followed(cli: Cli, tree: Tree) -> None:
    root = tree({"ok.py": UNSAFE, "pkg/b.py": SAFE})
    (root / "pkg/up").symlink_to(root, target_is_directory=True)
    (root / "self.py").symlink_to("self.py")
    done = cli("check", "--format", "concise")
    assert done.out.count("\n") == 1
    assert done.code == 1
    done = cli("check", "--format", "concise", "self.py", "ok.py")
    assert FOUND in done.out
    assert "self.py: error: cannot be read" in done.out
    assert done.code == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_pipe_that_is_named_is_not_waited_for(cli: Cli, tree: Tree) -> None:
    root = tree({"ok.py": UNSAFE})
    os.mkfifo(root / "pipe.py")
    done = cli("check", "--format", "concise", "pipe.py", "ok.py")
    assert FOUND in done.out
    assert "pipe.py: error: is a FIFO" in done.out
    assert done.code == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{not json", "a.ipynb: error: it is not valid JSON"),
        ("[]", "a.ipynb: error: it is not a notebook"),
        ('{"cells": 3}', "a.ipynb: error: it is not a notebook"),
        ('{"cells":' + "[" * 100_000, "a.ipynb: error: "),
        ("", "a.ipynb: error: it is not valid JSON"),
    ],
)
def test_a_notebook_that_is_none_is_named(cli: Cli, tree: Tree, content: str, told: str) -> None:
    tree({"a.ipynb": content, "ok.py": UNSAFE})
    done = cli("check", "--format", "concise")
    assert FOUND in done.out
    assert told in done.out
    assert done.code == 2


def test_a_broken_cell_is_named_by_cell_and_line(cli: Cli, tree: Tree) -> None:
    cells = [{"cell_type": "code", "source": text} for text in (UNSAFE, "x = 1\ny = = 2\n", UNSAFE)]
    tree({"a.ipynb": json.dumps({"cells": cells, "nbformat": 4, "metadata": {}})})
    done = cli("check", "--format", "concise")
    assert "a.ipynb:cell 1:5:12: MLS102" in done.out
    assert "a.ipynb:cell 3:5:12: MLS102" in done.out
    assert "a.ipynb: error: cell 2, line 2: is not valid Python here" in done.out
    assert done.code == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", "[project\n"),
        ("Pipfile", "[packages\n"),
        ("poetry.lock", "<<<<<<< HEAD\n"),
        ("Pipfile.lock", "{"),
        ("requirements.txt", b"torch==2.11\xff\n"),
        ("requirements.txt", "-r absent.txt\n"),
    ],
)
def test_a_broken_manifest_is_a_notice(cli: Cli, tree: Tree, name: str, content: str | bytes) -> None:
    tree({name: content, "ok.py": UNSAFE})
    done = cli("check", "--format", "concise")
    assert FOUND in done.out
    (told,) = [line for line in done.out.splitlines() if line.startswith(name)]
    assert ": warning: " in told
    assert done.code == 1


def test_names_that_would_move_the_cursor_are_escaped(cli: Cli, tree: Tree) -> None:
    tree({"a\x1b[2J\n.py": UNSAFE, "b\x1b[2J.py": b"\0"})
    done = cli("check")
    assert "\x1b" not in done.out
    assert "a\\x1b[2J\\n.py:5:12" in done.out
