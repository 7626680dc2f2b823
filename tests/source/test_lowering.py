"""From source to operations: what each construct becomes, that nothing is lost silently, and that nothing raises."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlsec_lint.source import ir
from mlsec_lint.source.gaps import LENGTH, NESTING, SIZE
from mlsec_lint.source.lowering import DEEPEST, MOST_OPERATIONS, lower_function, lower_module
from mlsec_lint.source.syntax import parse

CONSTRUCTS = (Path(__file__).parent / "data" / "constructs.py.txt").read_text("utf-8").split("\n\n")


def lowered(code: str) -> ir.Body:
    return lower_module(parse(code.encode("utf-8", "surrogatepass")).root_node)


def operations(block: ir.Block | None) -> Iterator[ir.Op]:
    """All operations below a block, in order; not those inside of functions that are still closed."""
    for op in block or []:
        yield op
        for name in op.__struct_fields__:
            value = getattr(op, name)
            if isinstance(value, ir.Body):
                yield from operations(value.block)
            elif isinstance(value, (list, tuple)):
                for part in cast("list[object] | tuple[object, ...]", value):
                    for inner in blocks_of(part):
                        yield from operations(inner)
                if isinstance(value, list):
                    yield from operations(cast("ir.Block", value))


def blocks_of(part: object) -> list[ir.Block]:
    """The blocks of a handler or a case, or the part itself if it is one."""
    if isinstance(part, ir.Handler):
        return [part.block]
    if isinstance(part, ir.Case):
        return [part.pattern, part.binds, part.block]
    return [cast("ir.Block", part)] if isinstance(part, list) else []


def kinds(code: str) -> str:
    """The names of the operations of a module's top level."""
    return " ".join(type(op).__name__ for op in lowered(code).block or [])


SHAPES = {
    "x = 1": "Const Store",
    "x: int = 1": "Const Store",
    "x: int": "",
    "x = y = 1": "Const Store Store",
    "x += 1": "Load Const Binary Store",
    "a.b": "Load Attribute",
    "a.b = 1": "Const Load SetAttribute",
    "a[0]": "Load Const Item",
    "a[0] = 1": "Const Load Const SetItem",
    "a[1:2]": "Load Const Const Slice",
    "a, b = c": "Load Unpack Store Store",
    "a, (b, *c) = d": "Load Unpack Store Unpack Store Store",
    "f(1)": "Load Const Call",
    "a.f(1)": "Load Const Method",
    "f(*a, **b)": "Load Load Load Call",
    "f(x for x in y)": "Load Build Load Loop Call",
    "[1, *a]": "Const Load Build",
    "{1: 2, **a}": "Const Const Load Build",
    "{1}": "Const Build",
    "(1, 2)": "Const Const Build",
    "[x for x in y if x]": "Build Load Loop",
    "a if b else c": "Load Choose",
    "a and b": "Load Shortcut",
    "not a": "Load Unary",
    "-a": "Load Unary",
    "a + b": "Load Load Binary",
    "a is not None": "Load Const Compare",
    "a not in b": "Load Load Compare",
    "a < b < c": "Load Load Load Opaque",
    "x = f'{a}b'": "Load Const Format Store",
    "'a' 'b' + c": "Const Const Format Load Binary",
    "lambda x: x": "Function",
    "(x := 1)": "Const Store",
    "del a": "Delete",
    "del a[0]": "Load Const Delete",
    "if a:\n    b\nelse:\n    c": "Load If",
    "for a in b:\n    c": "Load Loop",
    "while a:\n    b": "Loop",
    "try:\n    a\nexcept E:\n    b": "Try",
    "with a as b:\n    c": "Load Enter Store With",
    "with a as (b, c):\n    d": "Load Enter Unpack Store Store With",
    "match a:\n    case 1:\n        b": "Load Match",
    "import a": "Import",
    "import a.b as c, d": "Import Import",
    "from a import b, c": "ImportFrom ImportFrom",
    "from . import *": "ImportFrom",
    "from __future__ import annotations": "",
    "def f(x=1): pass": "Const Function Store",
    "@d\ndef f(): pass": "Load Function Store",
    "class A(B): x = 1": "Load Class Store",
    "raise a": "Load Raise",
    "assert a": "Load If",
    "'''documentation'''": "",
    "pass": "",
    "# comment": "",
    "global a": "",
}


