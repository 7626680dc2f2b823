"""Steps of an explanation: what a move of data through a body looks like to a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from mlsec_lint.dataflow.flow.tracing import phrases
from mlsec_lint.dataflow.flow.tracing.operands import span_of
from mlsec_lint.dataflow.flow.tracing.places import CONTENT, RAISED, REGISTER, THING
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.summary import SinkHit, Site
    from mlsec_lint.dataflow.flow.tracing.recorder import Event
    from mlsec_lint.dataflow.flow.tracing.recordings import Recording
    from mlsec_lint.dataflow.flow.tracing.ways import Move
    from mlsec_lint.dataflow.flow.values import Path, Source

COPY: Final = 0
READ: Final = 1
THROUGH: Final = 2
ASSIGNED: Final = 3
KEPT: Final = 5
CROSSING: Final = 6
END: Final = 9
"""How much a reader misses a step: copies not at all, the ends of a flow most."""


class TraceStep(Struct, frozen=True):
    """One step: a byte span of a file, what happens to the data there, and in which definition."""

    module: str
    at: int
    end: int
    text: str
    role: str = "step"
    definition: str = ""


class Stage(Struct, frozen=True):
    """A step with what is needed to tidy it up: how interesting it is."""

    step: TraceStep
    rank: int


def stage(code: Code, span: tuple[int, int], text: str, rank: int) -> Stage:
    """A step in a body."""
    return Stage(TraceStep(code.module.path, span[0], span[1], text, "step", code.body.qualname), rank)


def source_stage(source: Source, code: Code | None, *, parameter: bool) -> Stage:
    """Where the data enters; ``code`` is the body in which it does, if it is known."""
    definition = code.body.qualname if code is not None else ""
    text = phrases.RECEIVED.format(name=source.name)
    if parameter and code is not None:
        text = phrases.PARAMETER.format(name=source.name, function=called_name(code))
    return Stage(TraceStep(source.module, source.at, source.end, text, "source", definition), END)


def sink_stage(hit: SinkHit) -> Stage:
    """Where the data ends."""
    text = phrases.LOADED.format(name=hit.name)
    return Stage(TraceStep(hit.site.module, hit.site.at, hit.site.end, text, "sink", hit.definition), END)


def called_name(code: Code) -> str:
    """A function as a reader would call it: ``load()``, ``Store()`` for its ``__init__``."""
    name = code.body.name
    if code.body.kind == "lambda":
        return phrases.A_LAMBDA
    if name in ("__init__", "__post_init__", "__new__"):
        name = code.body.qualname.rpartition(".")[0].rpartition(".")[2] or name
    return f"{name}()"


def passed_stage(caller: Code, site: Site, callee: Code, origin: Path) -> Stage | None:
    """Data enters a function of the project by a call, as what the function knows by ``origin``."""
    function, (kind, index) = called_name(callee), origin[0] if origin else ("", 0)
    name = "".join(_key_text(key) for key in origin[1:])
    if kind == "e":
        span = (callee.body.at, max(callee.body.inside, callee.body.at + 1))
        return stage(callee, span, phrases.CAPTURED.format(function=function, name=name.lstrip(".")), CROSSING)
    if site.at < 0:
        return None
    text = phrases.PASSED.format(function=function)
    if kind == "p" and index < len(callee.params):
        phrase = phrases.PASSED_IN if name else phrases.PASSED_AS
        text = phrase.format(function=function, name=callee.params[index].name + name)
    return Stage(TraceStep(site.module, site.at, site.end, text, "step", caller.body.qualname), CROSSING)


def _key_text(key: object) -> str:
    if isinstance(key, tuple):
        return f"[{key[1]!r}]"
    return f".{str(key)[1:]}" if str(key)[0] in ".=" else "[...]"


def returned_stage(code: Code, span: tuple[int, int], callee: Code) -> Stage | None:
    """What a function of the project returned arrives at its call."""
    phrase = phrases.YIELDED if callee.generator else phrases.RETURNED
    return stage(code, span, phrase.format(function=called_name(callee)), CROSSING) if span[0] >= 0 else None


def result_stage(recording: Recording, event: Event) -> Stage | None:
    """Data goes through a function that this body does not know."""
    if not isinstance(event.op, (ir.Call, ir.Method)):
        return None
    text = phrases.THROUGH.format(function=f"{_external(recording, event.op)}()")
    return stage(recording.code, span_of(event.op), text, KEPT)


def move_stage(recording: Recording, move: Move, callees: list[Code]) -> Stage | None:
    """What a reader sees of a move; nothing where the code at the next step says it as well."""
    event = move.event
    if event is None or event.op is None:
        return None
    span, code, op = span_of(event.op), recording.code, event.op
    if span[0] < 0:
        return None
    if move.target[0] == CONTENT:
        return stage(code, span, phrases.WRITTEN.format(target=_receiver(recording, op, phrases.A_FILE)), KEPT)
    if isinstance(op, (ir.Call, ir.Method)):
        return _call_stage(recording, move, op, callees)
    if isinstance(op, ir.Store):
        return _assigned(recording, move, op)
    text = _kept_text(recording, op, move)
    if text:
        return stage(code, span, text, KEPT)
    if isinstance(op, ir.Attribute) and move.source[0] == THING:
        return stage(code, span, phrases.READ.format(target=_source_text(recording, span)), READ)
    return None


def _kept_text(recording: Recording, op: ir.Op, move: Move) -> str:
    span = span_of(op)
    if isinstance(op, ir.SetAttribute):
        return phrases.STORED.format(target=_source_text(recording, span))
    if isinstance(op, ir.SetItem):
        target = recording.names.get(op.obj, phrases.A_CONTAINER)
        key = move.target[2] if move.target[0] == THING else ""
        if isinstance(key, tuple):
            return phrases.UNDER_KEY.format(key=_constant(cast("tuple[str, object]", key)), target=target)
        return phrases.UNDER_SOME_KEY.format(target=target)
    if isinstance(op, ir.Raise):
        return phrases.RAISED
    if isinstance(op, ir.Yield):
        return phrases.YIELDED.format(function=called_name(recording.code))
    return ""


def _constant(key: tuple[str, object]) -> str:
    text = repr(key[1])
    return f'"{text[1:-1]}"' if isinstance(key[1], str) and '"' not in text else text


def _assigned(recording: Recording, move: Move, op: ir.Store) -> Stage:
    is_copy = move.source[0] == REGISTER and move.source[1] in recording.names
    phrase = phrases.GLOBAL if recording.code.body.kind == "module" else phrases.ASSIGNED
    name = op.name.partition(".")[0]
    rank = COPY if is_copy and "." not in op.name else ASSIGNED
    return stage(recording.code, span_of(op), phrase.format(name=name), rank)


def _call_stage(recording: Recording, move: Move, op: ir.Call | ir.Method, callees: list[Code]) -> Stage:
    code, span = recording.code, span_of(op)
    if move.target[0] == RAISED:
        return stage(code, span, phrases.RAISED, KEPT)
    if callees and move.source == (REGISTER, _holder(op)):
        return stage(code, span, phrases.RETURNED.format(function=called_name(callees[0])), KEPT)
    if callees:
        return stage(code, span, phrases.THROUGH.format(function=called_name(callees[0])), KEPT)
    if move.target[0] == THING:
        return stage(code, span, phrases.ADDED.format(target=_receiver(recording, op, phrases.A_CONTAINER)), KEPT)
    return stage(code, span, phrases.THROUGH.format(function=f"{_external(recording, op)}()"), THROUGH)


def _holder(op: ir.Call | ir.Method) -> ir.Register:
    return op.obj if isinstance(op, ir.Method) else op.func


def _receiver(recording: Recording, op: ir.Op, default: str) -> str:
    return recording.names.get(op.obj, default) if isinstance(op, ir.Method) else default


def _external(recording: Recording, op: ir.Call | ir.Method) -> str:
    """A function as the code writes it, without what it is called on if that is no plain name."""
    if isinstance(op, ir.Call):
        return recording.names.get(op.func, "a function")
    name = recording.names.get(op.obj, "")
    return f"{name}.{op.name}" if name else op.name


def _source_text(recording: Recording, span: tuple[int, int]) -> str:
    text = recording.code.module.data[span[0] : span[1]].decode("utf-8", "replace")
    return " ".join(text.split())


def callees_of(event: Event, codes: dict[tuple[str, int], Code]) -> list[Code]:
    """The functions of the project that an operation calls."""
    return [codes[call.fun.code] for call in event.calls if call.fun.code in codes]
