"""Tiny programs, and what the evaluation reports of them in a notation that fits a table.

Programs call ``sink`` of an imaginary library ``probe``; a row of a table says with which values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec
import pytest

from mlsec_lint.dataflow.context import Context
from mlsec_lint.dataflow.events import Event, EventLog
from mlsec_lint.dataflow.units import new_context, observe_function, observe_module
from mlsec_lint.dataflow.values import (
    ClassRef,
    FunctionRef,
    Instance,
    InstanceOf,
    ModuleRef,
    Reference,
    Snapshot,
    Value,
)
from mlsec_lint.knowledge.catalogue import rules_directory
from mlsec_lint.knowledge.index import Knowledge
from mlsec_lint.knowledge.schema import Model, Producer, Sink, Source, TypeOf
from mlsec_lint.knowledge.toml import read_toml
from mlsec_lint.source.project import Project

TABLES = Path(__file__).parent / "tables"
NOWHERE = Path("/nowhere/project")

PROBE = Model(
    library="probe",
    sink=(
        Sink(kind="probe", call=("probe.sink", "probe.Reader.load"), parameters=("value", "flag"), argument="value"),
        Sink(kind="probe", call=("probe.Store.restore",), parameters=("value",), receiver="any"),
        Sink(kind="probe", assign=("probe.settings.trust", "MODE", "os.environ[PROBE]")),
    ),
    source=(
        Source(origin="network", call=("probe.download",)),
        Source(origin="network", call=("probe.fetch",), parameters=("url", "target"), into="target"),
        Source(origin="argv", attribute=("sys.argv",)),
    ),
    producer=(
        Producer(call=("probe.dumps",)),
        Producer(call=("probe.dump",), parameters=("obj", "target"), into="target"),
    ),
    type=(TypeOf(call=("probe.connect",), returns="probe.Reader"),),
)


@lru_cache(maxsize=1)
def probe_knowledge() -> Knowledge:
    """What the shipped catalogue knows of the language and of common helpers, and the library ``probe``."""
    models = rules_directory() / "_models"
    language = [msgspec.convert(read_toml(models / name), Model) for name in ("_language.toml", "_common.toml")]
    knowledge = Knowledge((), {})
    knowledge.add_models([*language, PROBE])
    return knowledge


def project_of(files: Mapping[str, str]) -> Project:
    """A project that exists in memory only."""
    return Project(NOWHERE, files, lambda path: files[path].encode() if path in files else None)


def context_of(files: Mapping[str, str]) -> Context:
    """What evaluations of a project in memory share."""
    return new_context(project_of(files), probe_knowledge())


def events_of(code: str | Mapping[str, str], path: str = "main.py") -> list[Event]:
    """Everything that one module reports, in order of place; other modules of the project are only looked at."""
    files = {path: code} if isinstance(code, str) else code
    return events_in(context_of(files), path)


def events_in(context: Context, path: str) -> list[Event]:
    """Everything that the module at ``path`` reports."""
    module, exit_ = context.project.module(path), context.exit_of(path)
    assert module is not None
    assert exit_ is not None
    log = EventLog()
    observe_module(context, module, log)
    for function in exit_.functions.values():
        if function.body.kind != "lambda":
            observe_function(context, module, function, log)
    return list(log)


def sunk(code: str | Mapping[str, str], path: str = "main.py") -> list[str]:
    """The first argument of every reported call of ``sink``, in the notation of ``show``."""
    return [_first(event) for event in events_of(code, path) if event.name == "probe.sink"]


def _first(event: Event) -> str:
    found = event.arguments.get(("value", "flag"), "value")
    if found is not None:
        return show(found.value)
    return "spread" if event.arguments.may_have(("value", "flag"), "value") else "absent"


def origins(code: str) -> list[set[str]]:
    """The provenance of the first argument of every reported call of ``sink``."""
    found = [event.arguments.get(("value", "flag"), "value") for event in events_of(code) if event.name == "probe.sink"]
    return [set(passed.value.origins) if passed is not None else set() for passed in found]


def show(value: Value) -> str:
    """The possibilities of a value, sorted; ``?`` for anything else: ``'a' | 'b' | ?``."""
    parts = sorted([*map(repr, value.constants), *map(_shown, value.references)])
    return " | ".join([*parts, *(["?"] if value.open else [])]) or "nothing"


def _shown(ref: Reference) -> str:
    if isinstance(ref, FunctionRef):
        return f"def {ref.body.name}"
    if isinstance(ref, ClassRef):
        return f"class {ref.name}"
    if isinstance(ref, InstanceOf):
        return f"{ref.cls.name}()"
    if isinstance(ref, Instance):
        return f"{ref.name}()"
    if isinstance(ref, ModuleRef):
        return f"module {ref.module}"
    if isinstance(ref, Snapshot):
        items = [f"{key!r}: {show(item)}" for key, item in ref.items]
        rest = [f"...: {show(ref.rest)}"] if ref.rest is not None else []
        return f"{ref.kind}({', '.join([*items, *rest])}{'' if ref.exact else ', ...'})"
    return str(getattr(ref, "name", ref))


def rows(folder: str) -> Iterator[object]:
    """The rows of the tables in a folder below ``tables``: a program, and what is expected of it."""
    for table in sorted((TABLES / folder).glob("*.txt")):
        for row in ("\n" + table.read_text("utf-8")).split("\n## ")[1:]:
            name, _, rest = row.partition("\n")
            code, _, expected = rest.rpartition("\n=>")
            yield pytest.param(code, expected.strip(), id=f"{table.stem}: {name}")
