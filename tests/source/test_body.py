"""One definition as concrete syntax: slices, refusals, walks, and the ordinal match with tree-sitter."""

from __future__ import annotations

import sysconfig
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import libcst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.source.body import Body, BodyRefused, call_spans, nesting_depth, parse_body, run_with_stack
from mlsec_lint.source.syntax import parse
from mlsec_lint.source.text import SourceText, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node


def definitions(node: Node) -> Iterator[Node]:
    """Functions, methods and classes, each from its first decorator."""
    stack = [node]
    while stack:
        here = stack.pop()
        if here.type in {"function_definition", "class_definition", "decorated_definition"}:
            yield here
        inner = here.child_by_field_name("definition") if here.type == "decorated_definition" else None
        stack.extend(reversed(inner.children if inner is not None else here.children))


def bodies(source: str | bytes) -> list[Body | BodyRefused]:
    """All definitions of a text, parsed."""
    text = decode(source.encode() if isinstance(source, str) else source)
    assert isinstance(text, SourceText)
    tree = parse(text.data)
    return [parse_body(text.data, n.start_byte, n.end_byte, nesting_depth(n)) for n in definitions(tree.root_node)]


def only(source: str | bytes) -> Body:
    (body,) = bodies(source)
    assert isinstance(body, Body), body
    return body


def refused(source: str | bytes) -> str:
    (body,) = bodies(source)
    assert isinstance(body, BodyRefused)
    return body.reason


def names(body: Body) -> list[str]:
    return [body.code(call.func).strip() for call in body.calls()]


def span_of(source: bytes, depth: int = 5) -> Body | BodyRefused:
    """A text parsed as one slice, with a depth that the caller claims."""
    return parse_body(source, 0, len(source), depth)


# Slices


def test_a_function_is_parsed_with_its_decorators_and_comments() -> None:
    body = only("x = 1\n@a(1)\n# why\n\n@b\n# and\ndef f(p=c()):\n    return d(p)  # done\ny = 2\n")
    assert names(body) == ["a", "c", "d"]
    function = body.function_def()
    assert function is not None
    assert function.name.value == "f"
    assert body.class_def() is None
    assert body.line == 2


def test_a_method_keeps_its_indentation() -> None:
    _, method = bodies('class A:\n    def f(self):\n        """a\nb"""\n        g()\n# left\n        h()\n')
    assert isinstance(method, Body)
    assert names(method) == ["g", "h"]
    assert method.function_def() is not None


def test_a_class_is_found_as_a_class() -> None:
    body = bodies("class A(B, metaclass=m()):\n    x = f()\n")[0]
    assert isinstance(body, Body)
    definition = body.class_def()
    assert definition is not None
    assert definition.name.value == "A"
    assert names(body) == ["m", "f"]


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n\tdef f(self):\n\t\tif x:\n\t\t\tg()\n",
        "class A:\r\n    def f(self):\r\n        s = '''a\r\nb'''\r\n        g()\r\n",
        "class A:\n    def f(self): g()",
        "\f\nclass A:\n\f    def f(self):\n        g()\n",
        "class A:\n    x = 1\n    \\\n    def f(self):\n        g()\n",
        "class A:\n    def f(self):\n        x = [\n1,\n    2]\n        g()\n",
        "class A:\n    async def f(self):\n        # first\n      # left of the block\n        g()\n        # last\n",
    ],
    ids=["tabs", "crlf", "no final newline", "form feed", "backslash line", "lines left of the block", "comments"],
)
def test_awkward_layout_of_a_method(source: str) -> None:
    method = bodies(source)[-1]
    assert isinstance(method, Body), method
    assert names(method) == ["g"]


def test_a_form_feed_before_def_is_cut_off() -> None:
    data = b"x = 1\n\fdef f():\n    g()\n"
    body = parse_body(data, 7, len(data) - 1, 5)
    assert isinstance(body, Body)
    assert data[body.start : body.end] == b"def f():\n    g()\n"
    assert body.line == 2


def test_a_backslash_line_before_def() -> None:
    assert names(only("\\\ndef f():\n    g()\n")) == ["g"]


def test_the_slice_of_a_file_in_latin1_needs_no_cookie() -> None:
    body = only(b"# -*- coding: latin-1 -*-\ndef f():\n    return g('\xe9')\n")
    assert body.code(body.calls()[0]) == "g('é')"


def test_a_comment_that_looks_like_a_cookie_is_a_comment() -> None:
    assert names(only("def f():\n    # coding: utf-16\n    return g('é')\n")) == ["g"]