@pytest.mark.parametrize(("code", "expected"), SHAPES.items(), ids=map(repr, SHAPES))
def test_what_a_construct_becomes(code: str, expected: str) -> None:
    assert kinds(code) == expected


@pytest.mark.parametrize("code", CONSTRUCTS)
def test_every_construct_is_read_without_an_error_and_without_a_gap(code: str) -> None:
    tree = parse(code.encode())
    assert not tree.root_node.has_error
    assert lowered(code).gaps == ()


def test_every_call_becomes_an_operation() -> None:
    """Wherever a call may stand, it is lowered: a call that is not can never be a finding."""
    missing: list[str] = []
    for code in CONSTRUCTS:
        tree = parse(code.encode())
        body = lower_module(tree.root_node)
        found = {(op.at, op.end) for op in operations(body.block) if isinstance(op, (ir.Call, ir.Method))}
        for op in list(operations(body.block)):
            if isinstance(op, ir.Function) and op.body.block is None:
                node = tree.root_node.descendant_for_byte_range(op.body.at, op.body.end - 1)
                assert node is not None
                lower_function(op.body, node)
        found |= {(op.at, op.end) for op in operations(body.block) if isinstance(op, (ir.Call, ir.Method))}
        cursor = [tree.root_node]
        while cursor:
            node = cursor.pop()
            cursor.extend(node.children)
            if node.type == "call" and (node.start_byte, node.end_byte) not in found:
                missing.append(code)
    assert missing == []


def test_what_a_body_binds() -> None:
    tree = parse(
        b"def f(a, *b, c=1, **d):\n    global e\n    e = g = 1\n    import h.i\n    [j for j in a]\n    (k := 1)\n"
    )
    (function,) = [op for op in lower_module(tree.root_node).block or [] if isinstance(op, ir.Function)]
    assert function.body.block is None, "the inside of a function is lowered when somebody asks"
    lower_function(function.body, tree.root_node.children[0])
    assert function.body.binds == {"a", "b", "c", "d", "g", "h", "k"}
    assert function.body.globals == {"e"}
    assert [(p.name, p.kind, p.keyword_only) for p in function.params] == [
        ("a", "", False),
        ("b", "*", False),
        ("c", "", True),
        ("d", "**", True),
    ]


def test_names_and_owners_of_nested_definitions() -> None:
    body = lowered("class A:\n    class B:\n        def f(self): pass\n    g = lambda: 1\ndef h(): pass")
    functions = [op.body for op in operations(body.block) if isinstance(op, ir.Function)]
    assert [(f.qualname, f.kind, f.owner) for f in functions] == [
        ("A.B.f", "function", "A.B"),
        ("A.<lambda>", "lambda", "A"),
        ("h", "function", ""),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "(" * 3000 + "f()" + ")" * 3000,
        "x = " + "[" * 3000 + "f()" + "]" * 3000,
        "x = " + "not " * 3000 + "f()",
        "x = f()" + ".a" * 3000,
        "x = f()" + "()" * 3000,
        "x = f()" + " + a" * 3000,
        "x = " + "a if b else " * 3000 + "f()",
        "".join(" " * level + "if x:\n" for level in range(300)) + " " * 300 + "f()\n",
        "".join(" " * level + "class A:\n" for level in range(300)) + " " * 300 + "f()\n",
    ],
    ids=["brackets", "lists", "not", "attributes", "calls", "sums", "conditions", "blocks", "classes"],
)
def test_what_nests_too_deeply_is_left_out_and_told(code: str) -> None:
    gaps = lowered(code).gaps
    assert {gap.kind for gap in gaps} == {NESTING}
    assert any(gap.lost for gap in gaps), "a call may be lost in there"


