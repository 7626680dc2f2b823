"""Identities: which are made of which."""

from __future__ import annotations

import pytest

from mlsec_lint.dataflow.flow.idents import is_path, mentions, mentions_path, parts_of

PATH = (("p", 0), ".name")
CALL = ("v", "app.py", 7)


@pytest.mark.parametrize(
    ("ident", "part", "expected"),
    [
        (PATH, PATH, True),
        (PATH, (("p", 0),), True),
        ((("p", 0),), PATH, False),
        (("a", PATH, "x"), (("p", 0),), True),
        (("op", "/", ("c", "/srv"), CALL), CALL, True),
        (("op", "/", ("c", "/srv"), CALL), ("v", "app.py", 8), False),
        (CALL, "app.py", True),
        (None, CALL, False),
    ],
)
def test_what_an_identity_is_made_of(ident: object, part: object, expected: bool) -> None:
    assert mentions(ident, part) is expected


def test_only_paths_mean_something_to_callers() -> None:
    assert is_path(PATH)
    assert not is_path(CALL)
    assert mentions_path(("fmt", ("c", "x"), PATH))
    assert not mentions_path(("fmt", ("c", "x"), CALL))
    assert not mentions_path(None)


def test_what_is_no_identity_has_no_parts() -> None:
    assert parts_of("text") == ()
    assert parts_of(CALL) == CALL
