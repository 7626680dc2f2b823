"""The names that import lines bind, read from bytes wherever such a line may stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.source.import_lines import imported_names

CASES = {
    "import torch": {"torch": {"torch"}},
    "import torch.nn as nn": {"nn": {"torch"}, "torch": {"torch"}},
    "import a, b.c": {"a": {"a"}, "b": {"b"}},
    "from torch import load, save as s": {"load": {"torch"}, "save": {"torch"}, "s": {"torch"}},
    "from torch import (load,  # the one\n    save)": {"load": {"torch"}, "save": {"torch"}},
    "from . import load": {"load": {""}},
    "from ..pkg.io import load": {"load": {""}},
    "try: import cPickle as pickle\nexcept ImportError: import pickle": {
        "pickle": {"cPickle", "pickle"},
        "cPickle": {"cPickle"},
    },
    "x = 1; import torch": {"torch": {"torch"}},
    "def f():\n    from torch import load": {"load": {"torch"}},
    "from torch import \\\n    load": {"load": {"torch"}},
    "# import torch": {},
    "reimport torch": {},
    "x = 'import'": {},
}


@pytest.mark.parametrize(("code", "names"), CASES.items(), ids=CASES)
def test_names_with_the_packages_they_come_from(code: str, names: dict[str, set[str]]) -> None:
    found = imported_names(code.encode()).packages
    assert {name: set(packages) for name, packages in found.items()} == names


def test_stars_leave_names_open() -> None:
    assert imported_names(b"from torch import *").stars
    assert not imported_names(b"from torch import load").stars


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    imported_names(data + b"\nimport " + data)
