"""Whom a run takes for an attacker: chosen, or judged from what the project looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsec_lint.engine.project_facts import project_facts
from mlsec_lint.engine.threat_model import ProjectFacts, judge, threat_model
from mlsec_lint.knowledge.catalogue import load_knowledge
from mlsec_lint.source.manifests import is_manifest

from .conftest import Tree

PACKAGE = '[project]\nname = "x"\n[build-system]\nrequires = ["hatchling"]\n'


def facts(tree: Tree, files: dict[str, str]) -> ProjectFacts:
    """The facts about a tree of these files."""
    root = tree(files)
    sources = [name for name in files if name.endswith(".py")]
    return project_facts(root, sources, [root / name for name in files if is_manifest(name)])


@pytest.mark.parametrize(
    ("installable", "exporting", "has_handlers", "name"),
    [
        (True, False, False, "library"),
        (True, True, True, "library"),
        (False, True, True, "service"),
        (False, False, True, "service"),
        (False, True, False, "library"),
        (False, False, False, "local"),
    ],
)
def test_the_project_suggests_a_model(installable: bool, exporting: bool, has_handlers: bool, name: str) -> None:
    assert judge(ProjectFacts(installable, exporting), has_handlers=has_handlers) == name


@pytest.mark.parametrize(
    ("manifest", "text", "installable"),
    [
        ("pyproject.toml", PACKAGE, True),
        ("pyproject.toml", '[tool.poetry]\nname = "x"\n[build-system]\nrequires = ["poetry-core"]\n', True),
        ("pyproject.toml", '[project]\nname = "x"\n[tool.uv]\npackage = true\n', True),
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = ["torch"]\n', False),
        ("pyproject.toml", PACKAGE + "[tool.poetry]\npackage-mode = false\n", False),
        ("pyproject.toml", PACKAGE + "[tool.uv]\npackage = false\n", False),
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", False),
        ("pyproject.toml", "this is not TOML", False),
        ("setup.py", "from setuptools import setup\nsetup(name='x')\n", True),
        ("setup.py", "", False),
        ("setup.cfg", "[metadata]\nname = x\n", True),
        ("setup.cfg", "[flake8]\nmax-line-length = 100\n", False),
        ("x-1.0.dist-info/METADATA", "Name: x\n", True),
        ("requirements.txt", "torch==2.6\n", False),
    ],
)
def test_some_manifests_describe_what_people_install(tree: Tree, manifest: str, text: str, installable: bool) -> None:
    """The others list what an application needs, or configure a tool."""
    assert facts(tree, {"x/core.py": "", "y.py": "", manifest: text}).installable is installable


def test_a_vendored_package_does_not_make_scripts_a_library(tree: Tree) -> None:
    files = {"third_party/x/pyproject.toml": PACKAGE, "third_party/x/a.py": "", "train.py": "", "evaluate.py": ""}
    assert facts(tree, files) == ProjectFacts()


def test_packages_side_by_side_are_a_library(tree: Tree) -> None:
    files = {"a/pyproject.toml": PACKAGE, "a/a.py": "", "b/setup.py": "setup()", "b/b.py": "", "tools.py": ""}
    assert facts(tree, files).installable


@pytest.mark.parametrize(
    "init",
    [
        "from .core import load",
        '__all__ = ["load"]',
        "from x.core import (\n    load,\n)",
        "def __getattr__(name): ...",
    ],
)
@pytest.mark.parametrize("folder", ["", "x/", "src/x/"])
def test_a_package_that_offers_names_is_made_to_be_imported(tree: Tree, folder: str, init: str) -> None:
    files = {
        f"{folder}__init__.py": init,
        f"{folder}core.py": "",
        f"{folder}sub/__init__.py": "",
        f"{folder}sub/a.py": "",
    }
    assert facts(tree, files) == ProjectFacts(exporting=True)


@pytest.mark.parametrize(
    "files",
    [
        {"x/__init__.py": '"""Ours."""\n__version__ = "1"\n', "x/core.py": ""},
        {"models/__init__.py": "from .resnet import ResNet", "models/resnet.py": "", "train.py": ""},
        {"train.py": ""},
        {},
    ],
    ids=["no names", "scripts beside it", "a script", "nothing"],
)
def test_other_trees_are_not(tree: Tree, files: dict[str, str]) -> None:
    assert facts(tree, files) == ProjectFacts()


def test_a_folder_of_scripts_inside_a_package_belongs_to_it(tree: Tree) -> None:
    files = {"x/__init__.py": "from .core import load", "x/core.py": "", "x/data/scripts/convert.py": ""}
    assert facts(tree, files).exporting


def test_one_file_of_a_package_is_judged_as_the_package(tree: Tree) -> None:
    """An editor scans the file that is open, and must not come to another result."""
    root = tree({"x/__init__.py": "from .core import load", "x/core.py": ""})
    assert project_facts(root, ["x/core.py"], []) == ProjectFacts(exporting=True)


def test_a_choice_outweighs_the_project_and_is_stated_as_one() -> None:
    models = load_knowledge().threat_models
    chosen = threat_model(models, "local", ProjectFacts(installable=True), has_handlers=True)
    assert (chosen.name, chosen.stated) == ("local", "local")
    judged = threat_model(models, None, ProjectFacts(installable=True), has_handlers=True)
    assert (judged.name, judged.stated) == ("library", "library (judged from the project)")


def test_the_models_differ_in_the_people_nearby() -> None:
    """What comes from another machine is untrusted whatever the program is."""
    knowledge = load_knowledge()
    untrusted = {name: set(model.untrusted) for name, model in knowledge.threat_models.items()}
    remote = {name for name, origin in knowledge.origins.items() if origin.trust >= knowledge.origins["hub"].trust}
    assert untrusted == {
        "service": remote,
        "local": remote | {"argv", "stdin"},
        "library": remote | {"argv", "stdin", "caller"},
    }


def test_the_page_says_what_the_data_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "threat-models.md").read_text("utf-8")
    for name, model in load_knowledge().threat_models.items():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.endswith(f"| {model.phrase} |")
