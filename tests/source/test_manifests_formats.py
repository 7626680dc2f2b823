"""Each format: what is read from it, and on which line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlsec_lint.domain.errors import KnowledgeError
from mlsec_lint.source.manifests import read_conda_names
from mlsec_lint.source.manifests.dialects import conda_specifiers, poetry_specifiers
from mlsec_lint.source.manifests.files import ManifestFiles
from mlsec_lint.source.manifests.names import Scope

CONDA_NAMES = {"pytorch": "torch"}


def read(root: Path, name: str, content: str) -> list[tuple[str, str, int]]:
    """Package, specifier and line of every claim of a manifest."""
    return [(package, specifier, line) for package, specifier, line, _ in read_scoped(root, name, content)]


def read_scoped(root: Path, name: str, content: str) -> list[tuple[str, str, int, Scope]]:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content, encoding="utf-8")
    files = ManifestFiles(root, CONDA_NAMES)
    found = [
        (claim.statement.package, str(claim.statement.specifier), claim.statement.line, claim.scope)
        for _, claim in files.claims(name)
    ]
    assert files.problems() == ()
    return found


def test_requirements_with_everything_that_pip_takes(tmp_path: Path) -> None:
    content = """\
# a comment
--index-url https://example.org/simple
-e git+https://example.org/x.git#egg=x
torch == 2.5.1+cu121 \\
    --hash=sha256:0000 \\
    --hash=sha256:1111
Num_Py[extra]>=1.20,<2  # a comment
scipy \\
  >=1.0 ; python_version < "3.12"

git+https://example.org/y.git@v1
./local
transformers @ https://example.org/transformers-4.50.0-py3-none-any.whl#sha256=00
https://example.org/whl/cu117/torchvision-0.15.0%2Bcu117-cp310-cp310-linux_x86_64.whl
keras @ git+https://example.org/keras.git@v3
"""
    assert read(tmp_path, "requirements.txt", content) == [
        ("torch", "==2.5.1+cu121", 4),
        ("num-py", "<2,>=1.20", 7),
        ("scipy", ">=1.0", 8),
        ("transformers", "==4.50.0", 13),
        ("torchvision", "==0.15.0+cu117", 14),
        ("keras", "", 15),
    ]


def test_requirements_include_others(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/base").write_text("torch==2.5\n-c ../pins.txt\n-r base\n", encoding="utf-8")
    (tmp_path / "pins.txt").write_text("numpy==1.0\n-r requirements.txt", encoding="utf-8")
    assert read(tmp_path, "requirements.txt", "--requirement=sub/base\n") == [
        ("torch", "==2.5", 1),
        ("numpy", "==1.0", 1),
    ]


def test_what_a_development_file_includes_is_for_development_there(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch==2.5\n", encoding="utf-8")
    found = read_scoped(tmp_path, "requirements-dev.txt", "-r requirements.txt\npytest\n")
    assert {scope for *_, scope in found} == {Scope.DEVELOPMENT}


def test_an_exported_conda_list_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "requirements.txt", "pytorch=2.1.0=py3.10_cuda11.8_0\n") == [("torch", "==2.1.0", 1)]


def test_requirements_in_utf_16_are_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("torch==2.5\r\n".encode("utf-16"))
    claims = list(ManifestFiles(tmp_path, {}).claims("requirements.txt"))
    assert [str(claim.statement.specifier) for _, claim in claims] == ["==2.5"]


def test_pyproject_with_the_tables_of_every_tool(tmp_path: Path) -> None:
    content = """\
[project]
dependencies = [
  "torch>=2.0",
  'numpy<2',
]
[project.optional-dependencies]
gpu = ["torch>=2.6"]
docs = ["sphinx==7"]
[dependency-groups]
train = ["lightning>=2", {include-group = "Base.Group"}, {include-group = "missing"}]
base-group = ["keras==3.1"]
[tool.uv]
dev-dependencies = ["pytest==8"]
constraint-dependencies = ["scipy<2"]
[tool.pdm.dev-dependencies]
test = ["joblib==1.0"]
[tool.hatch.envs.default]
dependencies = ["dill==0.3"]
"""
    assert read_scoped(tmp_path, "pyproject.toml", content) == [
        ("torch", ">=2.0", 3, Scope.MAIN),
        ("numpy", "<2", 4, Scope.MAIN),
        ("torch", ">=2.6", 7, Scope.OPTIONAL),
        ("sphinx", "==7", 8, Scope.DEVELOPMENT),
        ("lightning", ">=2", 10, Scope.OPTIONAL),
        ("keras", "==3.1", 11, Scope.OPTIONAL),
        ("keras", "==3.1", 11, Scope.OPTIONAL),
        ("scipy", "<2", 14, Scope.MAIN),
        ("pytest", "==8", 13, Scope.DEVELOPMENT),
        ("joblib", "==1.0", 16, Scope.DEVELOPMENT),
        ("dill", "==0.3", 18, Scope.DEVELOPMENT),
    ]


def test_pyproject_of_poetry(tmp_path: Path) -> None:
    content = """\
