"""Which manifest answers for a file, and how several statements are weighed."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from mlsec_lint.source.manifests import Status, VersionFacts, is_manifest, read_versions

BELOW = SpecifierSet("<2.6")
SINCE = SpecifierSet(">=2.6")


def facts(root: Path, files: dict[str, str]) -> VersionFacts:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return read_versions(root, [root / name for name in files if is_manifest(name)])


def requirement_status(root: Path, requirement: str, specifier: str) -> Status:
    found = facts(root, {"requirements.txt": requirement})
    return found.status("torch", SpecifierSet(specifier), "train.py")


@pytest.mark.parametrize(
    ("requirement", "specifier", "expected"),
    [
        ("torch==2.5.1", "<2.6", Status.ALL),
        ("torch==2.5.1+cu121", "<2.6", Status.ALL),
        ("torch==2.5.1+cu121", "==2.5.1", Status.ALL),
        ("torch==2.6.0rc1", "<2.6", Status.ALL),
        ("torch==2.6", ">=2.6.0", Status.ALL),
        ("torch==2.6.*", ">=2.6", Status.ALL),
        ("torch>=2.6", "<2.6", Status.NONE),
        ("torch>2.6", ">=2.6", Status.ALL),
        ("torch~=2.4", "<2.6", Status.SOME),
        ("torch~=2.6.1", ">=2.6", Status.ALL),
        ("torch<2.6", "<2.6", Status.ALL),
        ("torch<=2.6", "<2.6", Status.SOME),
        ("torch>=2.0,<3", ">=2.0,<3", Status.ALL),
        ("torch>=2.5,!=2.5.*", ">=2.6", Status.ALL),
        ("torch!=2.5.1", "==2.5.1", Status.NONE),
        ("torch", "<2.6", Status.UNSTATED),
        ("torch>3,<2", "<2.6", Status.UNSTATED),
        ("numpy==1.0", "<2.6", Status.UNSTATED),
    ],
)
def test_status_of_one_requirement(tmp_path: Path, requirement: str, specifier: str, expected: Status) -> None:
    assert requirement_status(tmp_path, requirement, specifier) is expected


def test_the_nearest_folder_that_states_a_version_answers(tmp_path: Path) -> None:
    found = facts(tmp_path, {"requirements.txt": "torch==2.7", "a/b/requirements.txt": "torch==2.5", "a/setup.py": ""})
    assert found.describe("torch", "a/b/c.py") == "a/b/requirements.txt:1 pins torch==2.5"
    assert found.describe("torch", "a/c.py") == "requirements.txt:1 pins torch==2.7"
    assert found.describe("Torch", "c.py") == "requirements.txt:1 pins torch==2.7"


def test_a_folder_beside_the_file_does_not_answer(tmp_path: Path) -> None:
    found = facts(tmp_path, {"ab/requirements.txt": "torch==2.5"})
    assert found.status("torch", BELOW, "a/train.py") is Status.UNSTATED
    assert found.describe("torch", "a/train.py") == "torch's version is not stated"
    assert found.admitted("torch", "a/train.py") is None


def test_a_requirement_without_version_leaves_the_answer_to_the_folder_above(tmp_path: Path) -> None:
    found = facts(tmp_path, {"constraints.txt": "torch==2.7", "a/requirements.txt": "torch"})
    assert found.status("torch", SINCE, "a/train.py") is Status.ALL


def test_a_requirement_without_version_is_described(tmp_path: Path) -> None:
    found = facts(tmp_path, {"requirements.txt": "# all\ntorch"})
    assert found.describe("torch", "train.py") == "requirements.txt:2 requires torch without a version"
    statement = found.admitted("torch", "train.py")
    assert statement is not None
    assert (str(statement.specifier), statement.pinned, statement.locked) == ("", None, False)


def test_a_lock_beats_a_pin_and_a_pin_beats_a_range(tmp_path: Path) -> None:
    pyproject = '[project]\ndependencies = ["torch>=2.0"]\n'
    found = facts(tmp_path, {"pyproject.toml": pyproject})
    assert found.describe("torch", "x.py") == "pyproject.toml:2 admits torch>=2.0"
    found = facts(tmp_path, {"pyproject.toml": pyproject, "requirements.txt": "torch==2.5"})
    assert found.describe("torch", "x.py") == "requirements.txt:1 pins torch==2.5"
    lock = '[[package]]\nname = "torch"\nversion = "2.7.0"\n'
    found = facts(tmp_path, {"pyproject.toml": pyproject, "requirements.txt": "torch==2.5", "uv.lock": lock})
    assert found.describe("torch", "x.py") == "uv.lock:2 locks torch==2.7.0"


def test_ranges_of_one_folder_are_intersected(tmp_path: Path) -> None:
    found = facts(
        tmp_path, {"requirements.txt": "torch>=2.0", "setup.cfg": "[options]\ninstall_requires = torch<2.6\n"}
    )
    assert found.status("torch", SpecifierSet(">=2,<2.6"), "x.py") is Status.ALL
    assert found.describe("torch", "x.py") == "requirements.txt:1 admits torch>=2.0 and setup.cfg:2 admits torch<2.6"


def test_statements_that_exclude_each_other_are_alternatives(tmp_path: Path) -> None:
    found = facts(tmp_path, {"requirements-cpu.txt": "torch==2.5", "requirements-gpu.txt": "torch==2.7"})
    assert found.status("torch", BELOW, "x.py") is Status.SOME
    assert found.status("torch", SpecifierSet(">=2"), "x.py") is Status.ALL
    assert found.status("torch", SpecifierSet("==2.6"), "x.py") is Status.NONE


def test_files_to_choose_from_do_not_narrow_each_other(tmp_path: Path) -> None:
    found = facts(tmp_path, {"requirements.txt": "torch>=2.0", "requirements_flux.txt": "torch>=2.6"})
    assert found.status("torch", SINCE, "x.py") is Status.SOME
    found = facts(tmp_path, {"requirements.txt": "torch>=2.7", "requirements_flux.txt": "torch>=2.6"})
    assert found.status("torch", SINCE, "x.py") is Status.ALL


def test_a_file_to_choose_narrows_what_it_includes(tmp_path: Path) -> None:
    found = facts(tmp_path, {"requirements/base.txt": "keras", "requirements/gpu.txt": "-r torch.txt\ntorch<2.6"})
    assert found.status("torch", BELOW, "x.py") is Status.ALL
    (tmp_path / "requirements/torch.txt").write_text("torch>=2.0", encoding="utf-8")
    found = facts(tmp_path, {"requirements/base.txt": "keras", "requirements/gpu.txt": "-r torch.txt\ntorch<2.6"})
    assert found.status("torch", SpecifierSet(">=2.0,<2.6"), "x.py") is Status.ALL


def test_development_files_count_only_where_nothing_else_states_the_package(tmp_path: Path) -> None:
    found = facts(tmp_path, {"requirements-dev.txt": "torch==2.7\nnumpy==1.0", "requirements.txt": "torch>=2.0"})
    assert found.status("torch", SINCE, "x.py") is Status.SOME
    assert found.describe("numpy", "x.py") == "requirements-dev.txt:2 pins numpy==1.0"


def test_an_extra_does_not_narrow_what_is_needed_without_it(tmp_path: Path) -> None:
    project = '[project]\ndependencies = ["torch>=2.0"]\n[project.optional-dependencies]\ntrain = ["torch==2.7"]\n'
    found = facts(tmp_path, {"pyproject.toml": project})
    assert found.status("torch", SINCE, "x.py") is Status.SOME


def test_extras_alone_are_alternatives(tmp_path: Path) -> None:
    project = '[project.optional-dependencies]\ncpu = ["torch==2.5"]\ncuda = ["torch>=2.6"]\n'
    found = facts(tmp_path, {"pyproject.toml": project})
    assert found.status("torch", SINCE, "x.py") is Status.SOME


def test_marked_requirements_are_alternatives(tmp_path: Path) -> None:
    lines = 'torch==1.13; python_version<"3.11"\ntorch==2.6; python_version>="3.11"\n'
    found = facts(tmp_path, {"requirements.txt": lines})
    assert found.status("torch", BELOW, "x.py") is Status.SOME
    assert found.status("torch", SpecifierSet(">=1.13"), "x.py") is Status.ALL
    assert found.status("torch", SpecifierSet("==2.0"), "x.py") is Status.NONE
    assert (
        found.describe("torch", "x.py") == "requirements.txt:1 pins torch==1.13 and requirements.txt:2 pins torch==2.6"
    )


def test_a_pin_for_one_platform_and_a_range_for_the_others_are_alternatives(tmp_path: Path) -> None:
    lines = "torch==2.2; sys_platform=='darwin'\ntorch>=2.6; sys_platform!='darwin'\n"
    found = facts(tmp_path, {"requirements.txt": lines})
    assert found.status("torch", SINCE, "x.py") is Status.SOME


def test_an_unconditional_range_covers_what_markers_add_to_it(tmp_path: Path) -> None:
    found = facts(tmp_path, {"requirements.txt": "torch>=2.0\ntorch>=2.6; python_version>='3.13'\n"})
    assert found.status("torch", SINCE, "x.py") is Status.SOME


def test_a_lock_with_several_versions_admits_each(tmp_path: Path) -> None:
    entry = '[[package]]\nname = "torch"\nversion = "{}"\n'
    found = facts(tmp_path, {"uv.lock": entry.format("2.2.2") + entry.format("2.7.0+cpu")})
    assert found.status("torch", BELOW, "x.py") is Status.SOME


def test_many_statements_are_described_in_short(tmp_path: Path) -> None:
    found = facts(tmp_path, {f"requirements-{n}.txt": f"torch==2.{n}" for n in range(5)})
    assert found.describe("torch", "x.py").endswith("requirements-2.txt:1 pins torch==2.2 and 2 more")


def test_a_requirements_folder_speaks_for_the_folder_above(tmp_path: Path) -> None:
    found = facts(tmp_path, {"a/requirements/base.txt": "torch==2.5", "a/requirements/test.txt": "torch==2.7"})
    assert found.describe("torch", "a/src/x.py") == "a/requirements/base.txt:1 pins torch==2.5"


def test_an_unpacked_wheel_speaks_for_the_folder_it_was_unpacked_into(tmp_path: Path) -> None:
    metadata = (
        "Metadata-Version: 2.1\nName: Some.App\nVersion: 1.0\nRequires-Dist: torch (>=2.6)\n\nRequires-Dist: numpy<1\n"
    )
    found = facts(tmp_path, {"lib/some_app-1.0.dist-info/METADATA": metadata})
    assert found.status("torch", SINCE, "lib/some_app/x.py") is Status.ALL
    assert found.status("some-app", SpecifierSet("==1.0"), "lib/some_app/x.py") is Status.ALL
    assert found.status("numpy", SpecifierSet("<1"), "lib/some_app/x.py") is Status.UNSTATED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("requirements.txt", True),
        ("requirements-gpu.in", True),
        ("dev_requirements.txt", True),
        ("constraints.txt", True),
        ("a/requirements/base.txt", True),
        ("base.txt", False),
        ("a/pyproject.toml", True),
        ("pylock.gpu.toml", True),
        ("conda-lock.yml", True),
        ("environment.yaml", True),
        ("x-1.dist-info/METADATA", True),
        ("settings.yml", False),
        ("requirements.py", False),
    ],
)
def test_manifests_are_known_by_name(name: str, expected: bool) -> None:
    assert is_manifest(name) is expected
