"""``new``: what it makes, and what it refuses to touch."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.frontends.scaffold import check_slug, next_code
from mlsec_lint.knowledge.catalogue import load_knowledge, rules_directory

from .conftest import Cli

SLUG = "chatty-log-line"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a new rule is added to."""
    shutil.copytree(rules_directory(), tmp_path / "rules")
    (tmp_path / "mlsec_lint").mkdir()
    (tmp_path / "mlsec_lint/__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def headings(page: Path) -> list[str]:
    return [line for line in page.read_text("utf-8").splitlines() if line.startswith("## ")]


def test_data_page_and_fixture_are_made_and_named(cli: Cli, checkout: Path) -> None:
    before = files(checkout)
    code, out, err = cli("new", SLUG, "--block", "4")
    assert (code, err) == (0, "")
    made = {f"rules/{SLUG}/rule.toml", f"rules/{SLUG}/README.md", f"fixtures/{SLUG}/bad_and_good.py"}
    assert files(checkout) - before == made
    assert "Made the rule MLS401" in out
    assert all(f"  {path}\n" in out for path in made)
    assert "Next steps:" in out


def test_the_catalogue_loads_with_the_new_rule(cli: Cli, checkout: Path) -> None:
    cli("new", SLUG, "--block", "4")
    rule = next(rule for rule in load_knowledge(checkout / "rules").rules if rule.slug == SLUG)
    assert (rule.code, rule.kinds, rule.check) == ("MLS401", (), "")
    filled = rule.message.format(api="a", because="b", origin="c", remedy=rule.remedy)
    assert "{" not in filled


def test_the_page_has_the_headings_of_the_others(cli: Cli, checkout: Path) -> None:
    cli("new", SLUG)
    new = headings(checkout / "rules" / SLUG / "README.md")
    others = {tuple(headings(page)) for page in checkout.glob("rules/[a-z]*/README.md")}
    assert others == {tuple(new)}


def test_the_fixture_marks_one_bad_and_one_good_line(cli: Cli, checkout: Path) -> None:
    cli("new", SLUG)
    text = (checkout / "fixtures" / SLUG / "bad_and_good.py").read_text("utf-8")
    ast.parse(text)
    assert text.count(f"# ruleid: {SLUG}\n") == 1
    assert text.count(f"# ok: {SLUG}\n") == 1


def test_a_check_comes_with_its_test(cli: Cli, checkout: Path) -> None:
    before = files(checkout)
    assert cli("new", SLUG, "--check").code == 0
    check, test = "mlsec_lint/checks/chatty_log_line.py", "tests/checks/test_chatty_log_line.py"
    assert {check, test} < files(checkout) - before
    for path in (check, test):
        ast.parse((checkout / path).read_text("utf-8"))
    rule = next(rule for rule in load_knowledge(checkout / "rules").rules if rule.slug == SLUG)
    assert rule.check == SLUG


def test_the_checkout_is_found_from_below(cli: Cli, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout / "rules" / "_models")
    assert cli("new", SLUG).code == 0
    assert (checkout / "rules" / SLUG / "rule.toml").is_file()


def test_a_second_rule_gets_the_code_behind(cli: Cli, checkout: Path) -> None:
    for number, slug in enumerate(("first-rule", "second-rule"), 1):
        assert f"MLS20{number}" in cli("new", slug, "--block", "2").out
    assert len({rule.code for rule in load_knowledge(checkout / "rules").rules}) == len(
        load_knowledge(checkout / "rules").rules
    )


@pytest.mark.parametrize("path", [f"rules/{SLUG}/README.md", f"fixtures/{SLUG}/bad_and_good.py"])
def test_nothing_is_overwritten(cli: Cli, checkout: Path, path: str) -> None:
    (checkout / path).parent.mkdir(parents=True)
    (checkout / path).write_text("mine")
    before = files(checkout)
    code, out, err = cli("new", SLUG)
    assert (code, out) == (2, "")
    assert f"{path} exists already; nothing was written" in err
    assert files(checkout) == before
    assert (checkout / path).read_text() == "mine"


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("unsafe-torch-load",), "rules/unsafe-torch-load exists already"),
        (("Chatty-Log",), '"Chatty-Log" is no slug'),
        (("chatty",), '"chatty" is no slug'),
        (("../chatty-log",), '"../chatty-log" is no slug'),
        (("a-" + "b" * 60,), "is longer than 40 characters"),
        ((SLUG, "--block", "6"), "6 is not in the range"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(cli: Cli, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = cli("new", *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_outside_of_a_checkout_nothing_is_made(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = cli("new", SLUG)
    assert code == 2
    assert "change into one" in err
    assert files(tmp_path) == set()


class TestCodes:
    def test_a_gap_is_not_filled(self) -> None:
        assert next_code(1, ["MLS101", "MLS103", "MLS210", "MLS900"]) == "MLS104"

    def test_an_empty_block_starts_at_one(self) -> None:
        assert next_code(5, ["MLS101"]) == "MLS501"

    def test_a_full_block_is_an_error(self) -> None:
        with pytest.raises(UsageError, match="MLS1xx are used up"):
            next_code(1, ["MLS199"])


@given(st.text(max_size=50))
def test_a_slug_that_is_accepted_names_a_folder_and_a_module(slug: str) -> None:
    try:
        check_slug(slug)
    except UsageError:
        return
    assert slug.replace("-", "_").isidentifier()
    assert slug.isascii()
    assert slug == slug.lower()