[tool.poetry.dependencies]
python = "^3.10"
torch = "^2.1"
numpy = {version = "~1.24", optional = true}
keras = [
  {version = "2.15", python = "<3.12"},
  {version = ">=3", python = ">=3.12"},
]
mine = {path = "../mine"}
scipy = "^1.0 || ^2.0"
[tool.poetry.group.train.dependencies]
joblib = "*"
[tool.poetry.group.dev.dependencies.dill]
version = "==0.3.8"
"""
    assert read_scoped(tmp_path, "pyproject.toml", content) == [
        ("torch", "<3,>=2.1", 3, Scope.MAIN),
        ("numpy", "<1.25,>=1.24", 4, Scope.OPTIONAL),
        ("keras", "==2.15", 5, Scope.MAIN),
        ("keras", ">=3", 5, Scope.MAIN),
        ("mine", "", 9, Scope.MAIN),
        ("scipy", "<2,>=1.0", 10, Scope.MAIN),
        ("scipy", "<3,>=2.0", 10, Scope.MAIN),
        ("joblib", "", 12, Scope.OPTIONAL),
        ("dill", "==0.3.8", 13, Scope.DEVELOPMENT),
    ]


def test_pyproject_that_takes_its_requirements_from_files(tmp_path: Path) -> None:
    (tmp_path / "reqs.in").write_text("torch==2.5\n", encoding="utf-8")
    content = '[tool.setuptools.dynamic]\ndependencies = {file = ["reqs.in"]}\n'
    assert read(tmp_path, "pyproject.toml", content) == [("torch", "==2.5", 1)]


def test_setup_cfg(tmp_path: Path) -> None:
    content = """\
[metadata]
name = x
[options]
install_requires =
    torch>=2.0 ; python_version >= "3.8"
    # a comment
    numpy
[options.extras_require]
dev = pytest==8
Train =
    keras~=3.0
"""
    assert read_scoped(tmp_path, "setup.cfg", content) == [
        ("torch", ">=2.0", 5, Scope.MAIN),
        ("numpy", "", 7, Scope.MAIN),
        ("pytest", "==8", 9, Scope.DEVELOPMENT),
        ("keras", "~=3.0", 11, Scope.OPTIONAL),
    ]


def test_setup_py_is_read_and_not_run(tmp_path: Path) -> None:
    content = """\
import setuptools
raise SystemExit("must not run")
print "Python 2"
BASE = ["torch>=2.0", "num" "py<2"]
BASE += ("scipy==1.0",)
EXTRAS = {"dev": ["pytest==8"]}
EXTRAS["train"] = BASE + [f"keras=={version}", "joblib==1.4"]
if __name__ == "__main__":
    setuptools.setup(
        name="x",
        install_requires=list(BASE) + read_requirements(),
        extras_require={**EXTRAS, "all": ["dill==0.3"]},
    )
"""
    found = read_scoped(tmp_path, "setup.py", content)
    assert [each for each in found if each[3] is Scope.MAIN] == [
        ("torch", ">=2.0", 4, Scope.MAIN),
        ("numpy", "<2", 4, Scope.MAIN),
        ("scipy", "==1.0", 5, Scope.MAIN),
    ]
    assert ("pytest", "==8", 6, Scope.DEVELOPMENT) in found
    assert ("joblib", "==1.4", 7, Scope.OPTIONAL) in found
    assert ("dill", "==0.3", 12, Scope.OPTIONAL) in found
    assert "keras" not in {package for package, *_ in found}


def test_setup_py_with_keyword_arguments_in_a_dictionary(tmp_path: Path) -> None:
    content = """\
install_requires = \\
['torch>=2.0,<3.0']
setup_kwargs = {
    'name': 'x',
    'install_requires': install_requires,
}
setup(**setup_kwargs)
"""
    assert read(tmp_path, "setup.py", content) == [("torch", "<3.0,>=2.0", 2)]


def test_setup_py_with_a_block_of_text(tmp_path: Path) -> None:
    content = 'setup(install_requires="""\n  torch>=2.0\n  numpy\n""")\n'
    assert read(tmp_path, "setup.py", content) == [("torch", ">=2.0", 2), ("numpy", "", 3)]


def test_pipfile(tmp_path: Path) -> None:
    content = '[packages]\ntorch = "==2.5"\nnumpy = "*"\nkeras = {version = ">=3", markers = "os_name == \'nt\'"}\n'
    content += '[dev-packages]\npytest = "~=8.0"\n'
    assert read_scoped(tmp_path, "Pipfile", content) == [
        ("torch", "==2.5", 2, Scope.MAIN),
        ("numpy", "", 3, Scope.MAIN),
        ("keras", ">=3", 4, Scope.MAIN),
        ("pytest", "~=8.0", 6, Scope.DEVELOPMENT),
    ]


def test_pipfile_lock(tmp_path: Path) -> None:
    data: dict[str, object] = {
        "_meta": {"sources": 1},
        "default": {"torch": {"hashes": ["sha256:00"], "version": "==2.5.1"}, "x": {"path": "."}},
        "develop": {"torch": {"version": "==2.0"}, "pytest": {"version": "==8.0"}},
    }
    assert read(tmp_path, "Pipfile.lock", json.dumps(data, indent=4)) == [
        ("torch", "==2.5.1", 6),
        ("x", "", 12),
        ("pytest", "==8.0", 20),
    ]


def test_conda_environment(tmp_path: Path) -> None:
    content = """\
