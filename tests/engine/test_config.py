"""Where settings come from, which one wins, and what a mistake in them looks like to the user."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.domain.errors import ConfigError
from mlsec_lint.domain.levels import Severity
from mlsec_lint.engine.config import (
    Config,
    Overrides,
    Patterns,
    PerFileIgnore,
    load_config,
    validate_selectors,
)
from mlsec_lint.engine.config_file import RawConfig

from .conftest import Tree

NOTHING = Overrides()
KNOWN = frozenset({"MLS101", "MLS102", "MLS113", "unsafe-torch-load", "unsafe-model-save"})


def load(root: Path, overrides: Overrides = NOTHING, *, file: Path | None = None, isolated: bool = False) -> Config:
    return load_config(root, config_file=file, isolated=isolated, overrides=overrides)


def table(text: str) -> str:
    return f"[tool.mlsec-lint]\n{text}\n"


def test_without_a_file_everything_has_its_default(tree: Tree) -> None:
    root = tree({})
    config = load(root)
    assert (config.base, config.file) == (root, "")
    assert (config.select, config.ignore, config.profile) == ((), (), "default")
    assert config.threat_model is None
    assert (config.fail_on, config.jobs, config.max_file_size) == (Severity.LOW, 0, 10 * 1024 * 1024)
    assert config.default_excludes
    assert config.respect_gitignore


def test_every_key_of_the_file_arrives(tree: Tree) -> None:
    root = tree(
        {
            "models/ours.toml": "",
            "pyproject.toml": table(
                """
                select = ["MLS1"]
                ignore = ["unsafe-model-save"]
                profile = "auditor"
                threat-model = "library"
                exclude = ["vendor/"]
                extend-exclude = ["*.gen.py"]
                respect-gitignore = false
                per-file-ignores = { "tests/**" = ["MLS101"] }
                fail-on = "high"
                models = ["models/*.toml"]
                jobs = 2
                max-file-size = 1000
                """
            ),
        }
    )
    assert load(root) == Config(
        base=root,
        file="pyproject.toml",
        select=("MLS1",),
        ignore=("unsafe-model-save",),
        profile="auditor",
        threat_model="library",
        exclude=(Patterns(root, ("vendor/", "*.gen.py")),),
        default_excludes=False,
        respect_gitignore=False,
        per_file_ignores=(PerFileIgnore("tests/**", ("MLS101",)),),
        fail_on=Severity.HIGH,
        models=(root / "models/ours.toml",),
        jobs=2,
        max_file_size=1000,
    )


def test_every_key_has_a_setting_and_an_expectation() -> None:
    """A key added to the record alone would be read and then ignored."""
    from mlsec_lint.engine import config_file

    keys = {field.encode_name for field in msgspec.structs.fields(RawConfig)}
    assert keys == set(config_file._EXPECTS)
    settings = set(Config.__struct_fields__) | {"extend_exclude"}
    assert {field.name for field in msgspec.structs.fields(RawConfig)} <= settings


def test_the_nearest_file_above_the_root_governs(tree: Tree) -> None:
    root = tree(
        {
            "pyproject.toml": table('profile = "auditor"'),
            "services/pyproject.toml": table("jobs = 3"),
            "services/images/app.py": "",
        }
    )
    config = load(root / "services/images")
    assert (config.jobs, config.profile) == (3, "default")
    assert config.base == root / "services"


def test_a_project_file_without_our_table_is_passed_over(tree: Tree) -> None:
    root = tree(
        {
            "pyproject.toml": table("jobs = 3"),
            "inner/pyproject.toml": "[project]\nname = 'inner'\n",
            "broken/pyproject.toml": "this is not TOML",
        }
    )
    assert load(root / "inner").jobs == 3
    assert load(root / "broken").jobs == 3


def test_our_own_file_wins_over_the_project_file_beside_it(tree: Tree) -> None:
    root = tree({"mlsec-lint.toml": "jobs = 4\n", "pyproject.toml": table("jobs = 3")})
    assert load(root).jobs == 4


def test_the_search_ends_at_the_top_of_the_work_tree(tree: Tree) -> None:
    root = tree({"pyproject.toml": table("jobs = 3"), "clone/.git/HEAD": "", "clone/pkg/a.py": ""})
    assert load(root / "clone/pkg").jobs == 0


def test_isolated_reads_nothing(tree: Tree) -> None:
    root = tree({"pyproject.toml": table('jobs = 3\nselect = ["MLS1"]')})
    config = load(root, isolated=True)
    assert (config.jobs, config.select, config.respect_gitignore) == (0, (), False)


def test_a_named_file_is_read_instead_of_the_nearest(tree: Tree) -> None:
    root = tree({"pyproject.toml": table("jobs = 3"), "ci/strict.toml": "jobs = 5\n"})
    config = load(root, file=root / "ci/strict.toml")
    assert (config.jobs, config.base) == (5, root / "ci")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("absent.toml", None, "absent.toml: is not a file"),
        ("pyproject.toml", "[project]\n", r"pyproject.toml: has no \[tool.mlsec-lint\] table"),
    ],
)
def test_a_named_file_must_hold_a_configuration(tree: Tree, name: str, text: str | None, problem: str) -> None:
    root = tree({} if text is None else {name: text})
    with pytest.raises(ConfigError, match=problem):
        load(root, file=root / name)


def test_the_command_line_replaces_what_the_file_says(tree: Tree) -> None:
    root = tree({"pyproject.toml": table('select = ["MLS1"]\njobs = 3\nfail-on = "high"')})
    config = load(root, Overrides(select=("MLS102",), fail_on="never", max_file_size=5))
    assert config.select == ("MLS102",)
    assert config.fail_on is None
    assert (config.jobs, config.max_file_size) == (3, 5)
    assert config.overridden == {"select", "fail_on", "max_file_size"}


def test_excludes_of_the_command_line_are_relative_to_the_current_folder(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree({"pyproject.toml": table('extend-exclude = ["gen/"]'), "pkg/a.py": ""})
    monkeypatch.chdir(root / "pkg")
    config = load(root / "pkg", Overrides(extend_exclude=("b.py",)))
    assert config.exclude == (Patterns(root, ("gen/",)), Patterns(root / "pkg", ("b.py",)))
    assert config.default_excludes
    assert not load(root / "pkg", Overrides(exclude=("b.py",))).default_excludes


@pytest.mark.parametrize(
    ("line", "key", "problem"),
    [
        ('selekt = ["MLS1"]', "selekt", 'unknown key; did you mean "select"'),
        ("max_file_size = 3", "max_file_size", 'unknown key; did you mean "max-file-size"'),
        ("zzzzzz = 1", "zzzzzz", "unknown key; the keys are select, ignore"),
        ('select = "MLS1"', "select", "expected a list of rule codes, slugs or prefixes"),
        ("ignore = [1]", "ignore", "expected a list of rule codes, slugs or prefixes"),
        ("profile = 3", "profile", "expected the name of a profile"),
        ('profile = "paranoid"', "profile", 'no profile is called "paranoid"; the profiles are default, auditor'),
        ("threat-model = 3", "threat-model", "expected the name of a threat model"),
        (
            'threat-model = "web"',
            "threat-model",
            'no threat model is called "web"; the threat models are service, library, local',
        ),
        ('fail-on = "awful"', "fail-on", 'no severity is called "awful"; expected one of info, low'),
        ("jobs = true", "jobs", "expected a whole number from 0"),
        ("jobs = -1", "jobs", "expected a whole number from 0"),
        ("jobs = 100000", "jobs", "expected a whole number from 0"),
        ("max-file-size = 0", "max-file-size", "expected a number of bytes"),
        ("per-file-ignores = ['a']", "per-file-ignores", "expected a table from a pattern"),
        ("exclude = ['a[b']", "exclude", "opens a bracket and does not close it"),
        ("extend-exclude = ['!']", "extend-exclude", "names nothing"),
        ("models = ['none.toml']", "models", '"none.toml" names no file'),
        ("models = ['../up.toml']", "models", "leads out of the folder of this file"),
        ("models = ['/etc/*.conf']", "models", "leads out of the folder of this file"),
        ("models = ['**/a/**/b.toml']", "models", "repeats `**`"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(tree: Tree, line: str, key: str, problem: str) -> None:
    root = tree({"pyproject.toml": table(line)})
    with pytest.raises(ConfigError) as caught:
        load(root)
    assert (caught.value.file, caught.value.key) == ("pyproject.toml", key)
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (Overrides(profile="paranoid"), "--profile"),
        (Overrides(threat_model="paranoid"), "--threat-model"),
        (Overrides(fail_on="awful"), "--fail-on"),
        (Overrides(jobs=-1), "--jobs"),
        (Overrides(max_file_size=0), "--max-file-size"),
        (Overrides(extend_exclude=("a[b",)), "--extend-exclude"),
        (Overrides(models=("absent.toml",)), "--models"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_with_the_option(tree: Tree, overrides: Overrides, key: str) -> None:
    root = tree({"pyproject.toml": table("jobs = 1")})
    with pytest.raises(ConfigError) as caught:
        load(root, overrides)
    assert (caught.value.file, caught.value.key) == ("command line", key)


def test_text_that_is_no_toml_is_told_with_its_line(tree: Tree) -> None:
    root = tree({"mlsec-lint.toml": "jobs = 1\nselect = [\n"})
    with pytest.raises(ConfigError, match=r"mlsec-lint\.toml: is not valid TOML"):
        load(root)
    root = tree({"mlsec-lint.toml": "jobs = 1\nselect = = 3\n"})
    with pytest.raises(ConfigError, match=r"is not valid TOML: .*line 2"):
        load(root)


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a = " + b"[" * 100_000, b"#" * (4 * 1024 * 1024 + 1)])
def test_hostile_bytes_are_an_error_and_no_crash(tree: Tree, text: bytes) -> None:
    root = tree({})
    (root / "mlsec-lint.toml").write_bytes(text)
    with pytest.raises(ConfigError, match=r"^mlsec-lint\.toml: is "):
        load(root)


def test_models_of_the_file_may_not_leave_it_through_a_link(tree: Tree, tmp_path: Path) -> None:
    root = tree({"mlsec-lint.toml": 'models = ["*.toml"]'})
    (tmp_path / "outside.toml").write_text("")
    (root / "link.toml").symlink_to(tmp_path / "outside.toml")
    with pytest.raises(ConfigError, match="symbolic link"):
        load(root)


def test_models_of_the_command_line_may_lie_anywhere(tree: Tree, tmp_path: Path) -> None:
    root = tree({})
    outside = tmp_path / "outside.toml"
    outside.write_text("")
    assert load(root, Overrides(models=(str(outside),))).models == (outside,)
    assert [path.resolve() for path in load(root, Overrides(models=("../*.toml",))).models] == [outside.resolve()]


@pytest.mark.parametrize("selector", ["MLS101", "unsafe-torch-load", "MLS1", "MLS", "M"])
def test_codes_slugs_and_prefixes_of_codes_are_selectors(tree: Tree, selector: str) -> None:
    config = load(tree({}), Overrides(select=(selector,)))
    validate_selectors(config, KNOWN)


@pytest.mark.parametrize("selector", ["MLS9", "unsafe", "mls101", "", "ALL"])
def test_a_selector_that_means_no_rule_is_an_error(tree: Tree, selector: str) -> None:
    config = load(tree({}), Overrides(ignore=(selector,)))
    with pytest.raises(ConfigError, match=r"^command line: --ignore: no rule"):
        validate_selectors(config, KNOWN)


def test_a_wrong_selector_names_the_nearest_rule_and_its_place(tree: Tree) -> None:
    root = tree({"mlsec-lint.toml": '[per-file-ignores]\n"a.py" = ["unsafe-torch-laod"]\n'})
    with pytest.raises(ConfigError) as caught:
        validate_selectors(load(root), KNOWN)
    assert str(caught.value) == (
        'mlsec-lint.toml: per-file-ignores: "a.py": no rule is called or starts with "unsafe-torch-laod"; '
        'did you mean "unsafe-torch-load"?'
    )


words = st.text("abML1*/!-. ", max_size=8)
values = st.recursive(
    st.booleans() | st.integers(-(2**40), 2**40) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@given(table=st.dictionaries(st.sampled_from([f.encode_name for f in msgspec.structs.fields(RawConfig)]), values))
def test_any_values_give_a_configuration_or_an_error_with_a_key(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, object]
) -> None:
    root = tmp_path_factory.mktemp("any")
    (root / "mlsec-lint.toml").write_text("".join(f"{key} = {toml(value)}\n" for key, value in table.items()))
    key: str | None = None
    try:
        load(root)
    except ConfigError as error:
        key = error.key
    assert key is None or key in table
