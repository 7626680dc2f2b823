"""The graph of calls: what small programs are said to call, what they really call, and how things are named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlsec_lint.engine.config import Config
from mlsec_lint.engine.run import Request, run

from .call_programs import CallProgram, Edge, read_calls

PROGRAMS = read_calls()
WATCHER = Path(__file__).with_name("watch_calls.py")


def calls(folder: Path) -> set[Edge]:
    """All calls of the program in a folder."""
    return set(run(Request((folder,), Config(base=folder), calls=True)).calls)


def calls_of(folder: Path, text: str) -> set[Edge]:
    """All calls of a program of one file."""
    (folder / "main.py").write_text(text, encoding="utf-8")
    return calls(folder)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_calls_among_the_functions_of_a_program(program: CallProgram, tmp_path: Path) -> None:
    modules = tuple(f"{name}." for name in program.modules())
    found = {edge for edge in calls(program.write(tmp_path)) if edge[1].startswith(modules)}
    if program.debt:
        assert found != program.calls, f"the debt is paid: {program.debt}"
    else:
        assert found == program.calls


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code does not say where in a line it stands")
def test_the_calls_that_are_stated_are_those_that_happen(tmp_path: Path) -> None:
    watched = {str(program.write(tmp_path)): program for program in PROGRAMS if not program.unwatched}
    done = subprocess.run(
        [sys.executable, str(WATCHER), *watched], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    happened = {folder: {(a, b) for a, b in edges} for folder, edges in json.loads(done.stdout).items()}
    assert {str(p): happened[f] for f, p in watched.items()} == {str(p): p.calls for p in watched.values()}


class TestNames:
    """How callers and callees are named."""

    def test_modules_functions_and_methods(self, tmp_path: Path) -> None:
        text = "class Store:\n    def get(self):\n        def inner(): pass\n        inner()\nStore().get()\n"
        assert calls_of(tmp_path, text) == {
            ("main", "main.Store.get"),
            ("main.Store.get", "main.Store.get.inner"),
        }

    def test_lambdas_are_numbered_in_their_scope(self, tmp_path: Path) -> None:
        text = "a = lambda: 1\nb = lambda: (lambda: 2)()\ndef f():\n    return (lambda: 3)()\na(), b(), f()\n"
        assert calls_of(tmp_path, text) == {
            ("main", "main.<lambda1>"),
            ("main", "main.<lambda2>"),
            ("main.<lambda2>", "main.<lambda2>.<lambda1>"),
            ("main", "main.f"),
            ("main.f", "main.f.<lambda1>"),
        }

    def test_builtins_and_methods_of_their_types(self, tmp_path: Path) -> None:
        assert calls_of(tmp_path, 'd = {}\nlen(d)\nd.items()\n"a".join([])\n') == {
            ("main", "<builtin>.len"),
            ("main", "<builtin>.dict.items"),
            ("main", "<builtin>.str.join"),
        }

    def test_names_of_libraries(self, tmp_path: Path) -> None:
        text = (
            "import os.path\nfrom lib import Client as C\nc = C()\ndef f(x): return x.fetch()\nf(c)\nos.path.join()\n"
        )
        assert calls_of(tmp_path, text) == {
            ("main", "lib.Client"),
            ("main", "main.f"),
            ("main.f", "lib.Client.fetch"),
            ("main", "os.path.join"),
        }

    def test_the_constructor_of_a_class_of_a_library(self, tmp_path: Path) -> None:
        text = "from lib import Base\nclass A(Base):\n    def f(self): self.g()\nA().f()\n"
        assert calls_of(tmp_path, text) == {
            ("main", "lib.Base.__init__"),
            ("main", "main.A.f"),
            ("main.A.f", "lib.Base.g"),
        }

    def test_packages_are_named_as_they_are_imported(self, tmp_path: Path) -> None:
        package = tmp_path / "src" / "pkg"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("from .mod import f\nf()\n")
        (package / "mod.py").write_text("def f(): pass\n")
        assert calls(tmp_path) == {("pkg", "pkg.mod.f")}


class TestFunctionsThatNobodyCalls:
    """Somebody outside may."""

    def test_what_they_call_is_noted(self, tmp_path: Path) -> None:
        text = "def helper(): pass\ndef api(x):\n    helper()\n    x.anything()\n"
        assert calls_of(tmp_path, text) == {("main.api", "main.helper")}

    def test_their_receiver_is_an_instance_of_their_class(self, tmp_path: Path) -> None:
        text = (
            "class A:\n    def __init__(self): self.part = Part()\n    def run(self): self.step(); self.part.go()\n"
            "    def step(self): pass\nclass B(A):\n    def step(self): pass\nclass Part:\n    def go(self): pass\n"
        )
        found = calls_of(tmp_path, text)
        assert {("main.A.run", "main.A.step"), ("main.A.run", "main.Part.go")} <= found

    def test_a_function_that_is_called_is_taken_as_its_callers_call_it(self, tmp_path: Path) -> None:
        text = "def a(): pass\ndef b(): pass\ndef pick(k): return {'a': a, 'b': b}[k]()\npick('a')\n"
        assert calls_of(tmp_path, text) == {("main", "main.pick"), ("main.pick", "main.a")}


def test_functions_handed_to_unknown_methods_are_not_taken_as_called(tmp_path: Path) -> None:
    assert calls_of(tmp_path, "def f(): pass\ndef g(box):\n    box.put(f)\n") == set()


def test_functions_handed_to_libraries_are(tmp_path: Path) -> None:
    text = "import lib\ndef f(): pass\nlib.register(f)\n"
    assert calls_of(tmp_path, text) == {("main", "lib.register"), ("main", "main.f")}
