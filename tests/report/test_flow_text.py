"""How the way of the data is drawn below a finding."""

from __future__ import annotations

from mlsec_lint.domain.finding import Finding, Flow, Location, ScanResult, Step
from mlsec_lint.report import render

from .builders import Sources, finding, rule, step, upload_flow


def drawn(found: Finding, sources: Sources | None = None, *, color: bool = False) -> list[str]:
    """The lines of the report from the heading of the flow to the last step."""
    report = render(ScanResult((found,)), "text", rules=(rule(),), sources=sources or Sources(), color=color)
    lines = report.splitlines()
    start = next(number for number, line in enumerate(lines) if "flow:" in line)
    end = next(number for number, line in enumerate(lines) if "risks:" in line)
    return lines[start:end]


def with_steps(*steps: Step, path: str = "a.py") -> Finding:
    """A finding in ``path`` that these steps lead to."""
    return finding(location=Location(path, 9, 1, 9, 5), flow=Flow("request", steps))


def test_steps_are_gathered_under_their_files() -> None:
    """A file is named where the flow enters it, and columns are aligned throughout."""
    assert drawn(finding(flow=upload_flow())) == [
        "  flow: from request in 3 steps",
        "    src/api.py",
        "      1. 7:1   received as name          | def predict(name: str):",
        "      2. 12:1  passed to Trainer.restore | trainer.restore(name)",
        "    src/model.py",
        "      3. 2:1   loaded                    | torch.load(path)",
    ]


def test_a_flow_inside_the_file_of_the_finding_names_no_file() -> None:
    assert drawn(with_steps(step("a.py", 3, "received as p", "def f(p):"), step("a.py", 9, "loaded", "load(p)"))) == [
        "  flow: from request in 2 steps",
        "    1. 3:1  received as p | def f(p):",
        "    2. 9:1  loaded        | load(p)",
    ]


def test_a_flow_that_comes_back_names_the_file_again() -> None:
    lines = drawn(with_steps(step("a.py", 1, "received"), step("b.py", 1, "returned"), step("a.py", 2, "loaded")))
    assert [line.strip() for line in lines if line.endswith(".py")] == ["a.py", "b.py", "a.py"]


def test_cells_of_a_notebook_are_told_apart() -> None:
    lines = drawn(with_steps(step("a.ipynb", 1, "received", cell=1), step("a.ipynb", 1, "loaded", cell=4)))
    assert [line.strip() for line in lines if "cell" in line] == ["a.ipynb, cell 1", "a.ipynb, cell 4"]


def test_code_comes_from_the_source_where_the_step_has_none() -> None:
    lines = drawn(with_steps(step("a.py", 1, "received")), Sources({("a.py", None): "  path = input()"}))
    assert lines[1] == "    1. 1:1  received | path = input()"


def test_a_step_without_any_code_ends_with_its_verb() -> None:
    assert drawn(with_steps(step("a.py", 1, "received"), step("a.py", 2, "passed to f")))[1] == "    1. 1:1  received"


def test_of_a_very_long_flow_the_middle_is_left_out() -> None:
    """And counted, with the numbers of the steps that are shown unchanged."""
    lines = drawn(with_steps(*(step("a.py", number, "assigned") for number in range(1, 101))))
    assert lines[0] == "  flow: from request in 100 steps"
    assert "    … 60 steps between" in lines
    assert lines[-1].startswith("    100. 100:1")
    assert len(lines) == 42


def test_hostile_steps_stay_on_their_lines_and_are_cut() -> None:
    hostile = step("b\n.py", 1, "\x1b[2J" + "v" * 500, "x\u202e\n" + "c" * 5000)
    lines = drawn(with_steps(hostile))
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 3
    assert max(map(len, lines)) < 200


def test_the_ends_of_a_flow_are_coloured() -> None:
    lines = drawn(finding(flow=upload_flow()), color=True)
    assert [("\x1b[31m" in line) for line in lines] == [False, False, True, False, False, True]
