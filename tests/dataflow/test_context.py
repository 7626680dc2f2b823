"""Values across modules: re-exports, star imports, cycles, several candidates, names that functions rebind."""

from __future__ import annotations

from itertools import permutations

import pytest

from mlsec_lint.dataflow.values import UNKNOWN, ClassRef

from .programs import context_of, events_in, rows, show, sunk

SINK = "from probe import sink\n"


def files_of(code: str) -> dict[str, str]:
    """The files of a row: each starts with a line ``-- path``."""
    parts = ("\n" + code).split("\n-- ")[1:]
    return {path: text for path, _, text in (part.partition("\n") for part in parts)}


@pytest.mark.parametrize(("code", "expected"), list(rows("modules")))
def test_values_from_other_modules(code: str, expected: str) -> None:
    assert "; ".join(sunk(files_of(code))) == expected


def test_a_method_inherited_from_a_library_through_another_module_is_the_librarys() -> None:
    files = {"main.py": "from a import R\nR().load(1)", "a.py": "import probe\nclass R(probe.Reader):\n    pass"}
    (event,) = events_in(context_of(files), "main.py")
    assert event.name == "probe.Reader.load"
    assert event.subclass is not None
    assert (event.subclass.name, event.subclass.module) == ("R", "a.py")


CYCLE = {
    "a.py": SINK + "from b import B, Y\nX = 1\nclass A(B):\n    pass\ndef f():\n    sink(Y)\n    sink(A.Z)\n",
    "b.py": SINK
    + "from c import C\nfrom a import X\nY = X\nclass B(C):\n    pass\ndef f():\n    sink(X)\n    sink(B.Z)\n",
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
