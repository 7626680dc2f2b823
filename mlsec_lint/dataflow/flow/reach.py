"""Which data reaches which sinks: every body is entered as its callers outside the project would enter it."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from mlsec_lint.dataflow.flow.apply import Application, is_symbolic
from mlsec_lint.dataflow.flow.entries import parameter_values
from mlsec_lint.dataflow.flow.handing import called, parameters_of
from mlsec_lint.dataflow.flow.inheriting import differs, inherited
from mlsec_lint.dataflow.flow.machine import Machine
from mlsec_lint.dataflow.flow.summarise import has_source
from mlsec_lint.dataflow.flow.summary import Residual, SinkHit, Summary
from mlsec_lint.dataflow.flow.values import Bound, CodeKey, Fun, Sym
from mlsec_lint.dataflow.values import FunctionRef

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.handing import Handed
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.tracing.recorder import Recorder


class Reached(Struct, frozen=True):
    """A sink that data of known sources reaches, seen from the body ``root`` in which the data has its source.

    ``entered`` says that the data comes in through the parameters of ``root``, of which the receiver is an instance of
    the class ``owner``.
    """

    hit: SinkHit
    root: CodeKey
    entered: bool = False
    owner: CodeKey | None = None


def functions_of(solver: Solver, path: str) -> list[Code]:
    """The functions at the top level of a module and in its classes, in source order."""
    exit_ = solver.context.exit_of(path)
    if exit_ is None:
        return []
    found: list[Code] = []
    for target in sorted(exit_.functions.values(), key=lambda f: f.body.at):
        if target.body.kind == "function":
            code = code_of(solver, target)
            if code is not None:
                found.append(code)
    return found


def code_of(solver: Solver, target: FunctionRef) -> Code | None:
    """The code of a function at the top level of a module, or in a class there."""
    if target.owner is not None:
        key = (target.owner.module, target.owner.at)
        solver.classes.known[key] = target.owner
    solver.statics.function(target)
    return solver.codes.get((target.module, target.body.at))


def nested_codes(solver: Solver) -> list[Code]:
    """The functions defined inside others that were met so far, in source order."""
    return [code for _, code in sorted(solver.codes.items()) if _is_nested(code)]


def reached_at_import(solver: Solver, path: str) -> Iterator[Reached]:
    """What data reaches while a module is imported; where other modules decide, as it runs when they have run."""
    exit_ = solver.guarded(lambda: solver.exit(path))
    if exit_ is None:
        return
    hits = {(hit.name, hit.site): hit for hit in exit_.sinks}
    if exit_.unresolved:
        machine = solver.guarded(lambda: solver.modules.late(path))
        for hit in machine.sinks.values() if machine is not None else ():
            if has_source(hit):
                hits[hit.name, hit.site] = hit
    for hit in sorted(hits.values(), key=lambda h: (h.site.module, h.site.at, h.name)):
        if has_source(hit):
            yield Reached(hit, (path, -1))


def reached(solver: Solver, codes: Iterable[Code], *, entered: bool = True) -> Iterator[Reached]:
    """What data reaches in some bodies, and in all that they call; ``entered`` ones are called from outside too."""
    for code in codes:
        yield from _inside(solver, code)
        if entered:
            yield from _entered(solver, code, code.owner)


def reached_by_inheritance(solver: Solver, path: str, wanted: Container[CodeKey]) -> Iterator[Reached]:
    """What data reaches when the methods that the classes of a module inherit are called on their instances.

    Only methods that leave something to the class of their receiver do anything else there than in their own class.
    """
    for key in solver.classes.of_module(path):
        for code in inherited(solver, key):
            if code.key in wanted and is_called_outside(solver, code) and differs(solver, key, code):
                yield from _entered(solver, code, key)


def is_called_outside(solver: Solver, code: Code) -> bool:
    """Whether outsiders may call a body by its name, so that its callers add nothing to what they may pass."""
    if code.body.name == "__init__":
        return code.owner is None or not solver.classes.name(code.owner).startswith("_")
    return not code.body.name.startswith("_") or code.body.name == "__call__"


def reached_by_handing(solver: Solver, handed: Handed, wanted: Container[CodeKey]) -> Iterator[Reached]:
    """What data reaches in a function that the top level of a module hands over to a framework."""
    module = (handed.site.module, -1)
    key, _, _ = parameters_of(Machine(solver, solver.codes[module]), handed.value.refs[0])
    if key is None or (key not in wanted and not _is_nested(solver.codes[key])):
        return
    machine = solver.guarded(lambda: hand(solver, handed, solver.codes[key]))
    for hit in machine.sinks.values() if machine is not None else ():
        if has_source(hit):
            yield Reached(hit, module, entered=True)


def passes_on(summary: Summary, methods: Container[str]) -> bool:
    """Whether what the callers of a body pass to it may reach a sink: in what it calls, or in what one of them makes of
    one of the ``methods``."""
    return any(map(is_symbolic, summary.sinks)) or any(
        _hands_function(each) or any(name in methods for name in _called(each)) for each in summary.residuals
    )


def _hands_function(residual: Residual) -> bool:
    """Whether a call that only a caller can resolve is given a function, which it may call."""
    return any(isinstance(target, (Fun, Bound)) for value in residual.call.values() for target in value.refs)


def _called(residual: Residual) -> Iterator[str]:
    """The names of what is called if only a caller can resolve it: a method, or a table or field that holds it."""
    if residual.method:
        yield residual.method
    for target in residual.callee.refs:
        if isinstance(target, Sym):
            yield from (key[1:] for key in target.path[1:] if isinstance(key, str))


def makes_function(solver: Solver, code: Code, summary: Summary) -> bool:
    """Whether a body returns a function that is defined in it."""
    for target in summary.returns.refs if summary.returns is not None else ():
        made = solver.codes.get(target.code) if isinstance(target, Fun) else None
        if made is not None and code in made.enclosing:
            return True
    return False


def _is_nested(code: Code) -> bool:
    return bool(code.enclosing) or code.body.kind == "lambda"


def hand(solver: Solver, handed: Handed, code: Code, recorder: Recorder | None = None) -> Machine:
    """An evaluation in which a framework calls what it was given."""
    machine = Machine(solver, code, recorder=recorder)
    machine.origin = ((handed.site.module, -1), handed.site)
    called(machine, handed.value, handed.entry, handed.site.at, handed.site.end)
    return machine


def _inside(solver: Solver, code: Code) -> Iterator[Reached]:
    summary = solver.demanded((code.key, (), False))
    for hit in summary.sinks:
        if has_source(hit):
            yield Reached(hit, code.key)


def _entered(solver: Solver, code: Code, owner: CodeKey | None) -> Iterator[Reached]:
    """The body as it is entered from outside: its parameters filled, its receiver some instance of a class."""
    summary = solver.demanded((code.key, (), False))
    if not summary.sinks and not summary.residuals and not summary.leaves:
        return
    machine = solver.guarded(lambda: enter(solver, code, owner))
    if machine is not None:
        solver.escapes.note(machine)
    for hit in machine.sinks.values() if machine is not None else ():
        if has_source(hit):
            yield Reached(hit, code.key, entered=True, owner=owner)


def enter(
    solver: Solver,
    code: Code,
    owner: CodeKey | None = None,
    demand: Hashable = None,
    recorder: Recorder | None = None,
) -> Machine:
    """An evaluation in which a body is called once, by somebody outside the project."""
    machine = Machine(solver, code, demand=demand, recorder=recorder)
    values = parameter_values(machine, code, owner)
    fun = Fun(code.key, tuple(("s", ("e", level)) for level in range(len(code.enclosing))), (), code.owner)
    summary = solver.summary(code.key, (), early=False)
    application = Application(machine, code, fun, values, summary, code.body.at, code.body.inside)
    application.hop = None
    application.run()
    return machine
