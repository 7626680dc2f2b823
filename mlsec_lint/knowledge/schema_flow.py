"""The shape of the tables about flows: entry points, guards, and what a flow rule joins."""

from __future__ import annotations

from mlsec_lint.knowledge.schema_base import Strict


class Entry(Strict, kw_only=True, frozen=True):
    """Functions that somebody outside the project calls, and which of their parameters carry data of this ``origin``.

    A function is one of them if a ``decorator`` marks it, if it is one of the ``methods`` of a class derived from a
    ``base`` or marked by the ``decorator``, if it is called ``function`` (``Class.method`` for a method of a class of
    that name only) in a file that imports one of ``importing`` (an empty list asks for nothing), or if it is handed to
    ``callback`` as ``argument`` (some of its ``parameters``, ``config.handler`` for an entry of a mapping; empty for
    every function handed over). Assigning a function to an attribute that ``callback`` names hands it over too.

    ``carries`` names the parameters that carry such data (a name, or a position counted without the receiver; empty
    for all), ``spares`` those that do not (``request.app``: an attribute of one). A parameter whose annotation is in
    ``typed``, or derived from one of these classes, cannot hold free text; one whose annotation, or whose default's
    call, is in ``injected`` is filled by the framework. ``attributes`` are attributes of the instance that carry such
    data in every method. In ``methods`` and ``attributes``, ``*`` stands for any text without a leading underscore.
    """

    origin: str
    decorator: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    function: tuple[str, ...] = ()
    importing: tuple[str, ...] = ()
    callback: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    argument: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    injected: tuple[str, ...] = ()
    reference: str = ""
    verified: bool = False
    note: str = ""


class Guard(Strict, kw_only=True, frozen=True):
    """Calls that establish something about data; ``tag`` (of ``_facts/guards.toml``) says what.

    ``argument`` (one of ``parameters``, or ``self``) is the data. ``acts`` says how: ``test`` returns true if the data
    passes, ``check`` raises unless it does, ``clean`` returns data that passes (for an attribute: reading it does),
    ``digest`` returns a digest, whose comparison with another value is then the test, and ``compare`` is such a
    comparison of its first two ``parameters``. With ``given``, only calls that pass one of these parameters (and
    neither ``None`` nor ``False``) count; with ``matches``, only if its value is known to match one of these globs.
    """

    tag: str
    call: tuple[str, ...]
    acts: str
    parameters: tuple[str, ...] = ()
    argument: str = ""
    given: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    reference: str = ""
    note: str = ""


class FlowSpec(Strict, kw_only=True, frozen=True):
    """A flow rule: data of one of the ``sources`` (origins) into one of the ``sinks`` (kinds).

    ``guards`` are the tags that make the data acceptable; any other tag changes nothing.
    """

    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    guards: tuple[str, ...] = ()


class GuardEntry(Strict, kw_only=True, frozen=True):
    """What a guard establishes: ``phrase`` completes "the data ...". With ``lowers`` it lowers the severity only."""

    phrase: str
    lowers: bool = False


class GuardsFile(Strict, kw_only=True, frozen=True):
    """``rules/_facts/guards.toml``: the closed vocabulary of guard tags."""

    guards: dict[str, GuardEntry]


class ThreatModelEntry(Strict, kw_only=True, frozen=True):
    """Whom a threat model takes for an attacker: ``phrase`` completes "an attacker is ...".

    ``untrusted`` are the origins of which data may come from there.
    """

    phrase: str
    untrusted: tuple[str, ...]


class ThreatModelsFile(Strict, kw_only=True, frozen=True):
    """``rules/_facts/threat_models.toml``: one table for each name in ``domain.threats``."""

    models: dict[str, ThreatModelEntry]
