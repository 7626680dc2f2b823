"""A layered arrangement of a graph: edges lead downwards, neighbours stand near each other.

Deterministic, without recursion (a chain of calls can be longer than the stack is deep), and in time about
proportional to the size of the graph. An edge that closes a cycle leads upwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mlsec_lint.domain.graph import Graph

_SWEEPS: Final = 4
"""Rounds of sorting layers by the places of their neighbours; more change little."""


def layers_of(graph: Graph) -> list[list[str]]:
    """The ids of the nodes, layer by layer, each layer in its order from left to right."""
    targets: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        if edge.source != edge.target:
            targets[edge.source].append(edge.target)
    order = _finishing_order(targets)
    position = {node: number for number, node in enumerate(order)}
    depth = dict.fromkeys(order, 0)
    for node in order:
        for target in targets[node]:
            if position[target] > position[node]:
                depth[target] = max(depth[target], depth[node] + 1)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in targets:
        layers[depth[node]].append(node)
    _sort_by_neighbours(layers, targets)
    return layers


def _finishing_order(targets: dict[str, list[str]]) -> list[str]:
    """The nodes so that every edge leads to a later one, except those that close a cycle (depth-first, reversed)."""
    finished: list[str] = []
    seen: set[str] = set()
    for start in _starts(targets):
        if start in seen:
            continue
        seen.add(start)
        stack = [(start, iter(targets[start]))]
        while stack:
            node, following = stack[-1]
            target = next((each for each in following if each not in seen), None)
            if target is None:
                finished.append(node)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(targets[target])))
    return finished[::-1]


def _starts(targets: dict[str, list[str]]) -> list[str]:
    """All nodes, those that nothing leads to first: a cycle is then entered where the flow enters it."""
    entered = {target for each in targets.values() for target in each}
    return [node for node in targets if node not in entered] + [node for node in targets if node in entered]


def _sort_by_neighbours(layers: Sequence[list[str]], targets: dict[str, list[str]]) -> None:
    """Move each node towards the mean place of its neighbours in the layers before, then after, in turns."""
    sources: dict[str, list[str]] = {node: [] for node in targets}
    for node, following in targets.items():
        for target in following:
            sources[target].append(node)
    place = {node: float(number) for layer in layers for number, node in enumerate(layer)}
    for sweep in range(_SWEEPS):
        neighbours = sources if sweep % 2 == 0 else targets
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            layer.sort(key=lambda node: _mean((place[each] for each in neighbours[node]), place[node]))
            place.update((node, float(number)) for number, node in enumerate(layer))


def _mean(places: Iterable[float], otherwise: float) -> float:
    found = list(places)
    return sum(found) / len(found) if found else otherwise
