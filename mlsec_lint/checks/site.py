"""One call or assignment under judgement: its arguments by name, their provenance, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mlsec_lint.dataflow.arguments import Passed
from mlsec_lint.dataflow.events import Event
from mlsec_lint.dataflow.values import UNLISTED, InstanceOf, Snapshot, Value
from mlsec_lint.knowledge.schema import Sink

RECEIVER: Final = "self"


@dataclass(frozen=True, slots=True)
class Site:
    """An event seen through the parameters of one sink."""

    event: Event
    sink: Sink
    path: str
    data: bytes

    def argument(self, name: str) -> Passed | None:
        """The argument for ``name``; ``a.b`` is entry ``b`` of a mapping passed for ``a``; ``self`` the receiver."""
        if name == RECEIVER:
            return Passed(self.event.receiver) if self.event.receiver is not None else None
        whole, _, key = name.partition(".")
        found = self.event.arguments.get(self.sink.parameters, whole)
        if found is None or not key:
            return found
        return _entry(found, key)

    def text(self, passed: Passed) -> str:
        """The source text of an argument."""
        return self.data[passed.at : passed.end].decode("utf-8", "replace") if passed.at >= 0 else ""

    def may_have(self, name: str) -> bool:
        """Whether an argument that is not listed may be passed by a spread."""
        return self.event.arguments.may_have(self.sink.parameters, name.partition(".")[0])

    def origins(self, name: str) -> frozenset[str]:
        """The provenance of an argument; ``unknown`` where nothing is known."""
        found = self.argument(name)
        if found is None:
            return UNLISTED
        return origins_of(found.value)

    def class_chain(self) -> list[InstanceOf]:
        """The project classes that the receiver may be an instance of."""
        found: list[InstanceOf] = []
        if self.event.subclass is not None:
            found.append(InstanceOf(self.event.subclass))
        if self.event.receiver is not None:
            found.extend(r for r in self.event.receiver.references if isinstance(r, InstanceOf))
        return found


def origins_of(value: Value) -> frozenset[str]:
    """The provenance of a value, with literal URLs told from literal paths."""
    origins = value.origins
    for constant in value.constants:
        text = constant.decode("latin-1") if isinstance(constant, bytes) else constant
        if isinstance(text, str) and _is_url(text):
            origins = (origins - {"literal"}) | {"network"}
    if not origins:
        return UNLISTED
    return origins


def _is_url(text: str) -> bool:
    scheme, separator, _ = text.partition("://")
    return bool(separator) and scheme.isalnum() and scheme.lower() != "file"


def _entry(found: Passed, key: str) -> Passed | None:
    for ref in found.value.references:
        if isinstance(ref, Snapshot):
            for name, value in ref.items:
                if name == key:
                    return Passed(value, found.at, found.end)
    return None
