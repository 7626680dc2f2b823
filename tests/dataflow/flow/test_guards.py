"""Guards: what counts as one, for which value, and how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataflow.flow.marked import agree, rows


@pytest.mark.parametrize("program", rows("guards"))
def test_guards_silence_what_they_are_about(program: str, tmp_path: Path) -> None:
    agree(program, tmp_path)
