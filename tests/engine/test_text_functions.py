"""The functions of a file by its text: what is told without a tree has to agree with what a tree would say."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsec_lint.engine.text_functions import TextFunctions
from mlsec_lint.engine.texts import Texts

CODE = b'''\
import os


def one(x):
    """A text
at the margin of the page, which ends nothing."""
    def inner():
        return 1
    return inner


class Box(Base):
    size = 1

    async def load(self, path):
        return path

    def __call__(self): return 2


value = one(2)

if os:
    def late():
        pass
'''


@pytest.fixture
def functions(tmp_path: Path) -> TextFunctions:
    return TextFunctions(Texts(tmp_path, 1_000_000, {"a.py": CODE}))


def test_functions_and_methods_are_told_with_their_class(functions: TextFunctions) -> None:
    found = [(function.name, function.owner, function.called) for function in functions.of("a.py")]
    assert found == [("one", "", "one"), ("load", "Box", "load"), ("__call__", "Box", "Box"), ("late", "", "late")]


@pytest.mark.parametrize(
    ("word", "name"),
    [(b"return inner", "one"), (b"return 1", "one"), (b"return path", "load"), (b"return 2", "__call__")],
)
def test_a_place_lies_in_the_function_around_it(functions: TextFunctions, word: bytes, name: str) -> None:
    function = functions.around("a.py", CODE.index(word))
    assert function is not None
    assert function.name == name


@pytest.mark.parametrize("word", [b"import os", b"size = 1", b"value = one"])
def test_other_places_lie_in_none(functions: TextFunctions, word: bytes) -> None:
    assert functions.around("a.py", CODE.index(word)) is None


def test_a_file_that_cannot_be_read_has_none(functions: TextFunctions) -> None:
    assert functions.of("gone.py") == []
