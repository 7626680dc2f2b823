"""Small random programs, run for real with a marked object as the foreign data, and analysed: both must agree.

The programs are straight ahead and use what the analysis claims to follow exactly, so a marked object that reaches a
sink must be reported there, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsec_lint.engine.config import Overrides, load_config
from mlsec_lint.engine.run import Request, run

HEAD: Final = """\
import pickle
from flask import request

class Box:
    def __init__(self, f, g):
        self.f = f
        self.g = g

    def swap(self):
        self.f, self.g = self.g, self.f

    def put(self, value):
        self.f = value
        return self

def same(value):
    return value

def drop(value):
    return b"dropped"

def second(one, other=b"default", *rest):
    return other

def wrapped(value):
    return [b"first", value]

def keyed(**named):
    return named

def store(box, value):
    box.g = value

def handler():
    a, b, c = request.data, b"plain", b"other"
    p, q, o = [a, b], {"k": b, "m": c}, Box(b, c)
"""
TAIL: Final = "".join(f"    pickle.loads({name})\n" for name in "abc")

NAMES: Final = st.sampled_from("abc")
TEMPLATES: Final = st.sampled_from(
    [
        "{x} = {y}",
        "{x}, {z} = {y}, {x}",
        "p = [{x}, {y}]",
        "p[0] = {y}",
        "p[1] = {y}",
        "{x} = p[0]",
        "{x} = p[1]",
        'q = {{"k": {x}, "m": {y}}}',
        'q["k"] = {y}',
        '{x} = q["m"]',
        '{x} = q["k"]',
        "o = Box({x}, {y})",
        "o.f = {y}",
        "{x} = o.g",
        "{x} = o.f",
        "o.swap()",
        "{x} = o.put({y}).f",
        "store(o, {y})",
        "{x} = same({y})",
        "{x} = drop({y})",
        "{x} = second({y}, {z})",
        "{x} = second({y})",
        "{x} = second(*[{y}, {z}])",
        "{x} = wrapped({y})[1]",
        "{x} = wrapped({y})[0]",
        '{x} = keyed(one={y}, two={z})["two"]',
        "{x} = (lambda value, other: other)({y}, {z})",
        "for {x} in [{y}]: pass",
        "({x}, *rest) = ({y}, {z})",
        "{x} = [value for value in ({y},)][0]",
    ]
)
STATEMENTS: Final = st.lists(st.tuples(TEMPLATES, NAMES, NAMES, NAMES), min_size=1, max_size=8)


class Marked(bytes):
    """The foreign data: told from all else by its identity."""


def lines_reached(program: str) -> set[int]:
    """The lines of the sinks that the marked object reaches when the program runs."""
    mark, reached = Marked(b"mark"), set[int]()
    first = program.count("\n") - 2

    def sink(number: int) -> Callable[[object], None]:
        return lambda value: reached.add(number) if value is mark else None

    text = program.replace("import pickle\nfrom flask import request\n", "\n\n")
    for number in range(first, first + 3):
        text = "\n".join(
            line.replace("pickle.loads", f"sink_{number}") if at == number else line
            for at, line in enumerate(text.split("\n"), 1)
        )
    names: dict[str, Any] = {f"sink_{n}": sink(n) for n in range(first, first + 3)}
    names["request"] = SimpleNamespace(data=mark)
    exec(compile(text, "program", "exec"), names)  # noqa: S102 - a program of ours, made above
    names["handler"]()
    return reached


def lines_reported(program: str, folder: Path) -> set[int]:
    """The lines at which the analysis reports that request data reaches a load."""
    config = load_config(folder, config_file=None, isolated=True, overrides=Overrides())
    result = run(Request((), config, {"program.py": program.encode()})).result
    assert not result.problems
    return {f.location.line for f in result.findings if f.rule.slug == "untrusted-model-load"}


@given(STATEMENTS)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_what_reaches_a_sink_is_what_is_reported(
    tmp_path_factory: pytest.TempPathFactory, statements: list[tuple[str, str, str, str]]
) -> None:
    lines = (template.format(x=x, y=y, z=z) for template, x, y, z in statements)
    program = HEAD + "".join(f"    {line}\n" for line in lines) + TAIL
    assert lines_reported(program, tmp_path_factory.getbasetemp()) == lines_reached(program), program
