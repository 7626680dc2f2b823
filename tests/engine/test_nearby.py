"""Which manifests count for a file that is scanned alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlsec_lint.engine.config import Config
from mlsec_lint.engine.discovery import Discovery, discover
from mlsec_lint.source.manifests import is_manifest

from .conftest import Tree


def scan(*paths: str, root: Path, given: Sequence[str] = (), **settings: object) -> Discovery:
    config = Config(base=root, **settings)  # type: ignore[arg-type]
    return discover([Path(path) for path in paths], config, is_manifest, given=given)


def manifests(found: Discovery) -> list[str]:
    return [path.relative_to(found.root).as_posix() for path in found.manifests]


FILES = {
    "requirements.txt": "",
    "requirements/gpu.txt": "",
    "docs/notes.txt": "",
    "a/setup.py": "",
    "a/b/c.py": "",
    "a/b/pyproject.toml": "",
    "other/requirements.txt": "",
    "other/d.py": "",
}
AROUND = ["a/b/pyproject.toml", "a/setup.py", "requirements.txt", "requirements/gpu.txt"]


def test_those_beside_a_file_and_above_it(tree: Tree) -> None:
    root = tree(FILES)
    assert manifests(scan("a/b/c.py", root=root)) == AROUND


def test_a_manifest_that_was_not_asked_for_is_no_source(tree: Tree) -> None:
    root = tree(FILES)
    assert [source.relative for source in scan("a/b/c.py", root=root).sources] == ["a/b/c.py"]
    assert [source.relative for source in scan("a", "a/b", root=root).sources] == ["a/b/c.py", "a/setup.py"]


def test_those_above_a_folder(tree: Tree) -> None:
    root = tree(FILES)
    assert manifests(scan("a/b", root=root)) == AROUND


def test_those_around_a_given_text_of_which_no_file_need_exist(tree: Tree) -> None:
    root = tree(FILES)
    found = scan(root=root, given=("a/b/unsaved.py", "absent/too.py"))
    assert [source.relative for source in found.sources] == ["a/b/unsaved.py", "absent/too.py"]
    assert manifests(found) == AROUND
    assert found.root == root


def test_none_beyond_the_root(tree: Tree, tmp_path: Path) -> None:
    root = tree(FILES)
    (tmp_path / "requirements.txt").touch()
    assert manifests(scan("a/b/c.py", root=root)) == AROUND


def test_not_those_that_are_left_out_or_linked(tree: Tree) -> None:
    root = tree({"a.py": "", "setup.py": "", "requirements.txt": "", ".gitignore": "setup.py\n"})
    (root / "Pipfile").symlink_to("requirements.txt")
    assert manifests(scan("a.py", root=root)) == ["requirements.txt"]
    assert manifests(scan("a.py", root=root, respect_gitignore=False)) == ["requirements.txt", "setup.py"]
