"""Which file an import means: read as Python would find it from where the file stands, without importing anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlsec_lint.source.project import Project

Find = Callable[..., "str | None"]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Makes a project of empty files and asks it for a module: ``find(files, importer, module, level)``."""

    def ask(files: str, importer: str, module: str, level: int = 0) -> str | None:
        return project_of(tmp_path, files).find(importer, module, level)

    return ask


def project_of(root: Path, files: str) -> Project:
    paths = files.split()
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return Project(root, paths, lambda path: (root / path).read_bytes() if (root / path).is_file() else None)


PACKAGE = "pkg/__init__.py pkg/a.py pkg/sub/__init__.py pkg/sub/b.py main.py"


@pytest.mark.parametrize(
    ("importer", "module", "level", "expected"),
    [
        ("pkg/a.py", "", 1, "pkg/__init__.py"),
        ("pkg/a.py", "sub", 1, "pkg/sub/__init__.py"),
        ("pkg/a.py", "sub.b", 1, "pkg/sub/b.py"),
        ("pkg/sub/b.py", "a", 2, "pkg/a.py"),
        ("pkg/sub/b.py", "", 2, "pkg/__init__.py"),
        ("pkg/sub/__init__.py", "b", 1, "pkg/sub/b.py"),
        ("pkg/a.py", "gone", 1, None),
        ("pkg/a.py", "a", 3, None),
        ("pkg/a.py", "a", 50, None),
    ],
)
def test_relative_imports(find: Find, importer: str, module: str, level: int, expected: str | None) -> None:
    assert find(PACKAGE, importer, module, level) == expected


@pytest.mark.parametrize(
    ("importer", "module", "expected"),
    [
        ("main.py", "pkg", "pkg/__init__.py"),
        ("main.py", "pkg.a", "pkg/a.py"),
        ("main.py", "pkg.sub.b", "pkg/sub/b.py"),
        ("pkg/sub/b.py", "pkg.a", "pkg/a.py"),
        ("pkg/sub/b.py", "main", "main.py"),
        ("main.py", "torch", None),
        ("main.py", "pkg.gone", None),
        ("pkg/a.py", "sub", None),
        ("pkg/sub/b.py", "a", None),
    ],
)
def test_absolute_imports(find: Find, importer: str, module: str, expected: str | None) -> None:
    assert find(PACKAGE, importer, module) == expected


def test_a_src_layout(find: Find) -> None:
    files = "src/pkg/__init__.py src/pkg/a.py tests/test_a.py"
    assert find(files, "tests/test_a.py", "pkg.a") == "src/pkg/a.py"
    assert find(files, "src/pkg/a.py", "pkg") == "src/pkg/__init__.py"


def test_scripts_find_their_siblings_and_the_packages_of_the_root(find: Find) -> None:
    files = "scripts/train.py scripts/common.py pkg/__init__.py"
    assert find(files, "scripts/train.py", "common") == "scripts/common.py"
    assert find(files, "scripts/train.py", "pkg") == "pkg/__init__.py"


def test_modules_of_a_package_do_not_find_their_siblings_absolutely(find: Find) -> None:
    """``import torch`` next to ``pkg/torch.py`` is the library: siblings of a package are reached relatively."""
    files = "pkg/__init__.py pkg/torch.py pkg/a.py"
    assert find(files, "pkg/a.py", "torch") is None
    assert find(files, "pkg/a.py", "torch", 1) == "pkg/torch.py"


def test_a_package_inside_a_folder_that_is_none(find: Find) -> None:
    files = "services/api/app/__init__.py services/api/app/a.py services/api/app/b.py"
    assert find(files, "services/api/app/a.py", "app.b") == "services/api/app/b.py"


def test_a_script_that_is_called_like_a_library_is_not_itself(find: Find) -> None:
    assert find("scripts/pickle.py", "scripts/pickle.py", "pickle") is None


def test_a_module_wins_over_nothing_and_a_package_is_found_by_its_init(find: Find) -> None:
    assert find("a.py b/__init__.py c/data.txt", "a.py", "b") == "b/__init__.py"
    assert find("a.py c/d.py", "a.py", "c") is None, "a folder without __init__.py has no code of its own"
    assert find("a.py c/d.py", "a.py", "c.d") == "c/d.py"


def test_submodules(tmp_path: Path) -> None:
    project = project_of(tmp_path, PACKAGE)
    assert project.submodule("pkg/__init__.py", "a") == "pkg/a.py"
    assert project.submodule("pkg/__init__.py", "sub") == "pkg/sub/__init__.py"
    assert project.submodule("pkg/__init__.py", "gone") is None
    assert project.submodule("pkg/a.py", "b") is None


def test_a_file_beside_the_scanned_ones_is_found(tmp_path: Path) -> None:
    (tmp_path / "cfg.py").touch()
    assert project_of(tmp_path, "main.py").find("main.py", "cfg", 0) == "cfg.py"


def test_links_are_not_followed_and_nothing_above_the_root_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "outside.py").touch()
    root = tmp_path / "root"
    root.mkdir()
    project = project_of(root, "main.py")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    assert project.find("main.py", "link", 0) is None
    assert project.find("main.py", "outside", 2) is None
    assert project.find("main.py", "outside", 9) is None


def test_a_module_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    project = project_of(tmp_path, "main.py")
    assert project.module("gone.py") is None
    assert project.module("gone.py") is None


def test_names_of_the_project(tmp_path: Path) -> None:
    project = project_of(tmp_path, f"{PACKAGE} src/lib/__init__.py scripts/train.py")
    assert project.own_packages == {"pkg", "lib"}
    assert {"pkg", "lib", "main", "train"} <= project.top_names()


def test_names_that_functions_rebind(tmp_path: Path) -> None:
    project = project_of(tmp_path, "main.py")
    (tmp_path / "main.py").write_text("X = 1\ndef f():\n    global X, Y\n    X = 2\nglobal Z\n")
    module = project.module("main.py")
    assert module is not None
    assert module.rebound == {"X", "Y"}


def test_many_modules_keep_few_trees_and_stay_usable(tmp_path: Path) -> None:
    names = [f"m{number}.py" for number in range(70)]
    project = project_of(tmp_path, " ".join(names))
    for name in names:
        (tmp_path / name).write_text(f"def f():\n    return 1\nX = '{'a' * 100_000}'\n")
    for name in [*names, *names]:
        module = project.module(name)
        assert module is not None
        assert module.tree.root_node.type == "module"
        assert module.definition(0, len("def f():\n    return 1")) is not None
    assert len(project._trees) < len(names)


@pytest.mark.parametrize(("line", "own"), [("from pkg.part import x", True), ("from pkg.other import x", False)])
def test_an_unpacked_package_is_known_by_the_name_under_which_it_imports_itself(
    tmp_path: Path, line: str, own: bool
) -> None:
    project = project_of(tmp_path, "checkout/pkg/__init__.py checkout/pkg/part.py checkout/tests/__init__.py")
    (tmp_path / "checkout/pkg/part.py").write_text(line)
    assert ("pkg" in project.own_packages) is own
    assert "checkout.pkg" in project.own_packages
