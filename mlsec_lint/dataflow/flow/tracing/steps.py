"""Steps of an explanation: what a move of data through a body looks like to a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from mlsec_lint.dataflow.flow.tracing import phrases
from mlsec_lint.dataflow.flow.tracing.operands import span_of
from mlsec_lint.dataflow.flow.tracing.spelling import call_name, head_end
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.labels import Path, Source
    from mlsec_lint.dataflow.flow.summary import SinkHit, Site

Span = tuple[int, int]

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
    """A step with what is needed to tidy it up: how interesting it is, and the span of what it is about."""

    step: TraceStep
    rank: int
    focus: tuple[int, int]


def stage(code: Code, span: Span, text: str, rank: int, focus: Span | None = None) -> Stage:
    """A step in a body."""
    return Stage(TraceStep(code.module.path, span[0], span[1], text, "step", code.body.qualname), rank, focus or span)


def source_stage(source: Source, code: Code | None, *, parameter: bool) -> Stage:
    """Where the data enters; ``code`` is the body in which it does, if it is known."""
    definition = code.body.qualname if code is not None else ""
    text, end = phrases.RECEIVED.format(name=source.name), source.end
    if parameter and code is not None:
        text = phrases.PARAMETER.format(name=source.name, function=called_name(code))
        end = head_end(code)
    return Stage(TraceStep(source.module, source.at, end, text, "source", definition), END, (source.at, end))


def given_stage(source: Source, code: Code, callee: Code) -> Stage:
    """A function of the project is handed over in a body that does not know which one it is."""
    text = phrases.GIVEN.format(function=called_name(callee))
    step = TraceStep(source.module, source.at, source.end, text, "source", code.body.qualname)
    return Stage(step, END, (source.at, source.end))


def sink_stage(hit: SinkHit) -> Stage:
    """Where the data ends."""
    text = phrases.LOADED.format(name=hit.name)
    step = TraceStep(hit.site.module, hit.site.at, hit.site.end, text, "sink", hit.definition)
    return Stage(step, END, (step.at, step.end))


def called_name(code: Code, op: ir.Op | None = None) -> str:
    """A function as a reader would call it: ``load()``, ``Store()`` for its ``__init__``, a property by its name."""
    name = code.body.name
    if code.body.kind == "lambda":
        return phrases.A_LAMBDA
    if isinstance(op, (ir.Attribute, ir.SetAttribute)):
        return phrases.A_PROPERTY.format(name=name)
    if name in ("__init__", "__post_init__", "__new__"):
        name = code.body.qualname.rpartition(".")[0].rpartition(".")[2] or name
    return f"{name}()"


def passed_stage(caller: Code, site: Site, callee: Code, origin: Path, op: ir.Op | None = None) -> Stage | None:
    """Data enters a function of the project by a call, as what the function knows by ``origin``."""
    function = called_name(callee, op)
    kind, index = cast("tuple[str, int]", origin[0]) if origin else ("", 0)
    name = "".join(_key_text(key) for key in origin[1:])
    if kind == "e":
        return stage(
            callee,
            (callee.body.at, head_end(callee)),
            phrases.CAPTURED.format(function=function, name=name.lstrip(".")),
            CROSSING,
        )
    if not 0 <= site.at < site.end:
        return None
    text = phrases.PASSED.format(function=function)
    if kind == "p" and index < len(callee.params):
        phrase = phrases.PASSED_IN if name else phrases.PASSED_AS
        text = phrase.format(function=function, name=callee.params[index].name + name)
    step = TraceStep(site.module, site.at, site.end, text, "step", caller.body.qualname)
    return Stage(step, CROSSING, (site.at, site.end))


def _key_text(key: object) -> str:
    if isinstance(key, tuple):
        return f"[{key[1]!r}]"
    return f".{str(key)[1:]}" if str(key)[0] in ".=" else "[...]"


def handed_stage(caller: Code, site: Site) -> Stage | None:
    """A function of the project is handed to something that calls it with the data."""
    if not 0 <= site.at < site.end:
        return None
    name = call_name(caller, (site.at, site.end))
    text = phrases.HANDED.format(function=f"{name}()") if name else ""
    return stage(caller, (site.at, site.end), text, KEPT) if text else None


def some(one: Stage | None) -> list[Stage]:
    """A list of what is there."""
    return [one] if one is not None else []


def returned_stage(code: Code, op: ir.Op | None, span: tuple[int, int], callee: Code) -> Stage | None:
    """What a function of the project returned arrives at its call; a generator has shown what it yields."""
    if callee.generator or span[0] < 0:
        return None
    return stage(code, span, phrases.RETURNED.format(function=called_name(callee, op)), CROSSING)


def left_stage(code: Code, op: ir.Op | None, callee: Code, *, raised: bool) -> Stage | None:
    """What a function of the project stored in an object, or raised, is there after its call."""
    span, phrase = span_of(op), phrases.RAISED_BY if raised else phrases.FILLED
    if callee.generator or span[0] < 0:
        return None
    return stage(code, span, phrase.format(function=called_name(callee, op)), KEPT)