name: x
channels:
  - pytorch
dependencies:
  - python=3.10
  - pytorch::pytorch=2.1  # a comment
  - "numpy>=1.20,<2"
  - scipy 1.10.*
  - dill=0.3.6=py310_0
  - joblib[version='>=1.3']
  - pip
  - pip:
    - keras==3.1
    - --extra-index-url https://example.org/simple
  - pandas
variables:
  - torch==1.0
"""
    assert read(tmp_path, "environment.yml", content) == [
        ("python", "==3.10.*", 5),
        ("torch", "==2.1.*", 6),
        ("numpy", "<2,>=1.20", 7),
        ("scipy", "==1.10.*", 8),
        ("dill", "==0.3.6", 9),
        ("joblib", ">=1.3", 10),
        ("pip", "", 11),
        ("keras", "==3.1", 13),
        ("pandas", "", 15),
    ]


def test_conda_environment_with_items_at_the_margin(tmp_path: Path) -> None:
    assert read(tmp_path, "conda.yaml", "dependencies:\n- pytorch==2.1\n- pip:\n  - keras==3.1\n- dill\n") == [
        ("torch", "==2.1", 2),
        ("keras", "==3.1", 4),
        ("dill", "", 5),
    ]


@pytest.mark.parametrize("margin", ["", "  "])
def test_conda_lock(tmp_path: Path, margin: str) -> None:
    entries = """\
- name: pytorch
  version: 2.1.0
  manager: conda
  dependencies:
    version: '>=1'
    name: x
- category: main
  dependencies: {}
  manager: pip
  name: keras
  version: '3.1'
"""
    content = "version: 1\nmetadata:\n  channels:\n  - url: x\npackage:\n"
    content += "".join(margin + line + "\n" for line in entries.splitlines())
    assert read(tmp_path, "conda-lock.yml", content) == [("torch", "==2.1.0", 6), ("keras", "==3.1", 12)]


@pytest.mark.parametrize(
    ("name", "array"), [("uv.lock", "package"), ("poetry.lock", "package"), ("pylock.toml", "packages")]
)
def test_toml_locks(tmp_path: Path, name: str, array: str) -> None:
    content = f"""\
# generated
version = 1
[[{array}]]
name = "torch"
version = "2.5.1+cu121"
source = {{ registry = "https://example.org/simple" }}
dependencies = [
    {{ name = "numpy" }},
]

[{array}.dependencies]
name = "not-a-package"
version = "1.0"

[[{array}]]
name = "NumPy"
version = "1.26.4"

[metadata]
version = "9"
"""
    assert read_scoped(tmp_path, name, content) == [
        ("torch", "==2.5.1+cu121", 4, Scope.LOCK),
        ("numpy", "==1.26.4", 16, Scope.LOCK),
    ]


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("^1.2.3", (">=1.2.3,<2",)),
        ("^0.2.3", (">=0.2.3,<0.3",)),
        ("^0.0.3", (">=0.0.3,<0.0.4",)),
        ("^0.0", (">=0.0,<0.1",)),
        ("^0", (">=0,<1",)),
        ("~1.2.3", (">=1.2.3,<1.3",)),
        ("~1", (">=1,<2",)),
        ("~=1.2", ("~=1.2",)),
        ("1.2.*", ("==1.2.*",)),
        ("1.2.3", ("==1.2.3",)),
        (">= 1.2, < 2", (">=1.2,<2",)),
        (">=1.2 <2", (">=1.2,<2",)),
        ("*", ()),
        ("^1 || *", ()),
        ("^1.0 | ^2.0", (">=1.0,<2", ">=2.0,<3")),
    ],
)
def test_poetry_constraints(constraint: str, expected: tuple[str, ...]) -> None:
    assert poetry_specifiers(constraint) == expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("=1.2", ("==1.2.*",)),
        ("==1.2", ("==1.2",)),
        (" 1.2", ("==1.2",)),
        ("=1.2.*", ("==1.2.*",)),
        ("=1.2=py_0", ("==1.2",)),
        (">=1.2, <2", (">=1.2,<2",)),
        (" >= 1.2", (">=1.2",)),
        ("1.2.*|1.4.*", ("==1.2.*", "==1.4.*")),
        ("", ()),
        ("*", ()),
    ],
)
def test_conda_constraints(constraint: str, expected: tuple[str, ...]) -> None:
    assert conda_specifiers(constraint) == expected


def test_the_table_of_conda_names_is_read() -> None:
    table = Path(__file__).parents[2] / "rules/_facts/conda_names.toml"
    assert read_conda_names(table)["pytorch"] == "torch"


def test_a_mistake_in_the_table_of_conda_names_is_named(tmp_path: Path) -> None:
    table = tmp_path / "conda_names.toml"
    table.write_text("[names]\npytorch = 1\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"conda_names\.toml: names\.pytorch: must be a string"):
        read_conda_names(table)
