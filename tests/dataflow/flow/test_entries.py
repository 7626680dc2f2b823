"""Entry points: which functions are called from outside, and which of their parameters carry data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataflow.flow.marked import agree, rows


@pytest.mark.parametrize("program", rows("entries"))
def test_parameters_of_entry_points_carry_data(program: str, tmp_path: Path) -> None:
    agree(program, tmp_path)