def test_what_nests_reasonably_is_not_left_out() -> None:
    levels = DEEPEST // 2 - 5
    assert lowered("x = " + "(" * levels + "f()" + ")" * levels).gaps == ()


def test_long_chains_are_no_nesting() -> None:
    for code in (
        "=".join("a" * 3000) + " = 1",
        "if a: b\n" + "elif c: d\n" * 3000,
        "x = " + "'a' " * 3000,
        "x=1;" * 3000,
    ):
        assert lowered(code).gaps == ()


def test_a_body_beyond_its_budget_is_cut_and_told() -> None:
    body = lowered("f()\n" * MOST_OPERATIONS)
    assert sum(1 for _ in operations(body.block)) <= MOST_OPERATIONS
    assert [gap.kind for gap in body.gaps] == [SIZE]


def test_a_table_of_data_does_not_use_up_the_budget() -> None:
    body = lowered("x = [" + "1, " * 100_000 + "]\nf()")
    assert any(isinstance(op, ir.Call) for op in operations(body.block))
    assert body.gaps == (), "only numbers are left out"
    assert [gap.kind for gap in lowered("x = [" + "1, " * 5_000 + "f()]").gaps] == [LENGTH]


def test_a_broken_statement_costs_only_itself() -> None:
    body = lowered("import a\nx = = 1\ndef broken(:\n    pass\na.f()\n")
    assert any(isinstance(op, ir.Method) for op in operations(body.block))


def test_literals_are_what_python_says() -> None:
    literals = [
        "1",
        "0x1F",
        "1_000",
        "1.5e3",
        "2j",
        "'a'",
        "r'\\d'",
        "b'\\x00'",
        "'''a\nb'''",
        "'\\u00e9'",
        "True",
        "None",
    ]
    for literal in literals:
        (constant, *_) = lowered(f"x = {literal}").block or []
        assert isinstance(constant, ir.Const)
        wanted = ast.literal_eval(literal)
        assert (type(constant.value), constant.value) == (type(wanted), wanted)


def test_literals_that_no_reader_needs_are_not_evaluated() -> None:
    for literal in ("'" + "a" * 10_000 + "'", "1" * 10_000, "'\\N{not a name}'", "'\\x'"):
        (first, *_) = lowered(f"x = {literal}").block or []
        assert isinstance(first, ir.Opaque)


WORDS = (
    "def |class |if |else|for | in |while |try|except |with | as |match |case |lambda |import |from |"
    "return |yield |await |async |global |del |not | and |raise |assert |print|x|1|'a'|f'{|}'|(|)|[|"
    "]|{|}|:|,|.|=|*|**|;|:=|->|@|#|\\|é|\0|\ud800|!|?|$|\n|\n    |    |\t"
)
TOKENS = st.sampled_from(WORDS.split("|"))


@given(st.lists(TOKENS, max_size=60).map("".join))
@example("except" + "\n" + "else:")
def test_any_text_is_lowered_within_its_budget(code: str) -> None:
    body = lowered(code)
    assert sum(1 for _ in operations(body.block)) <= MOST_OPERATIONS
    for op in operations(body.block):
        for name in ("dst", "src", "obj", "func"):
            assert -1 <= getattr(op, name, -1) < max(body.registers, 10_000)
        if isinstance(op, (ir.Call, ir.Method)):
            assert 0 <= op.at < op.end


@given(st.binary(max_size=300))
def test_any_bytes_are_lowered(data: bytes) -> None:
    lower_module(parse(data).root_node)


@given(st.lists(st.sampled_from(CONSTRUCTS), max_size=4).map("\n".join), st.integers(0, 400), st.integers(0, 400))
def test_half_typed_code_is_lowered(code: str, start: int, length: int) -> None:
    lowered(code[:start] + code[start + length :])
