"""Which files are scanned, on real trees with everything that a tree can hold."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mlsec_lint.domain.errors import KnowledgeError, UsageError
from mlsec_lint.engine.config import Config, Overrides, load_config
from mlsec_lint.engine.discovery import MAX_DEPTH, Discovery, common_root, discover
from mlsec_lint.engine.excludes import read_excludes

from .conftest import Tree


def scan(*paths: Path | str, config: Config | None = None) -> Discovery:
    return discover(
        [Path(path) for path in paths],
        config or Config(base=Path.cwd()),
        lambda name: name.endswith("requirements.txt"),
    )


def names(found: Discovery) -> list[str]:
    return [source.relative for source in found.sources]


def problems(found: Discovery) -> list[str]:
    return [str(problem) for problem in found.problems]


def test_sources_and_manifests_are_found_in_order(tree: Tree) -> None:
    root = tree(
        {
            "b.py": "x = 1\n",
            "a/z.pyw": "",
            "a/n.ipynb": "{}",
            "a/data.csv": "",
            "a/stub.pyi": "",
            "a/requirements.txt": "",
            "script": "#!/usr/bin/env python3\n",
        }
    )
    found = scan(".")
    assert found.root == root
    assert names(found) == ["a/n.ipynb", "a/z.pyw", "b.py"]
    assert [source.kind for source in found.sources] == ["notebook", "python", "python"]
    assert found.sources[2].path == root / "b.py"
    assert found.sources[2].size == 6
    assert found.manifests == (root / "a/requirements.txt",)
    assert found.problems == ()


def test_a_file_can_be_source_and_manifest(tree: Tree) -> None:
    root = tree({"setup.py": ""})
    found = discover([root], Config(base=root), lambda name: name == "setup.py")
    assert names(found) == ["setup.py"]
    assert found.manifests == (root / "setup.py",)


def test_manifests_are_recognised_by_their_relative_path(tree: Tree) -> None:
    root = tree({"requirements/base.txt": "", "base.txt": ""})
    found = discover([root], Config(base=root), lambda name: name.startswith("requirements/"))
    assert found.manifests == (root / "requirements/base.txt",)


def test_installed_packages_and_caches_are_left_out(tree: Tree) -> None:
    tree(
        {
            "src/a.py": "",
            ".venv/lib/b.py": "",
            "node_modules/c.py": "",
            "src/__pycache__/d.py": "",
            "build/e.py": "",
            "env39/pyvenv.cfg": "",
            "env39/lib/f.py": "",
        }
    )
    assert names(scan(".")) == ["src/a.py"]


def test_a_named_folder_is_walked_although_it_would_be_left_out(tree: Tree) -> None:
    tree({".venv/pyvenv.cfg": "", ".venv/lib/site-packages/pkg/a.py": "", ".gitignore": "/out\n", "out/b.py": ""})
    assert names(scan(".venv/lib/site-packages")) == [".venv/lib/site-packages/pkg/a.py"]
    assert names(scan("out")) == ["out/b.py"]
    assert names(scan(".")) == []


def test_exclude_replaces_the_defaults_and_extend_exclude_adds(tree: Tree) -> None:
    root = tree({"build/a.py": "", "gen/b.py": "", "c.py": ""})

    def with_overrides(overrides: Overrides) -> list[str]:
        config = load_config(root, config_file=None, isolated=False, overrides=overrides)
        return names(scan(".", config=config))

    assert with_overrides(Overrides(exclude=("gen",))) == ["build/a.py", "c.py"]
    assert with_overrides(Overrides(extend_exclude=("gen",))) == ["c.py"]


def test_configured_excludes_hold_for_named_paths_too(tree: Tree) -> None:
    root = tree({"vendor/a.py": "", "b.py": ""})
    config = load_config(root, config_file=None, isolated=False, overrides=Overrides(extend_exclude=("vendor/",)))
    assert names(scan("vendor/a.py", "b.py", config=config)) == ["b.py"]
    found = scan("vendor", config=config)
    assert names(found) == []
    assert problems(found) == ["vendor: is excluded by the configuration"]
    assert not found.problems[0].fatal


class TestIgnoreFiles:
    def test_nested_files_refine_outer_ones(self, tree: Tree) -> None:
        tree(
            {
                ".git/HEAD": "",
                ".gitignore": "gen_*.py\n/private/\n",
                "gen_a.py": "",
                "pkg/gen_b.py": "",
                "pkg/.gitignore": "!gen_keep.py\nlocal.py\n",
                "pkg/gen_keep.py": "",
                "pkg/local.py": "",
                "pkg/deep/gen_keep.py": "",
                "private/c.py": "",
                "pkg/private/d.py": "",
                "local.py": "",
            }
        )
        assert names(scan(".")) == ["local.py", "pkg/deep/gen_keep.py", "pkg/gen_keep.py", "pkg/private/d.py"]

    def test_a_file_cannot_come_back_below_an_ignored_folder(self, tree: Tree) -> None:
        tree({".gitignore": "out/\n!out/keep.py\n", "out/keep.py": "", "a.py": ""})
        assert names(scan(".")) == ["a.py"]

    def test_everything_but_one_folder_can_be_ignored(self, tree: Tree) -> None:
        tree({".gitignore": "/*\n!/src/\n*.tmp.py\n", "src/a.py": "", "src/b.tmp.py": "", "c.py": ""})
        assert names(scan(".")) == ["src/a.py"]

    def test_files_above_the_scanned_folder_hold_inside_the_work_tree(self, tree: Tree) -> None:
        root = tree({".git/HEAD": "", ".gitignore": "gen_*.py\n", "pkg/sub/gen_a.py": "", "pkg/sub/b.py": ""})
        assert names(scan("pkg/sub")) == ["pkg/sub/b.py"]
        (root / ".git/HEAD").unlink()
        (root / ".git").rmdir()
        assert names(scan("pkg/sub")) == ["pkg/sub/b.py", "pkg/sub/gen_a.py"]

    def test_a_named_file_is_scanned_although_it_is_ignored(self, tree: Tree) -> None:
        tree({".gitignore": "gen_*.py\n", "gen_a.py": ""})
        assert names(scan("gen_a.py")) == ["gen_a.py"]

    def test_they_can_be_switched_off(self, tree: Tree) -> None:
        root = tree({".gitignore": "*.py\n", "a.py": ""})
        assert names(scan(".", config=Config(base=root, respect_gitignore=False))) == ["a.py"]

    def test_a_pattern_that_is_not_applied_is_reported(self, tree: Tree) -> None:
        tree({"pkg/.gitignore": "b.py\n[a-z.py\n", "pkg/b.py": "", "pkg/aaaa.py": ""})
        found = scan(".")
        assert names(found) == ["pkg/aaaa.py"]
        (problem,) = found.problems
        assert (problem.path, problem.line, problem.fatal) == ("pkg/.gitignore", 2, False)

    def test_a_link_in_place_of_an_ignore_file_is_not_read(self, tree: Tree) -> None:
        root = tree({"patterns": "*.py\n", "a.py": ""})
        (root / ".gitignore").symlink_to(root / "patterns")
        assert names(scan(".")) == ["a.py"]


class TestHostileTrees:
    def test_links_are_not_followed(self, tree: Tree, tmp_path: Path) -> None:
        root = tree({"pkg/a.py": ""})
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/secret.py").write_text("")
        (root / "pkg/loop").symlink_to(root, target_is_directory=True)
        (root / "pkg/self").symlink_to("self")
        (root / "pkg/out").symlink_to(tmp_path / "outside", target_is_directory=True)
        (root / "pkg/secret.py").symlink_to(tmp_path / "outside/secret.py")
        (root / "pkg/twin.py").symlink_to("a.py")
        found = scan(".")
        assert names(found) == ["pkg/a.py"]
        assert found.problems == ()

    def test_a_named_link_is_what_the_user_asked_for(self, tree: Tree) -> None:
        root = tree({"a.py": ""})
        (root / "b.py").symlink_to("a.py")
        assert names(scan("b.py")) == ["b.py"]

    def test_a_link_to_itself_is_a_problem_when_named(self, tree: Tree) -> None:
        root = tree({})
        (root / "self.py").symlink_to("self.py")
        (problem,) = scan("self.py").problems
        assert problem.fatal

    def test_a_fifo_is_skipped_and_reported_only_when_named(self, tree: Tree) -> None:
        root = tree({"a.py": ""})
        os.mkfifo(root / "pipe.py")
        assert scan(".").problems == ()
        assert names(scan(".")) == ["a.py"]
        assert problems(scan("pipe.py")) == ["pipe.py: is a FIFO, not a regular file; it is not scanned"]

    def test_a_socket_and_a_device_are_skipped(self, tree: Tree) -> None:
        tree({})
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.py")
            assert names(scan(".")) == []
            assert "is a socket" in problems(scan("s.py"))[0]
        assert "is a character device" in problems(scan(os.devnull))[0]

    def test_an_ignore_file_that_is_a_fifo_does_not_block(self, tree: Tree) -> None:
        root = tree({"a.py": ""})
        os.mkfifo(root / ".gitignore")
        assert names(scan(".")) == ["a.py"]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read everything")
    def test_what_cannot_be_read_is_reported(self, tree: Tree) -> None:
        root = tree({"a.py": "", "locked/b.py": "", "c.py": ""})
        (root / "a.py").chmod(0)
        (root / "locked").chmod(0)
        try:
            found = scan(".")
        finally:
            (root / "locked").chmod(0o700)
        assert names(found) == ["c.py"]
        assert [problem.path for problem in found.problems] == ["a.py", "locked"]
        assert all(problem.fatal for problem in found.problems)

    def test_a_large_file_is_reported_and_skipped(self, tree: Tree) -> None:
        root = tree({"a.py": "x" * 11, "b.py": "x" * 10})
        found = scan(".", config=Config(base=root, max_file_size=10))
        assert names(found) == ["b.py"]
        assert problems(found) == ["a.py: is larger than 10 bytes; raise max-file-size to scan it"]

    def test_a_very_deep_tree_ends(self, tree: Tree) -> None:
        root = tree({"/".join(["d"] * (MAX_DEPTH + 5)) + "/a.py": "", "d/b.py": ""})
        found = scan(root)
        assert names(found) == ["d/b.py"]
        assert len(found.problems) == 1

    def test_a_name_that_is_no_text_can_still_be_reported(self, tree: Tree) -> None:
        root = tree({})
        try:
            with open(os.fsencode(root) + b"/caf\xe9.py", "w"):
                pass
        except OSError:
            pytest.skip("the file system refuses such names")
        (source,) = scan(".").sources
        assert source.relative.encode("utf-8") == b"caf?.py"
        assert source.path.exists()


class TestNamedPaths:
    def test_a_script_without_suffix_is_recognised_by_its_first_line(self, tree: Tree) -> None:
        tree({"run": "#!/usr/bin/env python3\n", "shell": "#!/bin/sh\npython\n", "notes.txt": "#!python"})
        found = scan("run", "shell", "notes.txt")
        assert names(found) == ["run"]
        assert [(problem.path, problem.fatal) for problem in found.problems] == [("notes.txt", False), ("shell", False)]

    def test_overlapping_paths_give_each_file_once(self, tree: Tree) -> None:
        tree({"pkg/a.py": ""})
        assert names(scan(".", "pkg", "pkg/a.py", "./pkg/../pkg")) == ["pkg/a.py"]

    def test_a_missing_path_is_an_error(self, tree: Tree) -> None:
        tree({"a.py": ""})
        for path in ("absent", "a.py/b.py"):
            with pytest.raises(UsageError, match="no such file or folder"):
                scan(path)

    def test_no_path_is_an_error(self) -> None:
        with pytest.raises(UsageError):
            scan()


class TestCommonRoot:
    def test_it_is_the_current_folder_for_paths_inside(self, tree: Tree) -> None:
        root = tree({"a/b.py": ""})
        assert common_root([Path("a/b.py")]) == root
        assert common_root([root]) == root

    def test_it_is_the_common_folder_for_paths_elsewhere(
        self, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        root = tree({"a/b.py": "", "c/d.py": ""})
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert common_root([root / "a/b.py"]) == root / "a"
        assert common_root([root / "a/b.py", root / "c"]) == root
        assert names(scan(root / "a/b.py", root / "c")) == ["a/b.py", "c/d.py"]


class TestDefaultExcludes:
    def test_the_shipped_ones_can_be_read(self) -> None:
        excludes = read_excludes()
        assert {".git", ".venv", "node_modules", "site-packages"} <= excludes.folders
        assert "pyvenv.cfg" in excludes.markers

    @pytest.mark.parametrize("text", [None, "folders = 3", "folder = []", "= ="])
    def test_a_mistake_in_them_is_told(self, tree: Tree, text: str | None) -> None:
        root = tree({} if text is None else {"_facts/excludes.toml": text})
        with pytest.raises(KnowledgeError, match=r"^excludes\.toml: "):
            read_excludes(root)


def test_a_build_folder_is_left_out_unless_it_is_a_package(tmp_path: Path) -> None:
    for name in ("build/lib/a.py", "pkg/build/__init__.py", "pkg/build/steps.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")
    config = load_config(tmp_path, config_file=None, isolated=True, overrides=Overrides())
    found = discover([tmp_path], config, lambda _: False)
    assert [source.relative for source in found.sources] == ["pkg/build/__init__.py", "pkg/build/steps.py"]
