"""The shortest way of one piece of data through one body, in a graph of the places that held it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from mlsec_lint.dataflow.flow.labels import NO_LABELS, Labels, Source
from mlsec_lint.dataflow.flow.tracing.operands import span_of
from mlsec_lint.dataflow.flow.tracing.places import CONTENT, REGISTER, RETURNED, THING, YIELDED, addresses_of
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from networkx import DiGraph

    from mlsec_lint.dataflow.flow.summary import Summary
    from mlsec_lint.dataflow.flow.tracing.places import Place
    from mlsec_lint.dataflow.flow.tracing.recorder import Carrier, Event
    from mlsec_lint.dataflow.flow.tracing.recordings import Recording

_ENTRY: Final[Place] = ("entry",)
_GOAL: Final[Place] = ("goal",)

_AT_SOURCE: Final = 1
_LINK: Final = 1
_INSIDE_CALL: Final = 5
_UNEXPLAINED: Final = 40
"""What it costs to start: where the source is written, in a called function, or where nobody knows why."""

_COSTS: Final[dict[type[ir.Op], int]] = {ir.Load: 1, ir.Store: 2, ir.Call: 5, ir.Method: 5, ir.Opaque: 4}
_COST: Final = 2
"""What an operation costs: few calls make a convincing way."""

_MAKERS: Final = (ir.Call, ir.Method, ir.Build, ir.Function)


class Move(Struct, frozen=True):
    """Data gets from one place to another, by an operation or (none) because the one is a part of the other."""

    source: Place
    target: Place
    event: Event | None


class Way(Struct, frozen=True):
    """How data gets through a body: the operation that lets it in, the place where it then is, and the moves."""

    entry: Event
    start: Place
    moves: tuple[Move, ...]


def way_through(recording: Recording, origin: object, goals: Sequence[Place]) -> Way | None:
    """The cheapest way of the data of an origin to one of the places; none if the record shows none."""
    from networkx import NetworkXNoPath, NodeNotFound, dijkstra_path

    graph = _graph(recording, origin)
    for goal in goals:
        if goal in graph:
            graph.add_edge(goal, _GOAL, weight=0, event=None)
    try:
        path: list[Place] = dijkstra_path(graph, _ENTRY, _GOAL)
    except (NetworkXNoPath, NodeNotFound):
        return None
    entry = recording.events[cast("int", graph.edges[_ENTRY, path[1]]["event"])]
    moves = tuple(Move(a, b, _event(recording, graph, a, b)) for a, b in pairwise(path[1:-1]))
    return Way(entry, path[1], moves)


def _event(recording: Recording, graph: DiGraph[Any], source: Place, target: Place) -> Event | None:
    index: int | None = graph.edges[source, target]["event"]
    return recording.events[index] if index is not None else None


def _graph(recording: Recording, origin: object) -> DiGraph[Any]:
    from networkx import DiGraph

    graph: DiGraph[Any] = DiGraph()
    graph.add_node(_ENTRY)
    parts = _Parts(recording, origin)
    for index, event in enumerate(recording.events):
        outputs = [each for each in event.outputs if carries(each.labels, origin)]
        if not outputs:
            continue
        inputs = [each for each in event.inputs if carries(each.labels, origin)]
        for each in inputs:
            if not carries(recording.labels.get(each.place, NO_LABELS), origin):
                for place in (*parts.of(each), *parts.content(each)):
                    _connect(graph, place, each.place, _LINK, None)
        at_source, inside = _is_source(recording, event, origin), _is_inside(event, origin)
        for output in outputs:
            deep = not carries(output.value.labels, origin)
            links = list(parts.of(output)) if deep and (not inputs or isinstance(event.op, _MAKERS)) else []
            links += [] if inputs else list(parts.content(output))
            for place in links:
                _connect(graph, place, output.place, _LINK, None)
            for each in [] if links else _matching(inputs, output):
                _connect(graph, each.place, output.place, _cost(event), index)
            if at_source or inside:
                _connect(graph, _ENTRY, output.place, _AT_SOURCE if at_source else _INSIDE_CALL, index)
            elif not inputs and not links:
                _connect(graph, _ENTRY, output.place, _UNEXPLAINED, index)
    return graph


def _cost(event: Event) -> int:
    return _COSTS.get(type(event.op), _COST) if event.op is not None else _COST


def _connect(graph: DiGraph[Any], source: Place, target: Place, weight: int, event: int | None) -> None:
    if source == target:
        return
    if not graph.has_edge(source, target) or graph.edges[source, target]["weight"] > weight:
        graph.add_edge(source, target, weight=weight, event=event)


def _matching(inputs: list[Carrier], output: Carrier) -> list[Carrier]:
    """The operands that become a result: those with its very value, if there are any."""
    same = [each for each in inputs if each.value is output.value or each.value == output.value]
    return same or inputs


def carries(labels: Labels, origin: object) -> bool:
    """Whether data of an origin is among some labels."""
    return any(label.origin == origin for label in labels)


def _is_source(recording: Recording, event: Event, origin: object) -> bool:
    if not isinstance(origin, Source) or event.op is None or origin.module != recording.code.module.path:
        return False
    return span_of(event.op) == (origin.at, origin.end)


def _is_inside(event: Event, origin: object) -> bool:
    """Whether the data enters in a function that is called."""
    return isinstance(origin, Source) and any(speaks_of(call.summary, origin) for call in event.calls)


def speaks_of(summary: Summary, origin: Source) -> bool:
    """Whether a body lets data of a source in that its callers can see."""
    values = [v for v in (summary.returns, summary.raises) if v is not None]
    if any(carries(value.labels, origin) for value in values):
        return True
    for _, thing in summary.heap:
        held = [*thing.items.values(), *(v for v in (thing.rest, thing.keys) if v is not None)]
        if carries(thing.own, origin) or any(carries(value.labels, origin) for value in held):
            return True
    return False


class _Parts:
    """The places in objects and buffers that hold the data, by what they belong to."""

    def __init__(self, recording: Recording, origin: object) -> None:
        self._things: dict[object, list[Place]] = {}
        self._contents: dict[object, Place] = {}
        for place, labels in recording.labels.items():
            if place[0] == THING and carries(labels, origin):
                self._things.setdefault(place[1], []).append(place)
            elif place[0] == CONTENT and carries(labels, origin):
                self._contents[place[1]] = place

    def of(self, carrier: Carrier) -> Iterator[Place]:
        """The items of an object that make it carry the data."""
        if carrier.place[0] in (REGISTER, THING, RETURNED, YIELDED) or carrier.place[0] == "name":
            for address in addresses_of(carrier.value):
                yield from self._things.get(address, ())

    def content(self, carrier: Carrier) -> Iterator[Place]:
        """What was written into the buffer or file that a value stands for."""
        ident: Any = carrier.value.ident
        if ident is None and carrier.value.known:
            ident = ("c", carrier.value.consts[0])
        place = self._contents.get(ident)
        if place is None and isinstance(ident, tuple) and ident and ident[0] == "a":
            place = self._contents.get(cast("object", ident[1]))
        if place is not None and place != carrier.place:
            yield place
