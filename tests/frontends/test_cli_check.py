"""What ``check`` scans and reports: every option that decides it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Cli, Tree
from .runner import SAFE, UNSAFE, Done, run_process

PICKLE = "import pickle\n\n\ndef read(stream):\n    return pickle.load(stream)\n"
SAVE = "import torch\n\n\ndef keep(model, path):\n    torch.save(model, path)\n"
HUB = (
    "import torch\nfrom huggingface_hub import hf_hub_download\n\n\ndef restore(name):\n"
    '    return torch.load(hf_hub_download(name, "a.bin"), weights_only=False)\n'
)


def found(done: Done) -> list[tuple[str, str]]:
    """Path and code of every finding of a JSON report."""
    return [(each["location"]["path"], each["code"]) for each in json.loads(done.out)["findings"]]


class TestPaths:
    def test_the_current_folder_is_the_default(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "pkg/b.py": UNSAFE})
        assert found(cli("check", "--format", "json")) == [("a.py", "MLS102"), ("pkg/b.py", "MLS102")]

    def test_only_named_paths_are_scanned(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "pkg/b.py": UNSAFE, "c.py": UNSAFE})
        assert found(cli("check", "--format", "json", "pkg", "c.py")) == [("c.py", "MLS102"), ("pkg/b.py", "MLS102")]

    def test_a_missing_path_is_an_error_that_names_it(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        code, out, err = cli("check", "a.py", "absent.py")
        assert (code, out) == (2, "")
        assert "absent.py: no such file or folder" in err

    def test_a_folder_without_sources_is_clean(self, cli: Cli, tree: Tree) -> None:
        tree({"README.md": "nothing"})
        assert cli("check").code == 0

    @pytest.mark.parametrize("path", [".", "serve/a.py", "serve"])
    def test_versions_count_however_much_is_scanned(self, cli: Cli, tree: Tree, path: str) -> None:
        load = "import torch\n\n\ndef restore(path):\n    return torch.load(path)\n"
        tree({"serve/a.py": load, "requirements/base.txt": "torch==2.11.0\n"})
        assert cli("check", path).code == 0
        tree({"requirements/base.txt": "torch==2.1.0\n"})
        done = cli("check", path)
        assert done.code == 1
        assert "MLS102 unsafe-torch-load [medium, high confidence]" in done.out

    def test_a_notebook_is_quoted_from_its_cell(self, cli: Cli, tree: Tree) -> None:
        cells = [{"cell_type": "markdown", "source": "# a"}, {"cell_type": "code", "source": UNSAFE}]
        tree({"a.ipynb": json.dumps({"cells": cells, "nbformat": 4, "metadata": {}})})
        done = cli("check")
        assert "a.ipynb:cell 2:5:12: MLS102" in done.out
        assert "    5 |     return torch.load(path, weights_only=False)" in done.out


class TestSelection:
    @pytest.mark.parametrize(
        ("options", "codes"),
        [
            ((), ["MLS101", "MLS102"]),
            (("--select", "MLS101"), ["MLS101"]),
            (("--select", "unsafe-torch-load"), ["MLS102"]),
            (("--select", "MLS101,unsafe-torch-load"), ["MLS101", "MLS102"]),
            (("--select", "MLS101", "--select", " MLS102 ,"), ["MLS101", "MLS102"]),
            (("--select", "MLS1"), ["MLS101", "MLS102"]),
            (("--select", "MLS9"), []),
            (("--ignore", "MLS101"), ["MLS102"]),
            (("--ignore", "MLS1"), []),
            (("--ignore", "MLS1", "--select", "MLS102"), ["MLS102"]),
        ],
    )
    def test_select_and_ignore(self, cli: Cli, tree: Tree, options: tuple[str, ...], codes: list[str]) -> None:
        tree({"a.py": PICKLE, "b.py": UNSAFE})
        assert [code for _, code in found(cli("check", "--format", "json", *options))] == codes

    @pytest.mark.parametrize("option", ["--select", "--ignore"])
    def test_an_unknown_rule_names_the_nearest(self, cli: Cli, tree: Tree, option: str) -> None:
        tree({"a.py": SAFE})
        code, _, err = cli("check", option, "unsafe-torch-laod")
        assert code == 2
        assert f"{option}: " in err
        assert 'did you mean "unsafe-torch-load"?' in err

    def test_the_auditor_sees_more(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": SAVE})
        assert found(cli("check", "--format", "json")) == []
        assert found(cli("check", "--format", "json", "--profile", "auditor")) == [("a.py", "MLS113")]

    def test_the_report_names_the_profile(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": SAFE})
        assert json.loads(cli("check", "--format", "json", "--profile", "auditor").out)["profile"] == "auditor"


class TestExcludes:
    def test_exclude_replaces_the_default_excludes(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "gen/b.py": UNSAFE, "build/c.py": UNSAFE})
        assert [path for path, _ in found(cli("check", "--format", "json", "--exclude", "gen"))] == [
            "a.py",
            "build/c.py",
        ]

    def test_extend_exclude_adds_to_them(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "gen/b.py": UNSAFE, "build/c.py": UNSAFE, "x.py": UNSAFE})
        options = ("--extend-exclude", "gen/", "--extend-exclude", "x.*")
        assert [path for path, _ in found(cli("check", "--format", "json", *options))] == ["a.py"]

    def test_no_gitignore_scans_what_is_ignored(self, cli: Cli, tree: Tree) -> None:
        tree({".gitignore": "b.py\n", "a.py": UNSAFE, "b.py": UNSAFE})
        assert [path for path, _ in found(cli("check", "--format", "json"))] == ["a.py"]
        assert [path for path, _ in found(cli("check", "--format", "json", "--no-gitignore"))] == ["a.py", "b.py"]

    def test_a_pattern_that_means_nothing_is_an_error(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": SAFE})
        code, _, err = cli("check", "--exclude", "[a-")
        assert code == 2
        assert "--exclude" in err


class TestModels:
    MODEL = (
        'library = "house"\n[[sink]]\nkind = "pickle-load"\ncall = ["house.restore"]\n'
        'parameters = ["path"]\nargument = "path"\nbecause = "it unpickles the file"\n'
    )
    CODE = "import house\n\n\ndef load(path):\n    return house.restore(path)\n"

    def test_models_add_knowledge(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": self.CODE, "house.toml": self.MODEL})
        assert found(cli("check", "--format", "json")) == []
        assert found(cli("check", "--format", "json", "--models", "house.toml")) == [("a.py", "MLS101")]

    def test_a_mistake_in_a_model_names_file_and_key(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": self.CODE, "house.toml": self.MODEL.replace("argument", "argumnt")})
        code, out, err = cli("check", "--models", "house.toml")
        assert (code, out) == (2, "")
        assert "house.toml" in err
        assert "argumnt" in err

    def test_a_model_that_is_not_there_is_an_error(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": SAFE})
        code, _, err = cli("check", "--models", "absent.toml")
        assert code == 2
        assert "--models" in err
        assert "absent.toml" in err


class TestConfiguration:
    def test_the_project_file_is_read(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "pyproject.toml": '[tool.mlsec-lint]\nignore = ["MLS102"]\n'})
        assert found(cli("check", "--format", "json")) == []

    def test_isolated_trusts_nothing_of_the_project(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "pyproject.toml": '[tool.mlsec-lint]\nignore = ["MLS102"]\n', ".gitignore": "a.py"})
        assert found(cli("check", "--format", "json", "--isolated")) == [("a.py", "MLS102")]

    def test_a_named_file_replaces_the_project_file(self, cli: Cli, tree: Tree) -> None:
        tree(
            {
                "a.py": UNSAFE,
                "pyproject.toml": '[tool.mlsec-lint]\nignore = ["MLS102"]\n',
                "own.toml": 'fail-on = "high"',
            }
        )
        done = cli("check", "--format", "json", "--config", "own.toml")
        assert found(done) == [("a.py", "MLS102")]
        assert done.code == 0

    def test_the_command_line_outweighs_the_file(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "mlsec-lint.toml": 'fail-on = "never"\n'})
        assert cli("check").code == 0
        assert cli("check", "--fail-on", "low").code == 1

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("[tool.mlsec-lint]\nselct = []\n", 'selct: unknown key; did you mean "select"?'),
            ('[tool.mlsec-lint]\nselect = "MLS1"\n', "select: expected a list of rule codes"),
            ("[tool.mlsec-lint\n", "is not valid TOML"),
        ],
    )
    def test_a_mistake_names_file_and_key(self, cli: Cli, tree: Tree, text: str, told: str) -> None:
        tree({"a.py": SAFE, "pyproject.toml": text})
        code, out, err = cli("check")
        assert (code, out) == (2, "")
        assert "pyproject.toml: " in err
        assert told in err

    def test_a_configuration_that_is_not_there_is_an_error(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": SAFE})
        code, _, err = cli("check", "--config", "absent.toml")
        assert code == 2
        assert "absent.toml: is not a file" in err


class TestExitCodes:
    def test_a_clean_project(self, tree: Tree) -> None:
        tree({"a.py": SAFE})
        assert run_process("check").code == 0

    def test_findings(self, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        assert run_process("check", ".").code == 1

    def test_a_mistake(self, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        assert run_process("check", "absent").code == 2

    @pytest.mark.parametrize(
        ("level", "code"),
        [("info", 1), ("low", 1), ("medium", 1), ("high", 1), ("critical", 0), ("never", 0)],
    )
    def test_fail_on_is_the_lowest_severity_that_counts(self, cli: Cli, tree: Tree, level: str, code: int) -> None:
        tree({"a.py": HUB})
        assert cli("check", "--fail-on", level).code == code

    def test_info_does_not_fail_a_run_by_itself(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": "value = 1  # mlsec-lint: ignore[unsafe-torch-load] nothing here\n"})
        done = cli("check")
        assert "MLS900" in done.out
        assert done.code == 0
        assert cli("check", "--fail-on", "info").code == 1

    @pytest.mark.parametrize("level", ["low", "never"])
    def test_what_was_not_scanned_outweighs_findings(self, cli: Cli, tree: Tree, level: str) -> None:
        tree({"a.py": UNSAFE, "b.py": b"\x00\x01"})
        done = cli("check", "--fail-on", level)
        assert done.code == 2
        assert "a.py:5:12: MLS102" in done.out


class TestLimits:
    def test_a_larger_file_is_not_scanned_and_said_so(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "b.py": UNSAFE + "#" * 1000})
        done = cli("check", "--max-file-size", "500")
        assert done.code == 2
        assert "b.py: is larger than 500 bytes" in done.out
        assert "a.py:5:12" in done.out

    @pytest.mark.parametrize("value", ["-1", "1000000"])
    def test_a_number_of_jobs_out_of_bounds_is_an_error(self, cli: Cli, tree: Tree, value: str) -> None:
        tree({"a.py": SAFE})
        code, _, err = cli("check", "--jobs", value)
        assert code == 2
        assert "--jobs" in err

    def test_the_number_of_jobs_changes_nothing(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "b.py": PICKLE})
        reports = [found(cli("check", "--format", "json", "--jobs", jobs)) for jobs in ("0", "1", "2")]
        assert reports == [reports[0]] * 3

    def test_no_cache_is_accepted(self, cli: Cli, tree: Tree) -> None:
        root = tree({"a.py": UNSAFE})
        assert cli("check", "--no-cache").code == 1
        assert [path.name for path in root.iterdir()] == ["a.py"]

    def test_everything_changes_no_finding(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "b.py": PICKLE, "c.py": SAFE})
        assert found(cli("check", "--format", "json", "--everything")) == found(cli("check", "--format", "json"))

    def test_statistics_tell_how_closely_was_looked(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "c.py": SAFE})
        done = cli("check", "--statistics", "--quiet", "--format", "json")
        assert "2 files and 10 lines scanned, 1 files outlined, 1 functions evaluated" in done.err
        assert "2 files outlined" in cli("check", "--statistics", "--everything").err


class TestStandardInput:
    def test_a_source_is_read_from_standard_input(self, tree: Tree) -> None:
        tree({"a.py": UNSAFE})
        done = run_process("check", "--format", "concise", "-", stdin=UNSAFE.encode())
        assert done.code == 1
        assert done.out.startswith("stdin.py:5:12: MLS102")
        assert done.out.count("\n") == 1

    def test_its_name_and_its_project_count(self, tree: Tree) -> None:
        load = (
            b"from .paths import options\nimport torch\n\n\n"
            b"def restore(path):\n    return torch.load(path, **options)\n"
        )
        tree(
            {
                "pkg/__init__.py": "",
                "pkg/paths.py": "options = {'weights_only': False}\n",
                "requirements.txt": "torch==2.11",
            }
        )
        done = run_process("check", "--format", "json", "--stdin-filename", "pkg/unsaved.py", "-", stdin=load)
        assert found(done) == [("pkg/unsaved.py", "MLS102")]
        tree({"pkg/paths.py": "options = {}\n"})
        done = run_process("check", "--format", "json", "--stdin-filename", "pkg/unsaved.py", "-", stdin=load)
        assert found(done) == []

    def test_an_absolute_name_in_the_current_folder_will_do(self, tree: Tree) -> None:
        root = tree({"pkg/a.py": SAFE})
        name = str(root / "pkg/a.py")
        done = run_process("check", "--format", "json", "--stdin-filename", name, "-", stdin=UNSAFE.encode())
        assert found(done) == [("pkg/a.py", "MLS102")]

    def test_settings_for_single_files_hold_for_its_name(self, tree: Tree) -> None:
        tree({"mlsec-lint.toml": 'extend-exclude = ["vendor/"]\n[per-file-ignores]\n"tests/*" = ["MLS1"]\n'})
        for name, code in (("a.py", 1), ("tests/a.py", 0), ("vendor/a.py", 0)):
            assert run_process("check", "--stdin-filename", name, "-", stdin=UNSAFE.encode()).code == code

    def test_a_notebook_is_read_by_its_name(self, tree: Tree) -> None:
        tree({})
        cells = [{"cell_type": "code", "source": UNSAFE}]
        data = json.dumps({"cells": cells, "nbformat": 4, "metadata": {}}).encode()
        done = run_process("check", "--format", "concise", "--stdin-filename", "a.ipynb", "-", stdin=data)
        assert done.out.startswith("a.ipynb:cell 1:5:12: MLS102")

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--stdin-filename", "a.py", "."), "pass - as the only path"),
            (("-", "a.py"), "standard input (-) is scanned alone"),
            (("--stdin-filename", "../a.py", "-"), "../a.py: name a file in the current folder"),
            (("--max-file-size", "10", "-"), "standard input holds more than 10 bytes"),
        ],
    )
    def test_what_cannot_be_meant_is_an_error(self, tree: Tree, arguments: tuple[str, ...], told: str) -> None:
        tree({"a.py": SAFE})
        done = run_process("check", *arguments, stdin=UNSAFE.encode())
        assert (done.code, done.out) == (2, "")
        assert told in done.err


def test_paths_outside_of_the_current_folder_have_their_own_settings(
    cli: Cli, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree({"a.py": UNSAFE, "mlsec-lint.toml": 'ignore = ["MLS102"]\n'})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert cli("check", str(root)).code == 0
    assert found(cli("check", "--format", "json", "--isolated", str(root))) == [("a.py", "MLS102")]
