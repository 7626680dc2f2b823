"""What a move of data through one body looks like to a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlsec_lint.dataflow.flow.tracing import phrases
from mlsec_lint.dataflow.flow.tracing.operands import span_of
from mlsec_lint.dataflow.flow.tracing.places import CONTENT, DEFAULT, RAISED, REGISTER, THING
from mlsec_lint.dataflow.flow.tracing.spelling import prefix, statement, written
from mlsec_lint.dataflow.flow.tracing.steps import ASSIGNED, COPY, KEPT, READ, THROUGH, Stage, called_name, stage
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.tracing.recorder import Event
    from mlsec_lint.dataflow.flow.tracing.recordings import Recording
    from mlsec_lint.dataflow.flow.tracing.ways import Move


def move_stage(recording: Recording, move: Move, codes: dict[tuple[str, int], Code]) -> Stage | None:
    """What a reader sees of a move; nothing where the code at the next step says it as well."""
    event = move.event
    if event is None or event.op is None:
        return None
    op, span, code = event.op, span_of(event.op), recording.code
    if span[0] < 0 and not isinstance(op, ir.Function):
        return None
    if move.target[0] == CONTENT:
        return stage(code, span, _written(recording, event, op), KEPT)
    if isinstance(op, (ir.Call, ir.Method)):
        return _call(recording, move, op, _callee(event, codes))
    if isinstance(op, ir.Function):
        return _default(recording, move, op)
    if isinstance(op, ir.Store):
        return _assignment(recording, move, op)
    if isinstance(op, ir.Build):
        return _display(recording, move, op)
    if isinstance(op, ir.Attribute):
        return _attribute(recording, move, _callee(event, codes))
    text = _kept(recording, op, move)
    return stage(code, statement(code, span), text, KEPT) if text else None


def result_stage(recording: Recording, event: Event) -> Stage | None:
    """Data goes through a function that this body does not know."""
    if not isinstance(event.op, (ir.Call, ir.Method)):
        return None
    text = phrases.THROUGH.format(function=_external(recording, event.op))
    return stage(recording.code, span_of(event.op), text, KEPT)


def _written(recording: Recording, event: Event, op: ir.Op) -> str:
    """Data goes into a buffer or a file: by a method of it, or by a function that is told its place."""
    if isinstance(op, ir.Method) and any(each.place == (REGISTER, op.obj) for each in event.inputs):
        return phrases.WRITTEN.format(target=prefix(recording.code, op) or phrases.A_FILE)
    if isinstance(op, (ir.Call, ir.Method)):
        return phrases.WRITTEN_BY.format(function=_external(recording, op))
    return phrases.WRITTEN.format(target=phrases.A_FILE)


def _default(recording: Recording, move: Move, op: ir.Function) -> Stage | None:
    """A function is defined, and its defaults are evaluated."""
    if move.target[0] != DEFAULT:
        return None
    text = phrases.DEFAULT.format(name=op.params[cast("int", move.target[2])].name)
    return stage(recording.code, statement(recording.code, (op.body.at, op.body.at)), text, KEPT)


def _kept(recording: Recording, op: ir.Op, move: Move) -> str:
    code = recording.code
    if isinstance(op, ir.SetAttribute):
        return phrases.STORED.format(target=written(code, span_of(op)))
    if isinstance(op, ir.SetItem):
        target = recording.names.get(op.obj) or prefix(code, op)
        key = move.target[2] if move.target[0] == THING else ""
        if isinstance(key, tuple):
            phrase = phrases.UNDER_KEY if target else phrases.IN_DISPLAY
            return phrase.format(key=_constant(cast("tuple[str, object]", key)), target=target)
        return phrases.UNDER_SOME_KEY.format(target=target or phrases.A_CONTAINER)
    if isinstance(op, ir.Raise):
        return phrases.RAISED
    if isinstance(op, ir.Yield):
        return phrases.YIELDED.format(function=called_name(code))
    return ""


def _attribute(recording: Recording, move: Move, callee: Code | None) -> Stage | None:
    code, op = recording.code, move.event.op if move.event is not None else None
    if callee is not None:
        text = phrases.RETURNED.format(function=called_name(callee, op))
        return stage(code, span_of(op), text, KEPT)
    text = phrases.READ.format(target=written(code, span_of(op)))
    return stage(code, span_of(op), text, READ) if move.source[0] == THING else None


def _constant(key: tuple[str, object]) -> str:
    text = repr(key[1])
    return f'"{text[1:-1]}"' if isinstance(key[1], str) and '"' not in text else text


def _display(recording: Recording, move: Move, op: ir.Build) -> Stage | None:
    """A display of a dictionary under a constant key; what is in other containers is seen in the next step."""
    key = move.target[2] if move.target[0] == THING else None
    if op.kind != "dict" or not isinstance(key, tuple):
        text = phrases.UNDER_SOME_KEY.format(target=phrases.CONTAINERS.get(op.kind, phrases.A_CONTAINER))
        return stage(recording.code, span_of(op), text, READ)
    text = phrases.IN_DISPLAY.format(key=_constant(cast("tuple[str, object]", key)))
    return stage(recording.code, span_of(op), text, KEPT)


def _assignment(recording: Recording, move: Move, op: ir.Store) -> Stage:
    """Copies from name to name are not told; names in comprehensions carry a number behind a dot."""
    name, _, is_inner = op.name.partition(".")
    is_copy = move.source[0] == REGISTER and move.source[1] in recording.names and not is_inner
    is_global = recording.code.body.kind == "module" and not move.target[3]
    text = (phrases.GLOBAL if is_global else phrases.ASSIGNED).format(name=name)
    return stage(
        recording.code, statement(recording.code, span_of(op)), text, COPY if is_copy else ASSIGNED, span_of(op)
    )


def _call(recording: Recording, move: Move, op: ir.Call | ir.Method, callee: Code | None) -> Stage:
    code, span = recording.code, span_of(op)
    if move.target[0] == RAISED:
        return stage(code, span, phrases.RAISED, KEPT)
    holder = (REGISTER, op.obj if isinstance(op, ir.Method) else op.func)
    if callee is not None:
        phrase = phrases.RETURNED if move.source == holder else phrases.THROUGH
        return stage(code, span, phrase.format(function=called_name(callee)), KEPT)
    if move.target[0] == THING and move.event is not None and move.target[1] in move.event.receiver:
        target = prefix(code, op) or phrases.A_CONTAINER
        return stage(code, span, phrases.ADDED.format(target=target), KEPT)
    return stage(code, span, phrases.THROUGH.format(function=_external(recording, op)), THROUGH)


def _external(recording: Recording, op: ir.Call | ir.Method) -> str:
    """A function as the code writes it, without what it is called on if that is no plain name."""
    if isinstance(op, ir.Call):
        name = recording.names.get(op.func, "")
        return f"{name}()" if name else phrases.A_FUNCTION
    before = prefix(recording.code, op)
    return f"{before}.{op.name}()" if before else f"{op.name}()"


def _callee(event: Event, codes: dict[tuple[str, int], Code]) -> Code | None:
    """The first function of the project that an operation calls."""
    return next((codes[call.fun.code] for call in event.calls if call.fun.code in codes), None)
