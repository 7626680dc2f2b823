"""The way of the data that a finding shows: which steps, in which order, and that there always is one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from mlsec_lint.dataflow.flow.tracing import story, tidy
from mlsec_lint.dataflow.flow.tracing.recordings import Recordings
from mlsec_lint.domain.finding import Finding, Step
from mlsec_lint.engine.config import Overrides, load_config
from mlsec_lint.engine.run import Request, run

HEAD = "import pickle\nfrom flask import Flask, request\napp = Flask(__name__)\n"
START = HEAD.count("\n")
"""Lines before the code of a test in its file, so that tests count from 1."""

Shown = list[tuple[int, str]]


def findings(folder: Path, code: str | Mapping[str, str]) -> list[Finding]:
    """The findings with a flow of a program, whose main file starts with the imports of ``HEAD``."""
    files = {"main.py": code} if isinstance(code, str) else dict(code)
    for name, text in files.items():
        head = HEAD if name == "main.py" else ""
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + dedent(text).lstrip("\n"), "utf-8")
    config = load_config(folder, config_file=None, isolated=True, overrides=Overrides())
    return [f for f in run(Request((folder,), config)).result.findings if f.flow is not None]


def steps(folder: Path, code: str | Mapping[str, str]) -> tuple[Step, ...]:
    """The steps of the only finding of a program, checked for what holds for all flows."""
    (finding,) = findings(folder, code)
    assert finding.flow is not None
    found = finding.flow.steps
    assert [step.role for step in found] == ["source", *["step"] * (len(found) - 2), "sink"]
    assert found[-1].location == finding.location
    assert all(step.text and step.code for step in found)
    return found


def shown(folder: Path, code: str | Mapping[str, str]) -> Shown:
    """Line (counted from the test's code) and text of each step."""
    return [
        (s.location.line - (START if s.location.path.endswith("main.py") else 0), s.text) for s in steps(folder, code)
    ]


def test_a_name_on_the_way_is_told_and_a_copy_is_not(tmp_path: Path) -> None:
    code = """
        def handler():
            raw = request.data
            body = raw
            return pickle.loads(body)
    """
    assert shown(tmp_path, code) == [
        (2, "received from flask.request.data"),
        (2, "assigned to raw"),
        (4, "loaded by pickle.loads"),
    ]


def test_each_step_says_where_it_is_and_shows_the_statement(tmp_path: Path) -> None:
    code = """
        class Service:
            def handler(self):
                raw = request.data  # as it comes
                return pickle.loads(raw)
    """
    found = steps(tmp_path, code)
    assert {step.definition for step in found} == {"Service.handler"}
    assert [step.code for step in found] == ["request.data", "raw = request.data", "pickle.loads(raw)"]


def test_a_source_inside_a_helper_is_followed_into_it(tmp_path: Path) -> None:
    code = """
        def fetch():
            answer = request.data
            return answer

        def handler():
            data = fetch()
            return pickle.loads(data)
    """
    assert shown(tmp_path, code) == [
        (2, "received from flask.request.data"),
        (2, "assigned to answer"),
        (6, "returned by fetch() and assigned to data"),
        (7, "loaded by pickle.loads"),
    ]


def test_calls_say_as_which_parameter_the_data_goes_in(tmp_path: Path) -> None:
    code = """
        def outer(one, *, other=None):
            return inner(other)

        def inner(blob):
            return pickle.loads(blob)

        def handler():
            return outer(1, other=request.data)
    """
    assert shown(tmp_path, code) == [
        (8, "received from flask.request.data"),
        (8, "passed to outer() as other"),
        (2, "passed to inner() as blob"),
        (5, "loaded by pickle.loads"),
    ]


def test_fields_show_the_constructor_that_stores_them(tmp_path: Path) -> None:
    code = """
        class Store:
            def __init__(self, path):
                self.path = path

            def load(self):
                with open(self.path, "rb") as stream:
                    return pickle.load(stream)

        def handler():
            store = Store(request.args["path"])
            return store.load()
    """
    assert shown(tmp_path, code) == [
        (10, "received from flask.request.args"),
        (10, "passed to Store() as path"),
        (3, "stored in self.path"),
        (11, "passed to load() in self.path"),
        (6, "passed through open() and assigned to stream"),
        (7, "loaded by pickle.load"),
    ]


def test_a_field_stored_by_one_entry_point_and_read_by_another(tmp_path: Path) -> None:
    code = """
        class Loader:
            def __init__(self, path):
                self.path = path

            def load(self):
                with open(self.path, "rb") as stream:
                    return pickle.load(stream)
    """
    assert shown(tmp_path, code) == [
        (2, "received as parameter path of Loader()"),
        (3, "stored in self.path"),
        (6, "passed through open() and assigned to stream"),
        (7, "loaded by pickle.load"),
    ]


def test_parameters_of_handlers_are_sources(tmp_path: Path) -> None:
    code = """
        import joblib

        @app.get("/load/<path:name>")
        def load(name):
            return joblib.load("/models/" + name)
    """
    found = steps(tmp_path, code)
    assert [(s.location.line - START, s.text) for s in found] == [
        (4, "received as parameter name of load()"),
        (5, "loaded by joblib.load"),
    ]
    assert found[0].code == "def load(name):"


def test_a_function_that_is_handed_to_a_framework(tmp_path: Path) -> None:
    code = """
        def load(blob):
            return pickle.loads(blob)

        app.add_url_rule("/load/<blob>", view_func=load)
    """
    assert shown(tmp_path, code) == [
        (1, "received as parameter blob of load()"),
        (4, "called by way of app.add_url_rule()"),
        (2, "loaded by pickle.loads"),
    ]


def test_closures_capture(tmp_path: Path) -> None:
    code = """
        def handler():
            blob = request.data

            def load():
                return pickle.loads(blob)

            return load()
    """
    assert shown(tmp_path, code) == [
        (2, "received from flask.request.data"),
        (2, "assigned to blob"),
        (4, "captured by load() as blob"),
        (5, "loaded by pickle.loads"),
    ]


def test_keys_of_containers(tmp_path: Path) -> None:
    code = """
        def handler():
            job = {"blob": request.data, "name": "nightly"}
            state = {}
            state["job"] = job
            return pickle.loads(state["job"]["blob"])
    """
    texts = [text for _, text in shown(tmp_path, code)]
    assert texts[:2] == ["received from flask.request.data", 'put under key "blob"']
    assert texts[-1] == "loaded by pickle.loads"


def test_items_that_a_method_adds(tmp_path: Path) -> None:
    code = """
        def handler():
            queue = []
            queue.append(request.data)
            for blob in queue:
                pickle.loads(blob)
    """
    assert shown(tmp_path, code) == [
        (3, "received from flask.request.data"),
        (3, "added to queue"),
        (4, "assigned to blob"),
        (5, "loaded by pickle.loads"),
    ]


def test_an_object_that_a_helper_fills(tmp_path: Path) -> None:
    code = """
        class Job:
            pass

        def fill(job):
            job.blob = request.data

        def handler():
            job = Job()
            fill(job)
            return pickle.loads(job.blob)
    """
    assert shown(tmp_path, code) == [
        (5, "received from flask.request.data"),
        (5, "stored in job.blob"),
        (9, "filled in by fill()"),
        (10, "loaded by pickle.loads"),
    ]


def test_generators_yield(tmp_path: Path) -> None:
    code = """
        def blobs():
            yield request.data

        def handler():
            for blob in blobs():
                pickle.loads(blob)
    """
    assert shown(tmp_path, code) == [
        (2, "received from flask.request.data"),
        (2, "yielded by blobs()"),
        (5, "assigned to blob"),
        (6, "loaded by pickle.loads"),
    ]


def test_exceptions_carry_data(tmp_path: Path) -> None:
    code = """
        def handler():
            try:
                raise ValueError(request.data)
            except ValueError as error:
                return pickle.loads(error)
    """
    texts = [text for _, text in shown(tmp_path, code)]
    assert texts[0] == "received from flask.request.data"
    assert texts[-1] == "loaded by pickle.loads"


def test_decorators_of_the_project(tmp_path: Path) -> None:
    code = """
        import functools

        def logged(function):
            @functools.wraps(function)
            def inner(blob):
                return function(blob)
            return inner

        @logged
        def load(blob):
            return pickle.loads(blob)

        def handler():
            return load(request.data)
    """
    assert shown(tmp_path, code) == [
        (14, "received from flask.request.data"),
        (14, "passed to inner() as blob"),
        (6, "passed to load() as blob"),
        (11, "loaded by pickle.loads"),
    ]


def test_buffers_are_written_and_read(tmp_path: Path) -> None:
    code = """
        import io

        def handler():
            buffer = io.BytesIO()
            buffer.write(request.data)
            buffer.seek(0)
            return pickle.load(buffer)
    """
    assert shown(tmp_path, code) == [
        (5, "received from flask.request.data"),
        (5, "written into buffer"),
        (7, "loaded by pickle.load"),
    ]


def test_methods_that_only_the_caller_can_resolve(tmp_path: Path) -> None:
    code = """
        class Codec:
            def decode(self, blob):
                return pickle.loads(blob)

        def use(codec, text):
            return codec.decode(text.encode())

        def handler():
            return use(Codec(), request.args["text"])
    """
    assert shown(tmp_path, code) == [
        (9, "received from flask.request.args"),
        (9, "passed to use() as text"),
        (6, "passed through text.encode()"),
        (6, "passed to decode() as blob"),
        (3, "loaded by pickle.loads"),
    ]


def test_module_level_sources_name_the_global(tmp_path: Path) -> None:
    files = {
        "settings.py": """
            import os

            MODEL = os.environ["MODEL"]
        """,
        "main.py": """
            import joblib
            from settings import MODEL

            def handler():
                return joblib.load(MODEL)
        """,
    }
    found = steps(tmp_path, files)
    assert [(Path(s.location.path).name, s.text, s.definition) for s in found] == [
        ("settings.py", "received from os.environ", ""),
        ("settings.py", "assigned to the global MODEL", ""),
        ("main.py", "loaded by joblib.load", "handler"),
    ]


def test_several_files(tmp_path: Path) -> None:
    files = {
        "main.py": """
            from registry import Registry

            registry = Registry()

            @app.post("/load")
            def handler():
                return registry.load(request.args["name"])
        """,
        "registry.py": """
            import joblib

            from paths import locate

            class Registry:
                def load(self, name):
                    return joblib.load(locate(name))
        """,
        "paths.py": """
            def locate(name):
                return f"/models/{name}.joblib"
        """,
    }
    found = steps(tmp_path, files)
    assert [(Path(s.location.path).name, s.text) for s in found] == [
        ("main.py", "received from flask.request.args"),
        ("main.py", "passed to load() as name"),
        ("registry.py", "passed through locate()"),
        ("registry.py", "loaded by joblib.load"),
    ]


def test_defaults_keep_data(tmp_path: Path) -> None:
    code = """
        def handler():
            blob = request.data

            def load(kept=blob):
                return pickle.loads(kept)

            return load()
    """
    assert (4, "kept as the default of kept") in shown(tmp_path, code)


def test_recursion_ends(tmp_path: Path) -> None:
    code = """
        def load(blob, depth):
            if depth:
                return load(blob, depth - 1)
            return pickle.loads(blob)

        def handler():
            return load(request.data, 3)
    """
    texts = [text for _, text in shown(tmp_path, code)]
    assert texts[0] == "received from flask.request.data"
    assert set(texts[1:-1]) == {"passed to load() as blob"}
    assert len(texts) <= 4


@pytest.mark.parametrize("length", [10, 60])
def test_long_ways_lose_their_middle(tmp_path: Path, length: int) -> None:
    lines = "\n".join(f"    v{n} = 'x' + v{n - 1}" for n in range(1, length))
    code = f"def handler():\n    v0 = request.args['name']\n{lines}\n    return pickle.load(open(v{length - 1}))\n"
    found = steps(tmp_path, code)
    assert len(found) <= tidy.MOST_STEPS
    assert found[0].text == "received from flask.request.args"


def test_deep_call_chains_still_have_both_ends_and_the_calls(tmp_path: Path) -> None:
    calls = "\n".join(f"def f{n}(x):\n    return f{n + 1}(x)\n" for n in range(11))
    code = f"{calls}\ndef f11(x):\n    return pickle.loads(x)\n\ndef handler():\n    return f0(request.data)\n"
    for finding in findings(tmp_path, code):
        assert finding.flow is not None
        assert finding.flow.steps[0].role == "source"
        assert finding.flow.steps[-1].role == "sink"
        assert len(finding.flow.steps) <= tidy.MOST_STEPS


def test_what_cannot_be_told_falls_back_to_the_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(story.Story, "to", broken)
    code = """
        def load(blob):
            return pickle.loads(blob)

        def handler():
            return load(request.data)
    """
    assert shown(tmp_path, code) == [
        (5, "received from flask.request.data"),
        (5, "passed to load()"),
        (2, "loaded by pickle.loads"),
    ]


def test_bodies_are_recorded_once_for_many_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    original = Recordings._made  # pyright: ignore[reportPrivateUsage]

    def counted(self: Recordings, demand: object) -> object:
        made.append(demand)
        return original(self, demand)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Recordings, "_made", counted)
    loads = "\n".join(f"    pickle.loads(fetch() + b'{n}')" for n in range(40))
    found = findings(tmp_path, f"def fetch():\n    return request.data\n\ndef handler():\n{loads}\n")
    assert len(found) == 40
    assert len(made) == 2


def test_the_same_steps_for_every_hash_seed(tmp_path: Path) -> None:
    code = """
        class Store:
            def __init__(self, path, other):
                self.path, self.other = path, other

            def both(self):
                return {self.path, self.other}

        def handler():
            store = Store(request.args["a"], request.form["b"])
            names = store.both() | {request.headers["c"]}
            for name in names:
                pickle.load(open(name, "rb"))
            return pickle.loads(request.data + request.get_data())
    """
    findings(tmp_path, code)
    command = [sys.executable, "-m", "mlsec_lint", "check", "--isolated", "--format", "json", str(tmp_path)]
    outputs = {
        subprocess.run(
            command, capture_output=True, check=False, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout.partition(b'"statistics"')[0]
        for seed in ("0", "1", "77")
    }
    assert len(outputs) == 1
    assert b"flow" in outputs.pop()


def test_networkx_is_not_needed_where_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import torch\nmodel = torch.nn.Linear(1, 1)\n")
    program = (
        "import sys\n"
        "from mlsec_lint.frontends.main import main\n"
        f"sys.argv = ['mlsec-lint', 'check', '--isolated', {str(tmp_path)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert 'networkx' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
