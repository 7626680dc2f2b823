"""A project with handlers is a service, wherever its handlers are and whatever its flows needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsec_lint.engine import analysis
from mlsec_lint.engine.config import Overrides, load_config
from mlsec_lint.engine.run import Request, run
from tests.dataflow.flow.marked import files_of

SERVICES = {
    "a route": """\
from fastapi import FastAPI
app = FastAPI()

@app.get("/")
def index():
    return {}
""",
    "a route of an application that another module makes": """\
# file: main.py
from flask import Flask
app = Flask(__name__)
# file: views.py
from main import app

@app.route("/")
def index():
    return ""
""",
    "a route in a factory": """\
from flask import Flask

def create_app():
    app = Flask(__name__)

    @app.route("/")
    def index():
        return ""

    return app
""",
    "a function handed over in a body": """\
import gradio as gr

def greet(name):
    return name

def build():
    return gr.Interface(fn=greet, inputs="text", outputs="text")
""",
    "a function assigned to an attribute": """\
import paho.mqtt.client as mqtt

def on_message(client, userdata, message):
    return message.payload

def main():
    client = mqtt.Client()
    client.on_message = on_message
""",
    "a method of a served class": """\
import kserve

class Model(kserve.Model):
    def predict(self, payload, headers=None):
        return payload
""",
    "a decorated class": """\
from ray import serve

@serve.deployment
class Model:
    async def __call__(self, request):
        return await request.json()
""",
    "a task of a queue": """\
from celery import shared_task

@shared_task
def work(name):
    return name
""",
    "a generated service": """\
import store_pb2_grpc

class Servicer(store_pb2_grpc.StoreServicer):
    def Load(self, request, context):
        return request
""",
    "a name with its parameter": """\
def lambda_handler(event, context):
    return event
""",
}

SCRIPTS = {
    "a command": """\
import click

@click.command()
@click.argument("path")
def main(path):
    return path
""",
    "a common name without the parameter": """\
def main():
    return 1

def handle(data):
    return data
""",
    "a served class without the method": """\
import kserve

class Model(kserve.Model):
    def load(self):
        return True
""",
    "a client": """\
import requests
from flask import Flask

def fetch(url):
    return requests.get(url)
""",
}


def model_of(program: str, folder: Path) -> str:
    for name, text in files_of(program).items():
        (folder / name).write_text(text, "utf-8")
    config = load_config(folder, config_file=None, isolated=True, overrides=Overrides())
    return run(Request((folder,), config)).result.statistics.threat_model.partition(" ")[0]


@pytest.fixture(params=[True, False], ids=["composed whole", "on demand"])
def _composed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(analysis, "_SMALL", 0)


@pytest.mark.usefixtures("_composed")
@pytest.mark.parametrize("program", SERVICES.values(), ids=SERVICES.keys())
def test_handlers_make_a_service(program: str, tmp_path: Path) -> None:
    assert model_of(program, tmp_path) == "service"


@pytest.mark.usefixtures("_composed")
@pytest.mark.parametrize("program", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_other_programs_are_scripts(program: str, tmp_path: Path) -> None:
    assert model_of(program, tmp_path) == "local"