def test_a_byte_order_mark_does_no_harm() -> None:
    assert names(only(b"\xef\xbb\xbfdef f(): g()\n")) == ["g"]


@pytest.mark.parametrize(
    "source",
    [
        "def f[T: (int, str), *Ts, **P](x: T) -> T:\n    return g(x)\n",
        "def f(x):\n    return g(f'{x['a']} {\n        x!r:>{x}}')\n",
        "def f():\n    try:\n        g()\n    except* (A, B):\n        pass\n",
        "def f():\n    try:\n        g()\n    except A, B:\n        pass\n",
        "def f(x):\n    match x:\n        case {'a': [A(b=1), *_]} if g(x):\n            pass\n        case _: pass\n",
        "def f():\n    with (a as b, c as d):\n        g()\n",
        "def f():\n    type X[T] = list[T]\n    g()\n",
        "def f[T = int]():\n    g()\n",
        "def f():\n    t = t'{g()}'\n",
        "def f(x, /, y, *, z):\n    return (a := g(x))\n",
    ],
    ids=["695", "701", "except*", "758", "match", "with", "type", "696", "750", "walrus"],
)
def test_new_syntax_is_read_on_any_python(source: str) -> None:
    assert names(only(source)) == ["g"]


# Refusals


def test_3000_nested_parentheses_are_refused_and_do_not_end_the_process() -> None:
    assert "deep" in refused("def f():\n    x = " + "(" * 3000 + "1" + ")" * 3000 + "\n")


def test_a_sum_of_10000_terms_is_refused() -> None:
    assert "deep" in refused("def f():\n    x = " + "1+" * 10_000 + "1\n")


@pytest.mark.parametrize("opening", ["x[", "not ", "lambda: ", "f(", "{1:", "- "])
def test_other_deep_expressions_are_refused(opening: str) -> None:
    closing = {"x[": "]", "f(": ")", "{1:": "}"}.get(opening, "")
    assert "deep" in refused("def f():\n    y = " + opening * 1000 + "1" + closing * 1000 + "\n")


@pytest.mark.parametrize(
    "lines",
    [
        "    if a: pass\n" + "    elif b: pass\n" * 3000,
        "    x = (" + "'a' " * 3000 + ")\n",
        "    import a" + ".b" * 3000 + "\n",
        "    x = [a " + "for b in c " * 3000 + "]\n",
    ],
    ids=["elif", "strings", "dotted name", "comprehension"],
)
def test_chains_that_only_libcst_nests_are_refused(lines: str) -> None:
    assert "deep" in refused("def f():\n" + lines)


def test_a_chain_of_ordinary_length_is_parsed() -> None:
    assert names(
        only("def f():\n    if a: pass\n" + "    elif b: pass\n" * 100 + "    x = g(" + "'a' " * 200 + ")\n")
    ) == ["g"]


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("[", "]"), ("{1:", "}"), ("A(b=", ")"), ("[\n", "]")])
def test_nested_patterns_are_refused_before_they_take_exponential_time(opening: str, closing: str) -> None:
    source = "def f(x):\n    match x:\n        case " + opening * 30 + "1" + closing * 30 + ": pass\n"
    assert "pattern" in refused(source)


def test_patterns_of_ordinary_depth_are_parsed() -> None:
    source = "def f(x):\n    match x:\n        case A(b=B(c=[C(d={'e': 1})])): g()\n"
    assert names(only(source)) == ["g"]


def test_deep_brackets_are_refused_whatever_depth_is_claimed() -> None:
    body = span_of(b"x = " + b"(" * 3000 + b"1" + b")" * 3000, depth=1)
    assert isinstance(body, BodyRefused)


def test_an_error_region_counts_by_its_length() -> None:
    tree = parse(b"def f():\n    x = $" + b"- " * 400 + b"$ 1\n")
    assert nesting_depth(tree) > 200


def test_200_levels_are_parsed_on_a_thread_of_their_own() -> None:
    depth = 190
    source = "def f():\n    y = " + "x[" * depth + "g()" + "]" * depth + "\n"
    body = span_of(source.encode(), depth)
    assert isinstance(body, Body)
    assert names(body) == ["g"]
    assert body.code(body.module)  # `...` where Python's own recursion ends


def test_100_levels_of_indentation_are_refused() -> None:
    source = "def f():\n" + "".join(" " * (n + 1) + "if x:\n" for n in range(100)) + " " * 102 + "g()\n"
    assert isinstance(bodies(source)[0], BodyRefused)


