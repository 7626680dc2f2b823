"""Values across modules: re-exports, star imports, cycles, several candidates, names that functions rebind."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from mlsec_lint.dataflow.values import UNKNOWN, ClassRef, External, Instance

from .programs import NOWHERE, context_of, events_in, show, sunk

SINK = "from probe import sink\n"

ACROSS = {
    "a re-export": ({"main.py": "from pkg import s\ns(1)", "pkg/__init__.py": "from .inner import s", "pkg/inner.py": "from probe import sink as s"}, ["1"]),
    "a star re-export": ({"main.py": "from pkg import *\ns(1)", "pkg/__init__.py": "from .inner import *", "pkg/inner.py": "from probe import sink as s"}, ["1"]),
    "a star import of a star import from outside": ({"main.py": "from a import *\nsink(1)", "a.py": "from probe import *"}, ["1"]),
    "two star imports": ({"main.py": "from a import *\nfrom b import *\ns(1)", "a.py": "from probe import sink as s", "b.py": "x = 1"}, ["1"]),
    "the last star import wins": ({"main.py": "from a import *\nfrom b import *\ns(1)", "a.py": "from probe import sink as s", "b.py": "s = print"}, []),
    "a later binding hides a star import": ({"main.py": "from a import *\ns = print\ns(1)", "a.py": "from probe import sink as s"}, []),
    "a star import in a cycle": ({"main.py": "from a import *\ns(1)", "a.py": "from b import *", "b.py": "from a import *\nfrom probe import sink as s"}, ["1"]),
    "a name that only goes in circles": ({"main.py": "from a import s\ns(1)", "a.py": "from b import s", "b.py": "from a import s"}, []),
    "a substitute for a missing library": ({"main.py": "from a import s\ns(1)", "a.py": "try:\n    from probe import sink as s\nexcept ImportError:\n    from b import s", "b.py": "s = print"}, ["1"]),
    "a constant": ({"main.py": SINK + "from cfg import X\nsink(X)", "cfg.py": "X = 1"}, ["1"]),
    "a constant through its module": ({"main.py": SINK + "import cfg\nsink(cfg.X)", "cfg.py": "X = 1"}, ["1"]),
    "a constant of a submodule": ({"main.py": SINK + "import pkg.cfg\nsink(pkg.cfg.X)", "pkg/__init__.py": "", "pkg/cfg.py": "X = 1"}, ["1"]),
    "a constant of a submodule that is imported": ({"main.py": SINK + "from pkg import cfg\nsink(cfg.X)", "pkg/__init__.py": "", "pkg/cfg.py": "X = 1"}, ["1"]),
    "a constant imported in a function": ({"main.py": SINK + "def f():\n    from cfg import X\n    sink(X)", "cfg.py": "X = 1"}, ["1"]),
    "a constant as a default": ({"main.py": SINK + "from cfg import X\ndef f(x=X):\n    sink(x)", "cfg.py": "X = 1"}, ["1 | ?"]),
    "one of two candidates": ({"main.py": SINK + "from cfg import X\nsink(X)", "cfg.py": "if a:\n    X = 1\nelse:\n    X = 2"}, ["1 | 2"]),
    "a constant that a function rebinds": ({"main.py": SINK + "from cfg import X\nsink(X)", "cfg.py": "X = 1\ndef set_x():\n    global X\n    X = 2"}, ["1 | ?"]),
    "a condition on a constant": ({"main.py": SINK + "from cfg import X\nif X:\n    sink(1)\nelse:\n    sink(2)", "cfg.py": "X = True"}, ["1"]),
    "a comparison with a constant": ({"main.py": SINK + "from cfg import X\nif X == 'a':\n    sink(1)\nelse:\n    sink(2)", "cfg.py": "X = 'a'"}, ["1"]),
    "a default after or": ({"main.py": SINK + "from cfg import X\nsink(X or 2)", "cfg.py": "X = None"}, ["2"]),
    "a dict": ({"main.py": SINK + "from cfg import D\nsink(D['k'])", "cfg.py": "D = {'k': 1}"}, ["1"]),
    "a dict that is spread": ({"main.py": SINK + "from cfg import D\nsink(**D)", "cfg.py": "D = {'value': 1}"}, ["1"]),
    "a dict of functions": ({"main.py": "from cfg import D\ndef f(k):\n    D[k](1)", "cfg.py": SINK + "D = {'k': sink, 'l': print}"}, ["1"]),
    "elements of a list": ({"main.py": SINK + "from cfg import L\nfor x in L:\n    sink(x)", "cfg.py": "L = ['a', 'b']"}, ["'a' | 'b'"]),
    "a partial": ({"main.py": "from cfg import s\ns()", "cfg.py": "import functools, probe\ns = functools.partial(probe.sink, 1)"}, ["1"]),
    "a name for getattr": ({"main.py": "import probe\nfrom cfg import X\ngetattr(probe, X)(1)", "cfg.py": "X = 'sink'"}, ["1"]),
    "a class attribute": ({"main.py": SINK + "from cfg import C\nsink(C.X)", "cfg.py": "class C:\n    X = 1"}, ["1"]),
    "a class attribute of a base elsewhere": ({"main.py": SINK + "from cfg import B\nclass C(B):\n    pass\nsink(C.X)", "cfg.py": "class B:\n    X = 1"}, ["1"]),
    "a field that a base elsewhere stores": ({"main.py": SINK + "from cfg import B\nclass C(B):\n    def f(self):\n        sink(self.x)", "cfg.py": "class B:\n    def __init__(self):\n        self.x = 1"}, ["1"]),
    "a field of an instance": ({"main.py": SINK + "from cfg import C\nsink(C().x)", "cfg.py": "class C:\n    def __init__(self):\n        self.x = 1"}, ["1"]),
}  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), ACROSS.values(), ids=ACROSS)
def test_values_from_other_modules(files: dict[str, str], expected: list[str]) -> None:
    assert sunk(files) == expected


def test_a_method_inherited_from_a_library_through_another_module_is_the_librarys() -> None:
    files = {"main.py": "from a import R\nR().load(1)", "a.py": "import probe\nclass R(probe.Reader):\n    pass"}
    (event,) = events_in(context_of(files), "main.py")
    assert event.name == "probe.Reader.load"
    assert event.subclass is not None
    assert (event.subclass.name, event.subclass.module) == ("R", "a.py")


CYCLE = {
    "a.py": SINK + "from b import B, Y\nX = 1\nclass A(B):\n    pass\ndef f():\n    sink(Y)\n    sink(A.Z)\n",
    "b.py": SINK
    + "from c import *\nfrom a import X\nY = X\nclass B(C):\n    pass\ndef f():\n    sink(X)\n    sink(B.Z)\n",
    "c.py": SINK + "import a, b\nclass C:\n    Z = 3\ndef f():\n    sink(a.X)\n    sink(b.Y)\n    sink(a.A.Z)\n",
}


@pytest.mark.parametrize("order", list(permutations(CYCLE)), ids=" ".join)
def test_an_import_cycle_ends_and_gives_the_same_values_in_any_order(order: tuple[str, ...]) -> None:
    context = context_of(CYCLE)
    found = {path: [show(event.arguments.positional[0].value) for event in events_in(context, path)] for path in order}
    assert found == {"a.py": ["1", "3"], "b.py": ["1", "3"], "c.py": ["1", "1", "3"]}


def test_a_chain_of_re_exports_is_followed_to_its_bound_and_no_further() -> None:
    def chain(length: int) -> list[str]:
        files = {f"m{i}.py": f"from m{i + 1} import X" for i in range(length)}
        return sunk({"main.py": SINK + "from m0 import X\nsink(X)", **files, f"m{length}.py": "X = 1"})

    assert chain(5) == ["1"]
    assert chain(60) == ["?"]


def test_a_module_that_cannot_be_read_makes_its_names_unknown() -> None:
    context = context_of({"main.py": SINK + "from gone import X\nsink(X)", "gone.py": "X = 1"})
    context.project._modules["gone.py"] = None
    assert [show(e.arguments.positional[0].value) for e in events_in(context, "main.py")] == ["?"]


def test_a_class_that_is_its_own_base_ends() -> None:
    files = {
        "main.py": "from a import A\nclass B(A):\n    pass\nB().x()",
        "a.py": "from main import B\nclass A(B):\n    pass",
    }
    assert events_in(context_of(files), "main.py") == []


def test_a_field_made_of_itself_ends() -> None:
    code = "class A:\n    def __init__(self):\n        self.x = self.x or 1\n    def f(self):\n        sink(self.x)"
    assert sunk(SINK + code) == ["1 | ?"]


def test_attributes_of_references_that_belong_to_no_heap() -> None:
    context = context_of({"main.py": "class A:\n    X = 1\n", "pkg/__init__.py": "X = 2"})
    exit_ = context.exit_of("main.py")
    assert exit_ is not None
    assert show(context.attribute_of(exit_.names["A"], "X")) == "1"
    assert show(context.attribute_of(exit_.names["A"], "Y")) == "?"
    assert context.attribute_of(UNKNOWN, "X").open
    assert show(context.symbol("main.py", "A.X", 0)) == "1"
    assert context.symbol("nowhere.py", "A", 0) == UNKNOWN
    (cls,) = exit_.names["A"].references
    assert isinstance(cls, ClassRef)
    assert context.bases_of(cls) == [cls]


def test_aliases_of_libraries_are_known_by_their_canonical_name() -> None:
    assert [e.name for e in events_in(context_of({"m.py": "from probe import sink as s\ns(1)"}), "m.py")] == [
        "probe.sink"
    ]
    assert External("a") != Instance("a")


def test_the_project_of_these_tests_is_not_on_disk() -> None:
    assert not Path(NOWHERE).exists()
