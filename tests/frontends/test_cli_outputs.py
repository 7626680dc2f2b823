"""Where reports go, and what a person at the terminal sees."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mlsec_lint.frontends.progress import FEWEST_FILES

from .conftest import Cli, Tree
from .runner import SAFE, UNSAFE, run_on_terminal, run_process

TERMINAL = pytest.mark.skipif(sys.platform == "win32", reason="a terminal of our own needs a pty")

SUMMARY = "1 finding (1 medium) in 1 file, 5 lines"


class TestFormats:
    def test_text_is_the_default(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        done = cli("check")
        assert done.out.startswith("a.py:5:12: MLS102 unsafe-torch-load [medium, high confidence]\n")
        assert SUMMARY in done.out
        assert done.err == ""

    def test_concise_is_a_line_for_each_finding(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        done = cli("check", "--format", "concise")
        assert done.out.count("\n") == 1
        assert done.err == ""

    @pytest.mark.parametrize(("format_", "key"), [("json", "findings"), ("sarif", "runs")])
    def test_documents_stand_alone_on_standard_output(self, cli: Cli, tree: Tree, format_: str, key: str) -> None:
        tree({"a.py": UNSAFE, "b.py": b"\0"})
        done = cli("check", "--format", format_)
        assert len(json.loads(done.out)[key]) == 1
        assert done.err.startswith("b.py: error: ")
        assert SUMMARY in done.err

    def test_sarif_names_the_rules_that_were_applied(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        done = cli("check", "--format", "sarif", "--select", "MLS102,MLS900")
        assert [rule["id"] for rule in json.loads(done.out)["runs"][0]["tool"]["driver"]["rules"]] == [
            "unsafe-torch-load",
            "unused-suppression",
        ]


class TestOutputs:
    def test_several_reports_come_from_one_run(self, cli: Cli, tree: Tree) -> None:
        root = tree({"a.py": UNSAFE})
        done = cli("check", "--format", "concise", "--output", "json:a.json", "--output", f"sarif:{root / 'a.sarif'}")
        assert done.out.startswith("a.py:5:12: MLS102")
        assert len(json.loads((root / "a.json").read_text())["findings"]) == 1
        assert len(json.loads((root / "a.sarif").read_text())["runs"]) == 1
        assert done.code == 1

    def test_without_a_format_only_they_are_written(self, cli: Cli, tree: Tree) -> None:
        root = tree({"a.py": UNSAFE})
        done = cli("check", "--output", "json:a.json")
        assert done.out == ""
        assert done.err.startswith(SUMMARY)
        assert (root / "a.json").is_file()

    def test_one_of_them_may_be_standard_output(self, cli: Cli, tree: Tree) -> None:
        root = tree({"a.py": UNSAFE})
        done = cli("check", "--output", "json:-", "--output", "text:a.txt")
        assert len(json.loads(done.out)["findings"]) == 1
        assert SUMMARY in (root / "a.txt").read_text()

    def test_files_are_written_again(self, cli: Cli, tree: Tree) -> None:
        root = tree({"a.py": SAFE, "a.txt": "x" * 10_000})
        assert cli("check", "--output", "concise:a.txt").code == 0
        assert (root / "a.txt").read_text() == ""

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--output", "report.json"), "not of the form FORMAT:FILE"),
            (("--output", "json:"), "not of the form FORMAT:FILE"),
            (("--output", "xml:a.xml"), 'no format is called "xml"; the formats are text, concise, json, sarif'),
            (("--output", "json:absent/a.json"), "absent/a.json: the folder does not exist"),
            (("--output", "json:folder"), "folder: cannot be written"),
            (("--output", "json:-", "--format", "text"), "two reports cannot go to standard output"),
            (("--output", "json:x", "--output", "sarif:x"), "two reports cannot go to x"),
        ],
    )
    def test_what_cannot_be_meant_is_an_error(self, cli: Cli, tree: Tree, options: tuple[str, ...], told: str) -> None:
        tree({"a.py": UNSAFE, "folder/x.txt": ""})
        code, out, err = cli("check", *options)
        assert (code, out) == (2, "")
        assert told in err


class TestQuiet:
    @pytest.mark.parametrize("option", ["-q", "--quiet"])
    def test_reports_and_the_exit_code_are_all(self, cli: Cli, tree: Tree, option: str) -> None:
        tree({"a.py": UNSAFE})
        assert cli("check", option, "--output", "json:a.json") == (1, "", "")

    def test_errors_are_told_nevertheless(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        assert "absent: no such file" in cli("check", "-q", "absent").err


class TestColor:
    def test_a_pipe_gets_none(self, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        assert "\x1b" not in run_process("check").out

    def test_always_colours_standard_output_and_nothing_else(self, cli: Cli, tree: Tree) -> None:
        root = tree({"a.py": UNSAFE})
        done = cli("check", "--color", "always", "--format", "text", "--output", "text:a.txt")
        assert "\x1b[" in done.out
        assert "\x1b" not in (root / "a.txt").read_text()

    @TERMINAL
    @pytest.mark.parametrize(
        ("options", "env", "coloured"),
        [
            ((), {}, True),
            (("--color", "never"), {}, False),
            ((), {"NO_COLOR": "1"}, False),
            ((), {"TERM": "dumb"}, False),
            (("--color", "always"), {"NO_COLOR": "1"}, True),
        ],
    )
    def test_a_terminal_gets_it_unless_it_is_unwanted(
        self, tree: Tree, options: tuple[str, ...], env: dict[str, str], coloured: bool
    ) -> None:
        tree({"a.py": UNSAFE})
        code, shown = run_on_terminal("check", *options, env=env)
        assert code == 1
        assert ("\x1b[" in shown) is coloured


class TestProgress:
    @pytest.fixture
    def many(self, tree: Tree) -> Path:
        return tree({f"m{number}.py": UNSAFE for number in range(FEWEST_FILES + 1)})

    @TERMINAL
    @pytest.mark.usefixtures("many")
    def test_a_person_sees_a_bar_for_many_files(self) -> None:
        code, shown = run_on_terminal("check", "--output", "json:a.json")
        assert code == 1
        assert "Scanning" in shown

    @TERMINAL
    @pytest.mark.usefixtures("many")
    @pytest.mark.parametrize("option", ["--no-progress", "--quiet"])
    def test_it_can_be_switched_off(self, option: str) -> None:
        assert "Scanning" not in run_on_terminal("check", "--output", "json:a.json", option)[1]

    @TERMINAL
    def test_few_files_show_none(self, tree: Tree) -> None:
        tree({f"m{number}.py": UNSAFE for number in range(3)})
        assert "Scanning" not in run_on_terminal("check")[1]

    @pytest.mark.usefixtures("many")
    def test_a_pipe_gets_none(self) -> None:
        assert "Scanning" not in run_process("check", "--output", "json:a.json").err
