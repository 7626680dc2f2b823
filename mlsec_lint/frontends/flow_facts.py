"""What a flow rule joins, in words: where the data comes from, where it gets to, and what makes it acceptable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import FlowRule
    from mlsec_lint.knowledge.index import Knowledge


@dataclass(frozen=True, slots=True)
class Source:
    """An origin of data, and the threat models under which it is untrusted."""

    name: str
    phrase: str
    untrusted_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sink:
    """A kind of sink: what a call of this kind does with the data."""

    name: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that is established about the data; ``lowers`` says that it lowers the severity and no more."""

    name: str
    phrase: str
    lowers: bool


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """A flow rule with the words of the catalogue for everything that it names."""

    sources: tuple[Source, ...]
    sinks: tuple[Sink, ...]
    guards: tuple[Guard, ...]


def flow_facts(flow: FlowRule, knowledge: Knowledge) -> FlowFacts:
    """The facts about ``flow``, in its order."""
    models = knowledge.threat_models
    return FlowFacts(
        sources=tuple(
            Source(
                name,
                knowledge.origins[name].phrase,
                tuple(model for model, entry in models.items() if name in entry.untrusted),
            )
            for name in flow.sources
        ),
        sinks=tuple(Sink(name, knowledge.kinds[name]) for name in flow.sinks),
        guards=tuple(Guard(name, knowledge.tags[name].phrase, knowledge.tags[name].lowers) for name in flow.guards),
    )


def flow_lines(facts: FlowFacts, knowledge: Knowledge) -> Iterator[str]:
    """The facts as a page shows them: three lists and the attackers that the threat models assume."""
    every = tuple(knowledge.threat_models)
    yield "reports a flow of:"
    for source in facts.sources:
        yield f"  {source.name}: {source.phrase}{_limits(source, every)}"
    yield "into a call that:"
    for sink in facts.sinks:
        yield f"  {sink.name}: {sink.phrase}"
    if facts.guards:
        yield "unless the data:"
        for guard in facts.guards:
            yield f"  {guard.name}: {guard.phrase}{' (lowers the severity only)' if guard.lowers else ''}"
    for name, model in knowledge.threat_models.items():
        yield f"under the threat model {name}, an attacker is {model.phrase}"


def _limits(source: Source, every: tuple[str, ...]) -> str:
    """The threat models to which a source is limited, if it is."""
    if source.untrusted_in == every:
        return ""
    if not source.untrusted_in:
        return " (under no threat model)"
    return f" (under the threat model {' or '.join(source.untrusted_in)})"
