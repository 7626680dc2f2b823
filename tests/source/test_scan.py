"""The scan: what is a word, what makes it matter, and which names it gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.source.scan import Hits, Scanner, Trigger

PICKLE = {"load": (Trigger(roots=frozenset({"pickle", "_pickle"})),)}


def scan(code: str, triggers: dict[str, tuple[Trigger, ...]] = PICKLE, project: tuple[str, ...] = ()) -> Hits:
    return Scanner(triggers, ("noqa",), frozenset(project)).scan(code.encode())


def lines(code: str, triggers: dict[str, tuple[Trigger, ...]] = PICKLE, project: tuple[str, ...] = ()) -> list[int]:
    """The lines (from 1) with accepted words."""
    return [code.encode()[:at].count(b"\n") + 1 for at in scan(code, triggers, project).offsets]


ACCEPTED = {
    "through the module": "import pickle\npickle.load(f)",
    "through another name of the module": "import pickle as p\np.load(f)",
    "through an alias of the library": "import _pickle\n_pickle.load(f)",
    "among several modules": "import os, pickle as p\np.load(f)",
    "after a comment": "import pickle  # fast\npickle.load(f)",
    "by its own name": "from pickle import load\nload(f)",
    "by its own name in brackets": "from pickle import (\n    dumps,\n    load,\n)\nload(f)",
    "by its own name below a comment": "from pickle import (\n    # why\n    load\n)\nload(f)",
    "by its own name below a comment with a bracket": "from pickle import (  # (all)\n    load,\n)\nload(f)",
    "by its own name behind a backslash": "from pickle import dumps, \\\n    load\nload(f)",
    "by its own name behind a semicolon": "import os; from pickle import load\nload(f)",
    "by its own name behind a colon": "try: from pickle import load\nexcept E: pass\nload(f)",
    "by its own name with tabs": "from\tpickle\timport\tload\nload(f)",
    "by its own name without spaces": "from pickle import(load)\nload(f)",
    "by its own name with CRLF": "from pickle import load\r\nload(f)\r\n",
    "in a function": "def f():\n    from pickle import load\n    load(f)",
    "by a star": "from pickle import *\nload(f)",
    "on a receiver that anything may be": "import pickle\nx.load(f)",
    "on a receiver over two lines": "import pickle\n(pickle\n .load)(f)",
    "on a receiver that is named later": "import pickle\np = pickle\np.load(f)",
    "as text": "import pickle\ngetattr(pickle, 'load')",
    "through a module named as text": "importlib.import_module('pickle').load(f)",
    "on a class of the library": "from pickle import Unpickler\nUnpickler(f).load()",
    "in a file with an optional import": "try: import pickle\nexcept E: pass\npickle.load(f)",
}

REFUSED = {
    "no sign of the library": "x.load(f)",
    "a part of a word": "import pickle\npickle.loads(f); xload(f); load_all(f); _load(f)",
    "next to a letter that is not ASCII": "import pickle\nx.éload(f)\nx.loadé(f)",
    "a receiver of another library": "import json, pickle\njson.load(f)",
    "a function of another library": "import pickle\nfrom json import load\nload(f)",
    "a function of the file's own": "import pickle\nload(f)",
    "only the library": "import pickle\npickle.dumps(f)",
}


@pytest.mark.parametrize("code", ACCEPTED.values(), ids=ACCEPTED)
def test_a_word_that_can_mean_the_sink_is_accepted(code: str) -> None:
    assert lines(code)[-1] == len(code.splitlines())


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED)
def test_a_word_that_cannot_is_not(code: str) -> None:
    assert lines(code) == []


def test_a_name_from_the_project_can_be_a_re_export_if_the_library_is_mentioned() -> None:
    code = "from codecs_ import load\n# like pickle\nload(f)"
    assert lines(code) == []
    assert lines(code, project=("codecs_",)) == [1, 3]
    assert lines("from .codecs import load\n# like pickle\nload(f)") == [1, 3]


def test_without_roots_only_names_of_the_project_count() -> None:
    own = {"restore": (Trigger(),)}
    assert lines("from app.io import restore\nrestore(f)", own, ("app",)) == [1, 2]
    assert lines("from .io import restore\nrestore(f)", own) == [1, 2]
    assert lines("from numpy import restore\nrestore(f)", own, ("app",)) == []
    assert lines("from .io import reader\nreader.restore(f)", own) == [2]


def test_a_word_that_means_something_anywhere_needs_nothing_else() -> None:
    assert lines("x = 1\nMODE = 2", {"MODE": (Trigger(anywhere=True),)}) == [2]


@pytest.mark.parametrize(
    ("code", "accepted"),
    [
        ("import lib\nlib.load(x)", False),
        ("import lib\nlib.load(x, trust=True)", True),
        ("import lib\noptions = {'trust': True}\nlib.load(x, **options)", True),
        ("import lib\nlib.load(x, **options)", False),
        ("import lib\nfrom cfg import OPTIONS\nlib.load(x, **OPTIONS)", True),
        ("import lib, cfg\nlib.load(x, **cfg.OPTIONS)", True),
    ],
)
def test_a_sink_that_needs_an_option_matters_only_with_it_or_with_a_spread_from_elsewhere(
    code: str, accepted: bool
) -> None:
    triggers = {"load": (Trigger(roots=frozenset({"lib"}), options=frozenset({"trust"})),)}
    assert bool(lines(code, triggers)) is accepted


def test_one_of_several_alternatives_is_enough() -> None:
    triggers = {"load": (*PICKLE["load"], Trigger(roots=frozenset({"lib"}), options=frozenset({"trust"})))}
    assert lines("import pickle\npickle.load(f)", triggers) == [2]
    assert lines("import lib\nlib.load(f)", triggers) == []
    assert lines("import lib\nlib.load(f, trust=1)", triggers) == [2]


def test_a_base_class_matters_in_the_head_of_a_class_only() -> None:
    triggers = {"Unpickler": (Trigger(roots=frozenset({"pickle"}), base=True),)}
    code = "import pickle\nclass A(pickle.Unpickler):\n    pass\nx = pickle.Unpickler"
    assert lines(code, triggers) == [2]
    assert lines("from pickle import Unpickler as U\nclass A(U): pass", triggers) == []
    assert lines("from pickle import Unpickler\nclass A(Unpickler): pass", triggers) == [2]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("from pickle import load as l\nl(f)", ["l"]),
        ("import pickle\nread = pickle.load\n", ["read"]),
        ("import pickle\nread: Reader = pickle.load\n", ["read"]),
        ("import pickle\nread = partial(pickle.load, fix_imports=True)\n", ["read"]),
        ("import pickle\nx = pickle.load(f)\n", []),
        ("import pickle\nif x == pickle.load:\n    pass", []),
    ],
)
def test_new_names_of_a_word_are_told(code: str, names: list[str]) -> None:
    assert scan(code).renamed == tuple((name, "load") for name in names)


def test_a_suppression_comment_is_noticed_without_any_word() -> None:
    assert scan("x = 1  # noqa: MLS101").suppressions
    assert not scan("x = 1  # mynoqa").suppressions
    assert scan("") == Hits()


def test_offsets_ascend_and_are_bytes() -> None:
    code = "import pickle\nx = 'é'; pickle.load(a); pickle.load(b)"
    offsets = scan(code).offsets
    assert list(offsets) == sorted(offsets)
    assert all(code.encode()[at : at + 4] == b"load" for at in offsets)


PIECES = st.sampled_from(
    [
        *("import ", "from ", "pickle", "load", ".", "(", ")", "\\", "\n", " as ", "x", " ", "*", "**x", ",", "#", "'"),
        *("=", ":", "class A(", "noqa", "é", "\r\n", "\t", "\0", "\ud800"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_the_scan_survives_any_text_and_points_at_whole_words(code: str) -> None:
    data = code.encode("utf-8", "surrogatepass")
    hits = Scanner(PICKLE, ("noqa",)).scan(data)
    assert all(data[at : at + 4] == b"load" for at in hits.offsets)


@given(st.binary(max_size=200))
def test_the_scan_survives_any_bytes(data: bytes) -> None:
    Scanner(PICKLE, ("noqa",), frozenset({"app"})).scan(data)


@given(st.binary(max_size=60))
def test_bytes_around_a_word_do_not_hide_it(noise: bytes) -> None:
    data = b"import pickle\n" + b"pickle.load(f)\n# " + noise
    assert 21 in Scanner(PICKLE, ()).scan(data).offsets
