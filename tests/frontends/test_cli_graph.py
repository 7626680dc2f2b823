"""The command that shows flows and calls as graphs.

What the analysis finds is put in here: how it finds flows and calls is tested where it does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from mlsec_lint.domain.finding import Flow, Location, Step
from mlsec_lint.engine import run as engine
from mlsec_lint.report.graph_formats import FORMATS

from .conftest import Cli, Tree
from .runner import SAFE, UNSAFE

FLOW = Flow(
    "request",
    (
        Step(Location("api.py", 3, 9, 3, 13), "received as name", "def predict(name):", "source", "predict"),
        Step(Location("api.py", 4, 5, 4, 18), "passed to restore", "restore(name)", "step", "predict"),
        Step(Location("a.py", 5, 12, 5, 30), "loaded", "torch.load(path)", "sink", "restore"),
    ),
)
MAIN = """\
from app.store import Store

def serve(path):
    return Store(path).read()

serve("a.pkl")
"""
STORE = """\
import pickle

class Store:
    def __init__(self, path):
        self.path = path

    def read(self):
        return pickle.load(open(self.path, "rb"))
"""
CALLS = (("api", "api.predict"), ("api.predict", "a.restore"), ("a.restore", "torch.load"))


@pytest.fixture
def flows(monkeypatch: pytest.MonkeyPatch, tree: Tree) -> Callable[[], engine.Request]:
    """A project whose one finding has a flow, and whose calls are known; gives the request that was made."""
    tree({"a.py": UNSAFE})
    real, requests = engine.run, list[engine.Request]()

    def run(request: engine.Request, progress: Callable[[int, int], None] | None = None) -> engine.Run:
        requests.append(request)
        done = real(request, progress)
        findings = tuple(replace(finding, flow=FLOW) for finding in done.result.findings)
        return replace(done, result=replace(done.result, findings=findings), calls=CALLS if request.calls else ())

    monkeypatch.setattr(engine, "run", run)
    return lambda: requests[-1]


@pytest.mark.usefixtures("flows")
class TestFlows:
    def test_text_is_the_default(self, cli: Cli) -> None:
        code, out, err = cli("graph")
        assert (code, err) == (0, "")
        assert out == (
            "a.py:5:12: loaded [sink] | torch.load(path)\n"
            "api.py:3:9: received as name [source] | def predict(name):\n"
            "  -> api.py:4:5: passed to restore (request)\n"
            "api.py:4:5: passed to restore | restore(name)\n"
            "  -> a.py:5:12: loaded (request)\n"
        )

    @pytest.mark.parametrize("format_", FORMATS)
    def test_every_format_is_offered(self, cli: Cli, format_: str) -> None:
        code, out, err = cli("graph", "--format", format_)
        assert (code, err) == (0, "")
        assert "received as name" in out

    def test_the_graph_may_go_to_a_file(self, cli: Cli, tree: Tree) -> None:
        root = tree({})
        assert cli("graph", "--format", "svg", "--output", "flows.svg") == (0, "", "")
        assert (root / "flows.svg").read_text("utf-8").startswith("<svg ")

    def test_a_slice_lies_between_two_places(self, cli: Cli) -> None:
        done = cli("graph", "--format", "json", "--from", "api.py:4", "--to", "restore")
        assert [node["label"] for node in json.loads(done.out)["nodes"]] == ["loaded", "passed to restore"]

    def test_where_no_path_leads_the_graph_is_empty_and_that_is_told(self, cli: Cli) -> None:
        assert cli("graph", "--from", "restore", "--to", "predict") == (
            0,
            "",
            "mlsec-lint: no path leads from --from to --to; the graph is empty\n",
        )

    def test_quiet_tells_nothing(self, cli: Cli) -> None:
        assert cli("graph", "-q", "--from", "restore", "--to", "predict") == (0, "", "")

    def test_one_finding_may_be_chosen(self, cli: Cli) -> None:
        fingerprint = json.loads(cli("check", "--format", "json").out)["findings"][0]["fingerprint"]
        assert cli("graph", "--finding", fingerprint).out == cli("graph", "--finding", "a.py:5").out == cli("graph").out

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--from", "nowhere"), "--from: nothing in the graph is called nowhere"),
            (("--to", "nowhere"), "--to: nothing in the graph is called nowhere"),
            (("--finding", "a.py:4"), "--finding: no finding of this run is a.py:4"),
            (("--finding", "a.py:5", "--calls"), "leave it out with --calls"),
            (("--output", "absent/a.svg"), "absent/a.svg: the folder does not exist"),
            (("--format", "png"), "'png' is not one of"),
            (("--threat-model", "web"), "'web' is not one of"),
            (("absent.py",), "no such file"),
        ],
    )
    def test_what_cannot_be_meant_is_an_error(self, cli: Cli, options: tuple[str, ...], told: str) -> None:
        code, out, err = cli("graph", *options)
        assert (code, out) == (2, "")
        assert told in err


class TestCalls:
    def test_json_is_an_object_from_caller_to_callees(self, cli: Cli, flows: Callable[[], engine.Request]) -> None:
        done = cli("graph", "--calls", "--format", "json")
        assert json.loads(done.out) == {
            "a.restore": ["torch.load"],
            "api": ["api.predict"],
            "api.predict": ["a.restore"],
            "torch.load": [],
        }
        assert flows().calls

    @pytest.mark.usefixtures("flows")
    def test_a_slice_is_named_by_definitions(self, cli: Cli) -> None:
        assert cli("graph", "--calls", "--from", "predict", "--to", "a.restore").out == (
            "a.restore\napi.predict\n  -> a.restore\n"
        )

    def test_what_a_project_calls_is_worked_out(self, cli: Cli, tree: Tree) -> None:
        tree({"app/__init__.py": "", "app/main.py": MAIN, "app/store.py": STORE})
        done = cli("graph", "--calls", "--format", "json")
        assert (done.code, done.err) == (0, "")
        assert json.loads(done.out) == {
            "<builtin>.open": [],
            "app.main": ["app.main.serve"],
            "app.main.serve": ["app.store.Store.__init__", "app.store.Store.read"],
            "app.store.Store.__init__": [],
            "app.store.Store.read": ["<builtin>.open", "pickle.load"],
            "pickle.load": [],
        }

    def test_a_project_without_calls_has_an_empty_graph(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": "x = 1\n"})
        assert cli("graph", "--calls") == (0, "", "mlsec-lint: no call was found; the graph is empty\n")

    def test_calls_are_asked_for_only_if_they_are_shown(self, cli: Cli, flows: Callable[[], engine.Request]) -> None:
        cli("graph")
        assert not flows().calls


class TestWithoutFlows:
    def test_an_empty_graph_is_told(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": SAFE})
        assert cli("graph") == (0, "", "mlsec-lint: no finding with a flow was found; the graph is empty\n")

    def test_an_empty_graph_is_a_document(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": SAFE})
        done = cli("graph", "-q", "--format", "json")
        assert (done.code, json.loads(done.out)) == (0, {"version": 1, "nodes": [], "edges": []})

    def test_what_could_not_be_scanned_is_told(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": SAFE, "b.py": b"\0"})
        done = cli("graph")
        assert done.code == 0
        assert done.err.startswith("b.py: error: ")

    def test_settings_of_the_project_count(self, cli: Cli, tree: Tree) -> None:
        tree({"a.py": UNSAFE, "pyproject.toml": '[tool.mlsec-lint]\nthreat-model = "web"\n'})
        code, _, err = cli("graph")
        assert code == 2
        assert 'pyproject.toml: threat-model: no threat model is called "web"' in err
