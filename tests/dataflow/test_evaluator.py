"""What the evaluation makes of Python: the tiny programs in ``tables/`` and the values with which they reach the sink.

A row is a name after ``##``, a program, and after ``=>`` the first argument of each reported call of ``sink`` in order:
``'a' | 'b'`` is one of a few, ``?`` anything else, and nothing at all means that nothing may be reported.
"""

from __future__ import annotations

import pytest

from .programs import origins, rows, sunk


@pytest.mark.parametrize(("code", "expected"), list(rows("values")))
def test_the_values_that_reach_the_sink(code: str, expected: str) -> None:
    assert "; ".join(sunk(f"from probe import sink\n{code}\n")) == expected


@pytest.mark.parametrize(("code", "expected"), list(rows("provenance")))
def test_the_provenance_of_what_reaches_the_sink(code: str, expected: str) -> None:
    found = origins(f"import probe\nfrom probe import sink\n{code}\n")
    assert "; ".join(" ".join(sorted(each)) or "none" for each in found) == expected
