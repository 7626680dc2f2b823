"""Suppression comments: which ones count, which lines they cover, and which are reported as unused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsec_lint.engine.config import Config
from mlsec_lint.engine.run import Request, run
from mlsec_lint.engine.suppressions import suppressions_of
from mlsec_lint.engine.texts import FileText
from mlsec_lint.source.project import Project

IMPORT = "import pickle\n"
LOAD = "pickle.load(f)"
SLUG, CODE = "unsafe-deserialization", "MLS101"


def scan(code: str, name: str = "a.py", **settings: object) -> tuple[list[tuple[int, str]], int]:
    """The lines (below the import) and slugs of the findings, and how many were silenced."""
    config = Config(base=Path.cwd(), **settings)  # type: ignore[arg-type]
    result = run(Request((), config, ((name, (IMPORT + code).encode()),))).result
    assert [str(problem) for problem in result.problems] == []
    return [(f.location.line - 1, f.rule.slug) for f in result.findings], result.statistics.suppressed


def comments(code: str) -> list[tuple[tuple[str, ...], int, int, str]]:
    """The names, covered lines and reason of every suppression comment."""
    data = code.encode()
    module = Project(Path("/nowhere"), ["a.py"], lambda _: data).module("a.py")
    assert module is not None
    return [(s.names, s.first, s.last, s.reason) for s in suppressions_of(module, FileText("a.py", data))]


SILENCING = [
    f"{LOAD}  # noqa: {CODE}",
    f"{LOAD}  # noqa:{CODE}",
    f"{LOAD}  # noqa : {CODE.lower()}",
    f"{LOAD}  # noqa: E501, {CODE}",
    f"{LOAD}  # noqa: E501 {CODE}",
    f"{LOAD}  # noqa: {CODE} we wrote the file",
    f"{LOAD}  # type: ignore # noqa: {CODE}",
    f"{LOAD}  # mlsec-lint: ignore[{SLUG}]",
    f"{LOAD}  # mlsec-lint: ignore[{CODE}] we wrote the file",
    f"{LOAD}  # mlsec-lint:ignore [{SLUG}]",
    f"{LOAD}  # noqa: E501  # mlsec-lint: ignore[{SLUG}]",
    f"# mlsec-lint: ignore[{SLUG}] we wrote the file\n{LOAD}",
    f"x = pickle.load(  # noqa: {CODE}\n    f,\n)",
    f"x = pickle.load(\n    f,\n)  # noqa: {CODE}",
    f"x = pickle.load(\n    f,  # noqa: {CODE}\n)",
    f"def f(é):\n    é = 'ü'; {LOAD}  # noqa: {CODE}",
]


@pytest.mark.parametrize("code", SILENCING)
def test_a_comment_on_the_lines_of_a_finding_silences_it(code: str) -> None:
    assert scan(code) == ([], 1)


NOT_SILENCING = [
    f"{LOAD}  # noqa",
    f"{LOAD}  # noqa: S301",
    f"{LOAD}  # nosec",
    f"{LOAD}  # the word noqa in a sentence",
    f"{LOAD}\n# noqa: E501",
    f"{LOAD}; x = '# noqa: {CODE}'",
    f"x = '''\n# noqa: {CODE}\n'''; {LOAD}",
]


@pytest.mark.parametrize("code", NOT_SILENCING)
def test_other_comments_and_strings_do_not(code: str) -> None:
    found, suppressed = scan(code)
    assert [slug for _, slug in found] == [SLUG]
    assert suppressed == 0


@pytest.mark.parametrize(
    "code",
    [
        f"{LOAD}  # noqa: MLS102",
        f"# noqa: {CODE}\n{LOAD}",
        f"{LOAD}\n# mlsec-lint: ignore[{SLUG}]\n",
        f"# mlsec-lint: ignore[{SLUG}]\n\n{LOAD}",
    ],
)
def test_a_comment_for_another_rule_or_another_line_is_unused(code: str) -> None:
    found, suppressed = scan(code)
    assert sorted(slug for _, slug in found) == [SLUG, "unused-suppression"]
    assert suppressed == 0


def test_an_unused_name_is_reported_where_the_comment_stands() -> None:
    assert scan("x = 1  # noqa: MLS101\n") == ([(1, "unused-suppression")], 0)
    assert scan(f"{LOAD}  # mlsec-lint: ignore[{SLUG}, unsafe-torch-load]") == ([(1, "unused-suppression")], 1)
    assert scan("x = 1  # mlsec-lint: ignore[no-such-rule]") == ([(1, "unused-suppression")], 0)


def test_a_code_of_another_tool_is_never_unused() -> None:
    assert scan("x = 1  # noqa: E501, S301") == ([], 0)


def test_a_name_whose_rule_did_not_run_is_not_unused() -> None:
    assert scan("x = 1  # noqa: MLS101", ignore=("MLS101",)) == ([], 0)


def test_the_report_of_unused_ones_can_itself_be_silenced() -> None:
    assert scan("x = 1  # mlsec-lint: ignore[unsafe-deserialization, unused-suppression]") == ([], 0)


def test_one_comment_silences_every_finding_on_its_line() -> None:
    assert scan(f"{LOAD}; {LOAD}  # noqa: {CODE}") == ([], 2)


def test_a_file_without_any_sink_is_looked_at_for_its_comments() -> None:
    config = Config(base=Path.cwd())
    result = run(Request((), config, (("a.py", b"x = 1  # noqa: MLS102\n"),))).result
    assert [f.rule.slug for f in result.findings] == ["unused-suppression"]


def test_what_a_comment_says() -> None:
    assert comments("x = 1  # noqa: MLS101, E501\n") == [(("MLS101",), 1, 1, "")]
    assert comments("# mlsec-lint: ignore[a-b , c] because\nx = 1\n") == [(("a-b", "c"), 1, 2, "because")]
    assert comments("x = 1  # mlsec-lint: ignore[a]\n") == [(("a",), 1, 1, "")]
    assert comments("x = '# mlsec-lint: ignore[a]'\n") == []
    assert comments("# mlsec-lint: ignore[]\n# mlsec-lint: ignore a\n# noqa\n") == []


def test_hostile_comments_are_read_in_no_time() -> None:
    """Long runs of the characters that the patterns repeat; quadratic reading would take minutes."""
    for noise in (
        "#" * 200_000,
        "# noqa:" * 30_000,
        "# noqa: " + "A1," * 60_000,
        "# mlsec-lint: ignore[" + "[" * 200_000,
    ):
        comments(noise + "\n")
