"""The shape of the data files under ``rules/``, exactly as they are written.

Every struct forbids unknown keys, so a misspelt key in a data file is an error with its place instead of a rule that
silently never fires. ``rules/_models/README.md`` explains each key to people who write them.
"""

from __future__ import annotations

from msgspec import field

from mlsec_lint.knowledge.schema_base import Strict
from mlsec_lint.knowledge.schema_flow import Entry, FlowSpec, Guard

Scalar = bool | int | float | str
"""The constants that a TOML file can spell; ``None`` is written as ``none = true``."""


class Condition(Strict, kw_only=True, frozen=True):
    """One test in a case. The tests about one ``argument`` are alternatives; separate conditions must all hold.

    ``argument`` names a parameter of the call (``name.key`` looks into a mapping passed for it, ``self`` is the
    receiver). ``package`` with ``versions`` tests the version that the scanned project admits; with ``known``, a
    project that says nothing about the package counts as a no instead of an unknown. ``unless`` negates.
    """

    argument: str = ""
    absent: bool = False
    none: bool = False
    equals: tuple[Scalar, ...] = ()
    truthy: bool = False
    refers: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    contains: tuple[Scalar, ...] = ()
    literal: bool = False
    origin: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    package: str = ""
    versions: str = ""
    known: bool = False
    unless: bool = False


class Case(Strict, kw_only=True, frozen=True):
    """A verdict and the conditions under which it is given; the first case that holds decides."""

    verdict: str
    when: tuple[Condition, ...] = ()
    because: str = ""
    severity: str = ""
    remedy: str = ""
    profile: str = ""


class Sink(Strict, kw_only=True, frozen=True):
    """Calls (or assignments) that are dangerous, with what tells their safe use from the unsafe one.

    ``call`` and ``assign`` hold qualified names (``*`` stands for one part, ``**`` for any number of them).
    ``parameters`` are the positional parameters in order, without the receiver. ``argument`` is the parameter that
    carries the untrusted data; with ``content`` it is the data itself and not the name of it. ``receiver`` says what is
    enough to match a method on a receiver that cannot be resolved: ``exact`` (nothing), ``import`` (the file imports
    the library) or ``any`` (the method name alone).
    """

    kind: str
    call: tuple[str, ...] = ()
    assign: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    argument: str = ""
    content: bool = False
    receiver: str = "exact"
    case: tuple[Case, ...] = ()
    otherwise: str = "unsafe"
    because: str = ""
    severity: str = ""
    profile: str = ""
    remedy: str = ""
    result: str = ""
    reference: str = ""
    verified: bool = False
    note: str = ""


class Source(Strict, kw_only=True, frozen=True):
    """Where data comes from: the result of a call, or the value of an attribute, has this ``origin``.

    ``into`` is the parameter (among ``parameters``) that names the file which the call fills with such data.
    """

    origin: str
    call: tuple[str, ...] = ()
    attribute: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    into: str = ""
    reference: str = ""
    note: str = ""


class Producer(Strict, kw_only=True, frozen=True):
    """Calls that serialise an object of the program itself: what they return or write is not foreign data.

    ``into`` is the parameter that receives the bytes (a path or a file); without it the bytes are returned. With
    ``source``, what is written is not the program's own but what that parameter carries (``f.write(data)``).
    """

    call: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    into: str = ""
    source: str = ""


class Propagator(Strict, kw_only=True, frozen=True):
    """Calls whose result is another form of an argument: ``open(p)``, ``Path(p)``, ``BytesIO(b)``, ``p.read()``.

    ``source`` is the parameter (``self`` for the receiver) whose data, provenance and identity the result keeps.
    """

    call: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    source: str


class TypeOf(Strict, kw_only=True, frozen=True):
    """Calls whose result is an instance of a class that knowledge speaks about."""

    call: tuple[str, ...]
    returns: str


class Special(Strict, kw_only=True, frozen=True):
    """Calls that the evaluation itself understands; ``acts`` is one of the actions it knows.

    ``partial``, ``getattr``, ``import``, ``dict``, ``sequence``, ``enumerate``, ``zip``, ``super``, ``property``,
    ``default`` (a field's), ``swallow`` (exceptions), ``pure`` (the result is determined by the arguments), ``nothing``
    (it carries nothing of them), ``callback`` (functions among the arguments are called), ``enumeration`` (of a
    class: its subclasses have members). ``*.submit`` stands for that method of any receiver.
    """

    call: tuple[str, ...]
    acts: str


class Alias(Strict, kw_only=True, frozen=True):
    """Other import paths of a module or of a name, longest first: ``_pickle`` is ``pickle``."""

    name: tuple[str, ...]
    of: str


class Safe(Strict, kw_only=True, frozen=True):
    """Calls that are known to be harmless, listed so that nobody adds them as sinks again."""

    call: tuple[str, ...]
    reference: str = ""
    note: str = ""


class Model(Strict, kw_only=True, frozen=True):
    """One file of ``rules/_models``: what a library's API means."""

    library: str
    packages: tuple[str, ...] = ()
    sink: tuple[Sink, ...] = ()
    source: tuple[Source, ...] = ()
    producer: tuple[Producer, ...] = ()
    propagator: tuple[Propagator, ...] = ()
    type: tuple[TypeOf, ...] = ()
    special: tuple[Special, ...] = ()
    entry: tuple[Entry, ...] = ()
    guard: tuple[Guard, ...] = ()
    alias: tuple[Alias, ...] = ()
    safe: tuple[Safe, ...] = ()


class RuleFile(Strict, kw_only=True, frozen=True):
    """``rules/<slug>/rule.toml``."""

    code: str
    title: str
    summary: str
    severity: str
    profile: str
    family: str
    message: str
    remedy: str
    risks: tuple[str, ...]
    since: str
    kinds: tuple[str, ...] = ()
    graded: bool = False
    check: str = ""
    flow: FlowSpec | None = None
    references: tuple[str, ...] = ()


class Catalogue(Strict, kw_only=True, frozen=True):
    """One file of ``rules/_taxonomy``: the ids of a public risk catalogue and their titles."""

    catalogue: str
    url: str
    version: str = ""
    risks: dict[str, str] = field(default_factory=dict[str, str])


class KindsFile(Strict, kw_only=True, frozen=True):
    """``rules/_facts/kinds.toml``: the closed vocabulary of sink kinds, with what each one means."""

    kinds: dict[str, str]


class UnpicklerDanger(Strict, kw_only=True, frozen=True):
    """What a pickle can do with these modules and names: ``effect`` completes "... ``name``, which"."""

    effect: str
    modules: tuple[str, ...] = ()
    names: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


class UnpicklerFile(Strict, kw_only=True, frozen=True):
    """``rules/_facts/unpickler.toml``: what no allow-list of an unpickler may let through."""

    danger: tuple[UnpicklerDanger, ...]


class DefinitionsFile(Strict, kw_only=True, frozen=True):
    """``rules/_facts/definitions.toml``: functions whose names say who calls them."""

    unpickling: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


class OriginEntry(Strict, kw_only=True, frozen=True):
    """How far a kind of provenance is trusted. ``severity`` is what a graded rule gives to data from there."""

    trust: int
    severity: str
    phrase: str


class OriginsFile(Strict, kw_only=True, frozen=True):
    """``rules/_facts/origins.toml``: the kinds of provenance, from trusted to untrusted."""

    origins: dict[str, OriginEntry]
