"""Ignore patterns: they mean what they mean to git, nothing in them raises, and none of them is slow."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlsec_lint.engine.config import Config
from mlsec_lint.engine.discovery import discover
from mlsec_lint.engine.excludes import Excludes
from mlsec_lint.engine.patterns import MAX_LINES, compile_patterns, objection


def verdict(lines: list[str], path: str, *, folder: bool = False) -> bool | None:
    patterns, objections = compile_patterns("/p", lines)
    assert objections == ()
    assert patterns is not None
    return patterns.verdict(f"/p/{path}", folder=folder)


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("a.py", "a.py", True),
        ("a.py", "x/y/a.py", True),
        ("/a.py", "a.py", True),
        ("/a.py", "x/a.py", None),
        ("x/a.py", "x/a.py", True),
        ("x/a.py", "y/x/a.py", None),
        ("*.py[cod]", "x/a.pyc", True),
        ("*.py[cod]", "x/a.py", None),
        ("a?c", "abc", True),
        ("a?c", "a/c", None),
        ("*", ".hidden", True),
        ("x/*", "x/y", True),
        ("x/*", "x/y/z", None),
        ("x/**", "x/y/z", True),
        ("x/**", "x", None),
        ("**/z", "z", True),
        ("**/z", "x/y/z", True),
        ("x/**/z", "x/z", True),
        ("x/**/z", "x/a/b/z", True),
        ("a**b", "axxb", True),
        ("*a*b*c", "xxaxxbxxc", True),
        ("*a*b*c", "xxbxxaxxc", None),
        ("[!a]x", "bx", True),
        ("[^a]x", "ax", None),
        ("[]x]", "]", True),
        ("[a-c-]", "-", True),
        ("[z-a]", "m", None),
        ("[[:digit:]x]", "7", True),
        ("[[:alpha:]]", "7", None),
        (r"[\]]", "]", True),
        (r"\*", "*", True),
        (r"\*", "x", None),
        (r"\#x", "#x", True),
        (r"\!x", "!x", True),
        ("x ", "x", True),
        ("x\\ ", "x ", True),
        ("x.y", "xzy", None),
        ("(x|y)+", "x", None),
    ],
)
def test_a_pattern_matches_what_git_matches(pattern: str, path: str, matched: bool | None) -> None:
    assert verdict([pattern], path) is matched


def test_a_pattern_with_a_slash_at_its_end_is_for_folders() -> None:
    assert verdict(["x/"], "x", folder=True) is True
    assert verdict(["x/"], "x") is None


def test_the_last_pattern_that_matches_decides() -> None:
    assert verdict(["*.py", "!a.py"], "a.py") is False
    assert verdict(["!a.py", "*.py"], "a.py") is True


def test_a_covered_path_may_lie_in_a_matched_folder() -> None:
    patterns, _ = compile_patterns("/p", ["vendor/", "!keep/"])
    assert patterns is not None
    assert patterns.covers("/p/x/vendor/y/a.py", folder=False)
    assert patterns.covers("/p/vendor", folder=True)
    assert not patterns.covers("/p/vendor", folder=False)
    assert not patterns.covers("/p/keep/a.py", folder=False)


def test_paths_outside_the_base_are_not_mentioned() -> None:
    patterns, _ = compile_patterns("/p/base", ["*"])
    assert patterns is not None
    assert patterns.verdict("/p/base/x", folder=False) is True
    assert patterns.verdict("/p/base2/x", folder=False) is None
    assert patterns.verdict("/p/base", folder=True) is None


def test_a_base_at_the_top_of_the_file_system_works() -> None:
    patterns, _ = compile_patterns("/", ["/tmp"])
    assert patterns is not None
    assert patterns.verdict("/tmp", folder=True) is True


@pytest.mark.parametrize("pattern", ["!", "/", "a[b", "x\\", "a" * 2_000, "[[:vowel:]]", "a*" * 200])
def test_a_pattern_that_means_nothing_is_refused(pattern: str) -> None:
    assert objection(pattern) is not None


def test_a_refused_line_is_reported_and_the_others_hold() -> None:
    patterns, objections = compile_patterns("/p", ["# comment", "", "a[b", "!", "*.log"])
    assert [line for line, _ in objections] == [3, 4]
    assert patterns is not None
    assert patterns.verdict("/p/x.log", folder=False) is True


def test_no_patterns_compile_to_nothing() -> None:
    assert compile_patterns("/p", ["", "# only a comment", "  "]) == (None, ())


def test_a_file_with_too_many_lines_is_not_applied() -> None:
    patterns, objections = compile_patterns("/p", ["x"] * (MAX_LINES + 1))
    assert patterns is None
    assert len(objections) == 1


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "b", "a" * 255),
        ("?*" * 60 + "b", "a" * 255),
        ("**/a/" * 60 + "b", "a/" * 2_000 + "c"),
        ("**/*a*a*ab/" * 30 + "b", ("a" * 250 + "/") * 16 + "c"),
    ],
)
def test_a_hostile_pattern_ends(pattern: str, path: str) -> None:
    assert verdict([pattern], path) is None


@given(
    lines=st.lists(st.text("ab*?[]!-^\\/# .\t{}()|+$:é\ud800", max_size=12) | st.text(max_size=12), max_size=6),
    path=st.text("ab/.*[]!", min_size=1, max_size=12),
)
def test_no_pattern_raises(lines: list[str], path: str) -> None:
    patterns, objections = compile_patterns("/p", lines)
    assert all(1 <= number <= len(lines) for number, _ in objections)
    if patterns is not None:
        assert patterns.verdict(f"/p/{path}", folder=False) in (True, False, None)
        assert patterns.covers(f"/p/{path}", folder=False) in (True, False)


FOLDERS = ("", "a", "b", "a/b", "ab", "a/a", "b/a/b")
NAMES = ("a.py", "b.py", "ab.py")
PARTS = st.sampled_from(["a", "b", "*", "a*", "?", "[ab]", "**", "*.py", "a.py", "b.py", "ab", "!a"])
PATTERNS = st.builds(
    lambda negation, start, parts, end: negation + start + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the judge")
@given(files=st.dictionaries(st.sampled_from(FOLDERS), st.lists(PATTERNS, min_size=1, max_size=4), max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_walk_finds_what_git_finds(tmp_path_factory: pytest.TempPathFactory, files: dict[str, list[str]]) -> None:
    root = tmp_path_factory.mktemp("walk")
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (root / folder / name).write_text("")
    for folder, lines in files.items():
        (root / folder / ".gitignore").write_text("\n".join(lines) + "\n")
    found = discover([root], Config(base=root), lambda _: False, Excludes(frozenset({".git"})))
    assert {str(source.path.relative_to(root)) for source in found.sources} == _git_files(root)


def _git_files(root: Path) -> set[str]:
    """The Python files in ``root`` that git would offer to add, whatever the settings of the user."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**outer, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", f"core.excludesFile={os.devnull}"]
    for arguments in (["init", "-q"], ["ls-files", "-z", "--others", "--exclude-standard"]):
        done = subprocess.run([*command, *arguments], cwd=root, env=environment, check=True, capture_output=True)
    return {name for name in done.stdout.decode().split("\0") if name.endswith(".py")}
