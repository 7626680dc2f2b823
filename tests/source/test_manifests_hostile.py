"""Manifests that are broken, or built to break their reader, cost a problem and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from mlsec_lint.source.manifests import Status, VersionFacts, read_versions

NAMES = (
    "requirements.txt", "pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "Pipfile.lock", "environment.yml",
    "conda-lock.yml", "uv.lock", "pylock.toml", "x-1.dist-info/METADATA",
)  # fmt: skip


def facts(root: Path, name: str, content: str | bytes) -> VersionFacts:
    data = content if isinstance(content, bytes) else content.encode()
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)
    return read_versions(root, [Path(name)])


def problems(root: Path, name: str, content: str | bytes) -> list[str]:
    found = facts(root, name, content).problems
    assert not any(problem.fatal for problem in found)
    return [str(problem) for problem in found]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_utf_8_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    assert problems(tmp_path, name, b"\n\xff\n") == [f"{name}:2: is not valid UTF-8; save it as UTF-8"]


@pytest.mark.parametrize("name", NAMES)
def test_binary_files_are_named(tmp_path: Path, name: str) -> None:
    assert problems(tmp_path, name, b"a\0") == [f"{name}:1: is not text"]


@pytest.mark.parametrize("name", NAMES)
def test_too_large_files_are_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    with (tmp_path / name).open("wb") as stream:
        stream.truncate(9 * 1024 * 1024)
    found = read_versions(tmp_path, [Path(name)]).problems
    assert [str(problem) for problem in found] == [f"{name}: is larger than 8 MB and was not read"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pyproject.toml", "[project]\nx = \n", "pyproject.toml:2: is not valid TOML: Invalid value; "),
        ("pyproject.toml", "x = " + "[" * 5000, "pyproject.toml: is nested too deeply; "),
        ("pyproject.toml", "\n" + ".".join("a" * 900) + " = 1", "pyproject.toml:2: has a line with more than 500 dots"),
        ("pyproject.toml", "#" * 1_000_001, "pyproject.toml: is larger than people write by hand; "),
        ("Pipfile", "[packages", "Pipfile: is not valid TOML: "),
        ("Pipfile.lock", "{", "Pipfile.lock: is not valid JSON: "),
        ("Pipfile.lock", "[" * 100_000, "Pipfile.lock: is not valid JSON: "),
        ("uv.lock", "version = 1\n<<<<<<< HEAD\n", "uv.lock:2: is not part of a lock file in TOML; "),
        ("requirements.txt", "torch==2.5\ntorch==>2\n", "requirements.txt:2: is not a requirement that can be read; "),
        ("requirements.txt", "-r gone.txt", "requirements.txt:1: includes gone.txt, which does not exist"),
        ("requirements.txt", "-r ../x.txt", "requirements.txt:1: includes a file outside the scanned folder, "),
        ("requirements.txt", "-c /etc/hosts", "requirements.txt:1: includes a file outside the scanned folder, "),
        ("setup.py", "setup(" + " " * 1_000_000, "setup.py: is too large to be a setup script"),
    ],
)
def test_broken_manifests_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (found,) = problems(tmp_path, name, content)
    assert found.startswith(message)


def test_prose_with_a_manifest_name_is_passed_over(tmp_path: Path) -> None:
    assert problems(tmp_path, "requirements.txt", "The system shall load models.\nIt shall be fast.\n") == []


def test_a_manifest_that_is_missing_is_named(tmp_path: Path) -> None:
    (problem,) = read_versions(tmp_path, [Path("requirements.txt")]).problems
    assert str(problem) == "requirements.txt: cannot be read: No such file or directory"


def test_links_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.txt").write_text("torch==2.5", encoding="utf-8")
    (root / "linked.txt").symlink_to(tmp_path / "secret.txt")
    (root / "requirements.txt").write_text("-r linked.txt", encoding="utf-8")
    found = read_versions(root, [root / "requirements.txt"])
    assert found.admitted("torch", "x.py") is None
    assert [str(each) for each in found.problems] == ["linked.txt: leads out of the scanned folder and was not read"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes need a POSIX system")
def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "requirements.txt")
    (problem,) = read_versions(tmp_path, [Path("requirements.txt")]).problems
    assert problem.message == "is not a regular file and was not read"


def test_includes_that_go_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r requirements.txt\n-r a.txt\ntorch==2.5\n", encoding="utf-8")
    found = facts(tmp_path, "requirements.txt", "-r a.txt\n-r ./a.txt\n")
    assert found.describe("torch", "x.py") == "a.txt:3 pins torch==2.5"
    assert found.problems == ()


def test_a_crowd_of_includes_is_cut_short(tmp_path: Path) -> None:
    for number in range(150):
        (tmp_path / f"{number}.txt").write_text("", encoding="utf-8")
    (found,) = problems(tmp_path, "requirements.txt", "".join(f"-r {number}.txt\n" for number in range(150)))
    assert found == "requirements.txt:100: includes more than 100 files; the rest was not read"


def test_a_crowd_of_requirements_is_cut_short(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "requirements.txt", "torch\n" * 20_001)
    assert found == "requirements.txt:20001: has more than 20000 entries; the rest was not read"


def test_a_crowd_of_statements_about_one_package_states_nothing(tmp_path: Path) -> None:
    found = facts(tmp_path, "requirements.txt", "".join(f"torch!=1.{number}\n" for number in range(400)))
    assert found.status("torch", SpecifierSet("<2"), "x.py") is Status.UNSTATED


@pytest.mark.parametrize(
    "line",
    [
        "torch>=1" + ",>=1" * 20_000,
        "torch;" + "(" * 1_900,
        "torch==" + "9" * 1_900 + "x",
        "torch[" + "a," * 50_000,
        "\\\n" * 50_000,
        "torch===\x1b[31m",
        "-r " + "a/" * 5_000,
    ],
)
def test_hostile_lines_do_not_hide_the_next(tmp_path: Path, line: str) -> None:
    found = facts(tmp_path, "requirements.txt", f"{line}\nnumpy==1.0\n")
    assert found.describe("numpy", "x.py").endswith("pins numpy==1.0")


def test_control_characters_do_not_reach_a_description(tmp_path: Path) -> None:
    found = facts(tmp_path, "requirements.txt", "torch===2.0\x1b[31m\n")
    statement = found.admitted("torch", "x.py")
    assert statement is None or statement.text.isprintable()
    assert found.describe("torch", "x.py").isprintable()


@pytest.mark.parametrize("opening", ["(", "[", "{", "-", "not ", "a.b(", "'a' + ", "if 1:\n "])
def test_deep_setup_scripts_are_survived(tmp_path: Path, opening: str) -> None:
    found = facts(tmp_path, "setup.py", "setup(install_requires=['torch==2.5'])\nx = " + opening * 20_000)
    assert found.describe("torch", "x.py") == "setup.py:1 pins torch==2.5"


def test_names_that_lead_to_each_other_end(tmp_path: Path) -> None:
    content = "a = b + b\nb = a + a + ['torch==2.5']\nsetup(install_requires=a, extras_require={**a, **b})\n"
    assert facts(tmp_path, "setup.py", content).describe("torch", "x.py") == "setup.py:2 pins torch==2.5"


FRAGMENTS = st.sampled_from(
    [
        "torch", "==", ">=2.0", "<", ";", "[", "]", "[[package]]", "name = ", '"x"', "'", '"""', "{", "}", "\n", " ",
        "\t", "- ", "-r ", "pip:", "dependencies:", "package:", "version: 1", "[project]", "[tool.poetry.dependencies]",
        "#", "\\\n", "setup(", "install_requires=", ")", ",", ".", "^", "~", "*", "|", "=", "@ https://e.org/a-1.whl",
        "Name: a", "Requires-Dist: ", "\u2028", "é", "1!", "+cu", "[options]\ninstall_requires =\n ", "extra ==",
    ]
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@given(content=st.lists(FRAGMENTS, max_size=40).map("".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_text_breaks_a_reader(tmp_path: Path, name: str, content: str) -> None:
    found = facts(tmp_path, name, content)
    for package in ("torch", "a", "x"):
        assert found.describe(package, "x.py")
        assert found.status(package, SpecifierSet("<2.6"), "x.py") in Status


def test_asking_for_manifests_loads_nothing_heavy() -> None:
    code = (
        "import sys, mlsec_lint.source.manifests as m; m.is_manifest('x');"
        "print([each for each in ('packaging', 'tree_sitter', 'tomllib', 'tomli', 'msgspec') if each in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
