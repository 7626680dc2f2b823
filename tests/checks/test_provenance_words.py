"""What a report says of where the data came from, and how severe that makes it, as a user of the engine meets it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from mlsec_lint.domain.finding import Finding
from mlsec_lint.engine.config import Overrides, load_config
from mlsec_lint.engine.run import Request, run


def findings(folder: Path, program: str, name: str) -> tuple[Finding, ...]:
    """The findings of the default profile in one file of a project that states no versions."""
    (folder / name).write_text(textwrap.dedent(program), "utf-8")
    config = load_config(folder, config_file=None, isolated=True, overrides=Overrides(profile="default"))
    result = run(Request((folder,), config)).result
    assert [str(problem) for problem in result.problems] == []
    return result.findings


LITERAL = "a path written in the code"
OWN_FILE = "a file that ships with the package"
TEST = "a value that a test was given"
SETTING = "a value from a configuration file"
ENVIRONMENT = "a value from the environment"
ARGUMENTS = "a value from the command line"
UNKNOWN = "data of unknown origin"
CALLER = "an argument that the caller chooses"
HUB = "a file downloaded from a model hub"
NETWORK = "data downloaded from the network"
MESSAGE = "a message from a queue or a socket"
REQUEST = "data from a remote request"

# Each: a program with one load, the severity, and the words about its origin.
LOADS = {
    "literal path": (
        """
        import pickle
        def vocabulary():
            return pickle.load(open("vocabulary.pkl", "rb"))
        """,
        "low",
        LITERAL,
    ),
    "literal path in two parts": (
        """
        import os, torch
        def weights():
            return torch.load(os.path.join("models", "best.pt"), weights_only=False)
        """,
        "low",
        LITERAL,
    ),
    "beside the module": (
        """
        import pickle
        from pathlib import Path
        HERE = Path(__file__).resolve().parent
        def vocabulary():
            return pickle.load((HERE / "vocabulary.pkl").open("rb"))
        """,
        "low",
        OWN_FILE,
    ),
    "address": (
        """
        import pandas as pd
        def features():
            return pd.read_pickle("https://data.example.org/features.pkl")
        """,
        "high",
        NETWORK,
    ),
    "address with a version": (
        """
        import pandas as pd
        def features(version):
            return pd.read_pickle(f"https://data.example.org/{version}.pkl")
        """,
        "high",
        NETWORK,
    ),
    "downloaded bytes": (
        """
        import pickle, requests
        def features(url):
            return pickle.loads(requests.get(url, timeout=10).content)
        """,
        "high",
        NETWORK,
    ),
    "downloaded through a session": (
        """
        import pickle, requests
        def features(url):
            with requests.Session() as session:
                return pickle.load(session.get(url, stream=True).raw)
        """,
        "high",
        NETWORK,
    ),
    "downloaded to a file": (
        """
        import torch
        from urllib.request import urlretrieve
        def weights(url):
            urlretrieve(url, "model.pt")
            return torch.load("model.pt", weights_only=False)
        """,
        "high",
        NETWORK,
    ),
    "written, then overwritten by a download": (
        """
        import requests, torch
        def weights(model, url, path):
            torch.save(model, path)
            with open(path, "wb") as stream:
                stream.write(requests.get(url, timeout=10).content)
            return torch.load(path, weights_only=False)
        """,
        "high",
        NETWORK,
    ),
    "written, then replaced by a file of the caller": (
        """
        import shutil, torch
        def weights(model, published, path):
            torch.save(model, path)
            shutil.copy(published, path)
            return torch.load(path, weights_only=False)
        """,
        "medium",
        CALLER,
    ),
    "file of a hub": (
        """
        import torch
        from huggingface_hub import hf_hub_download
        def weights():
            path = hf_hub_download("example-lab/m", "m.pt", revision="0123456789abcdef0123456789abcdef01234567")
            return torch.load(path, weights_only=False)
        """,
        "low",
        HUB,
    ),
    "file of a downloaded repository": (
        """
        import os, torch
        from huggingface_hub import snapshot_download
        def weights():
            folder = snapshot_download("example-lab/m", revision="0123456789abcdef0123456789abcdef01234567")
            return torch.load(os.path.join(folder, "m.pt"), weights_only=False)
        """,
        "low",
        HUB,
    ),
    "socket": (
        """
        import pickle, socket
        def receive():
            connection = socket.create_connection(("worker", 9000))
            return pickle.loads(connection.recv(4096))
        """,
        "high",
        MESSAGE,
    ),
    "body of a request": (
        """
        import pickle
        from flask import request
        def predict():
            return pickle.loads(request.data)
        """,
        "critical",
        REQUEST,
    ),
    "decoded cookie": (
        """
        import pickle
        from base64 import b64decode
        from flask import request
        def session():
            return pickle.loads(b64decode(request.cookies.get("session")))
        """,
        "critical",
        REQUEST,
    ),
    "upload saved and loaded": (
        """
        import torch
        from flask import request
        def replace_model():
            request.files["model"].save("/tmp/model.pt")
            return torch.load("/tmp/model.pt", weights_only=False)
        """,
        "critical",
        REQUEST,
    ),
    "upload copied and loaded": (
        """
        import shutil, torch
        from fastapi import FastAPI, UploadFile
        app = FastAPI()
        @app.post("/models")
        def replace_model(file: UploadFile):
            with open("/tmp/model.pt", "wb") as stream:
                shutil.copyfileobj(file.file, stream)
            return torch.load("/tmp/model.pt", weights_only=False)
        """,
        "critical",
        REQUEST,
    ),
    "option of argparse": (
        """
        import argparse, torch
        def main():
            parser = argparse.ArgumentParser()
            parser.add_argument("--checkpoint")
            options = parser.parse_args()
            return torch.load(options.checkpoint, weights_only=False)
        """,
        "medium",
        ARGUMENTS,
    ),
    "first of the known options": (
        """
        import argparse, torch
        def main():
            options, rest = argparse.ArgumentParser().parse_known_args()
            return torch.load(options.checkpoint, weights_only=False)
        """,
        "medium",
        ARGUMENTS,
    ),
    "argument of the program": (
        """
        import pickle, sys
        def main():
            return pickle.load(open(sys.argv[1], "rb"))
        """,
        "medium",
        ARGUMENTS,
    ),
    "variable of the environment": (
        """
        import os, pickle
        def model():
            return pickle.load(open(os.environ["MODEL_PATH"], "rb"))
        """,
        "medium",
        ENVIRONMENT,
    ),
    "variable with a default": (
        """
        import os, torch
        def model():
            return torch.load(os.getenv("MODEL_PATH", "model.pt"), weights_only=False)
        """,
        "medium",
        ENVIRONMENT,
    ),
    "parameter": (
        """
        import pickle
        def read(path):
            return pickle.load(open(path, "rb"))
        """,
        "medium",
        CALLER,
    ),
    "what a function of another library gives": (
        """
        import pickle
        from feature_store import latest
        def features():
            return pickle.loads(latest())
        """,
        "medium",
        UNKNOWN,
    ),
    "another file than was written": (
        """
        import torch
        def check(model, path, other):
            torch.save(model, path)
            return torch.load(other, weights_only=False)
        """,
        "medium",
        CALLER,
    ),
    "name in a configuration": (
        """
        import importlib, yaml
        def build(path):
            with open(path) as stream:
                settings = yaml.safe_load(stream)
            return importlib.import_module(settings["module"])
        """,
        "medium",
        SETTING,
    ),
    "name in a field that holds a configuration": (
        """
        import importlib, json
        class Factory:
            def __init__(self, path):
                self.settings = json.load(open(path))
            def build(self):
                return importlib.import_module(self.settings["module"])
        """,
        "medium",
        SETTING,
    ),
    "either of a literal and a download": (
        """
        import pickle, requests
        def features(url=None):
            if url:
                payload = requests.get(url, timeout=10).content
            else:
                payload = open("features.pkl", "rb").read()
            return pickle.loads(payload)
        """,
        "high",
        NETWORK,
    ),
}


@pytest.mark.parametrize(("program", "severity", "phrase"), LOADS.values(), ids=LOADS)
def test_the_least_trusted_origin_decides_the_severity_and_the_words(
    tmp_path: Path, program: str, severity: str, phrase: str
) -> None:
    (found,) = findings(tmp_path, program, "loading.py")
    assert phrase in found.message
    assert found.severity.label == severity


def test_the_same_load_is_low_where_only_a_test_calls_it(tmp_path: Path) -> None:
    program = """
    import torch
    def test_restores(checkpoint):
        assert torch.load(checkpoint, weights_only=False)
    """
    (found,) = findings(tmp_path, program, "test_restore.py")
    assert TEST in found.message
    assert found.severity.label == "low"


# Each reads what it wrote, or what stands in the code.
HARMLESS = {
    "buffer": """
        import io, pickle
        def copy(obj):
            buffer = io.BytesIO()
            pickle.dump(obj, buffer)
            buffer.seek(0)
            return pickle.load(buffer)
        """,
    "bytes": """
        import pickle
        def copy(obj):
            return pickle.loads(pickle.dumps(obj))
        """,
    "file": """
        import torch
        def check(model, folder):
            torch.save(model, f"{folder}/model.pt")
            return torch.load(f"{folder}/model.pt", weights_only=False)
        """,
    "content in the code": """
        import pickle
        def nothing():
            return pickle.loads(b"N.")
        """,
    "name in a table of the code": """
        import importlib, yaml
        KNOWN = {"text": "json"}
        def build(path):
            return importlib.import_module(KNOWN[yaml.safe_load(open(path))["format"]])
        """,
}


@pytest.mark.parametrize("program", HARMLESS.values(), ids=HARMLESS)
def test_a_round_trip_of_its_own_is_silent(tmp_path: Path, program: str) -> None:
    assert findings(tmp_path, program, "loading.py") == ()