def test_a_huge_definition_is_refused_by_bytes() -> None:
    assert "bytes" in refused("def f():\n    x = '" + "a" * 400_000 + "'\n")


def test_a_huge_definition_is_refused_by_lines() -> None:
    assert "lines" in refused("def f():\n" + "    g()\n" * 8_001)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    # nothing but a comment\n",
        "def f():\n    print 'x'\n",
        "def f():\n    exec 'x' in d\n",
        "def f(\n",
    ],
)
def test_what_is_not_python_3_is_refused_with_a_reason(source: str) -> None:
    body = span_of(source.encode())
    assert isinstance(body, BodyRefused)
    assert "\n" not in body.reason


def test_mixed_tabs_and_blanks_are_refused() -> None:
    assert isinstance(span_of(b"def f():\n\tif x:\n        g()\n            h()\n"), BodyRefused)


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_no_text_makes_it_raise(text: str, start: int, length: int) -> None:
    data = text.replace("\r", "").encode()
    start = min(start, len(data))
    parse_body(data, start, min(len(data), start + length), 10)


@given(st.lists(st.sampled_from([*"()[]{}:,\n '\"#=abf", "case ", "match "]), max_size=120))
def test_measuring_any_text_ends(words: list[str]) -> None:
    data = "".join(words).encode()
    depth = nesting_depth(parse(data))
    assert depth >= 1
    parse_body(data, 0, len(data), depth)


def test_depth_is_counted_in_levels() -> None:
    flat, deep = parse(b"f(1)\n" * 50), parse(b"f(f(f(f(1))))\n")
    assert nesting_depth(flat) < nesting_depth(deep)
    assert nesting_depth(parse(b"")) == 1


# Walks


def test_calls_are_in_the_order_of_the_text() -> None:
    source = (
        "@d(e())\ndef f(a=g(), /, b: h() = i(), *c, k=j()) -> l():\n"
        "    x = m() if n() else o(p, q=r(), *s(), **t())\n"
        "    try: u()\n    except v(): w()\n    else: y()\n    finally: z()\n"
    )
    assert names(only(source)) == list("deghijlnmorstuvwyz".replace("nm", "mn"))


def test_the_walk_yields_syntax_and_no_layout() -> None:
    body = only("def f( a , *, b = 1 ):  # c\n    return ( a+b , [ a ] )\n")
    kinds = {type(node).__name__ for node in body.walk()}
    assert {"FunctionDef", "Param", "Return", "Tuple", "List", "Name"} <= kinds
    assert not kinds & {"Comma", "SimpleWhitespace", "LeftParen", "Add", "AssignEqual", "TrailingWhitespace", "Comment"}


def test_the_walk_can_start_anywhere() -> None:
    body = only("def f():\n    g(h())\n")
    inner = body.calls()[0].args[0]
    assert [type(n).__name__ for n in body.walk(inner)] == ["Arg", "Call", "Name"]


def test_a_node_that_is_no_call_has_a_position() -> None:
    _, method = bodies("class A:\n    def f(self):\n        é = 1; return x\n")
    assert isinstance(method, Body)
    node = next(n for n in method.walk() if isinstance(n, libcst.Return))
    assert method.position(node) == (3, 16)
    assert method.position(libcst.Name("stranger")) is None


def test_exceptions_pass_through_the_large_stack() -> None:
    def fail() -> int:
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_with_stack(fail, 100)
    before = threading.stack_size()
    assert run_with_stack(threading.current_thread, 100) is not threading.current_thread()
    assert run_with_stack(threading.current_thread, 10) is threading.current_thread()
    assert threading.stack_size() == before


def library_files() -> list[Path]:
    """About 40 modules of the standard library, the same on every run, none of them a package of tests."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    return [f for f in files if 4_000 < f.stat().st_size < 60_000][::3][:40]


@pytest.mark.parametrize("path", library_files(), ids=lambda p: p.name)
def test_calls_agree_with_tree_sitter_in_number_order_and_text(path: Path) -> None:
    text = decode(path.read_bytes())
    assert isinstance(text, SourceText)
    tree = parse(text.data)
    for node in definitions(tree.root_node):
        if node.parent is not None and node.parent.type == "decorated_definition":
            continue
        body = parse_body(text.data, node.start_byte, node.end_byte, nesting_depth(node))
        assert isinstance(body, Body), (path.name, node.start_point, body)
        spans = call_spans(tree, body.start, body.end)
        ours = [body.code(call) for call in body.calls()]
        assert ours == [text.data[a:b].decode() for a, b in spans]
