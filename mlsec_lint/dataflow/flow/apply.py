"""Applying a summary at a call: what the callee says of its inputs becomes a statement about the caller's values.

Paths of the callee are resolved in the caller's heap as it is at the call; then what the callee wrote is written, calls
that only the caller can resolve are made, what depended on their results is written again, and sinks are translated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.binding import bind_arguments
from mlsec_lint.dataflow.flow.conditions import is_conditional
from mlsec_lint.dataflow.flow.guards import establish
from mlsec_lint.dataflow.flow.heap import Thing, join_things
from mlsec_lint.dataflow.flow.implicit import replay
from mlsec_lint.dataflow.flow.labels import Key
from mlsec_lint.dataflow.flow.residuals import join_calls
from mlsec_lint.dataflow.flow.rewriting import Rewriting
from mlsec_lint.dataflow.flow.specialising import specialisation
from mlsec_lint.dataflow.flow.summary import MOST_SINKS, Argument, Call, SinkHit, Site, Summary
from mlsec_lint.dataflow.flow.values import NOTHING, UNKNOWN, Address, CodeKey, Fun, Obj, Sym, Value, ident_of, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.machine import Machine

_DEEPEST_RESIDUAL: Final = 5


def call_function(machine: Machine, fun: Fun, call: Call, at: int, end: int) -> Value:
    """The result of calling a function of the project, with all its effects on the caller's state."""
    from mlsec_lint.dataflow.flow.calls import unknown_call
    from mlsec_lint.dataflow.flow.machine import MOST_APPLICATIONS

    code = machine.solver.codes[fun.code]
    machine.applications += 1
    if machine.solver.log is not None:
        machine.solver.log.function(machine, fun.code)
    if machine.applications > MOST_APPLICATIONS:
        machine.trimmed["a function with too many calls was followed in part"] = None
        return unknown_call(machine, frozenset(), call, at)
    machine.solver.fixpoint.note_edge(machine.origin[0], fun.code)
    if machine.solver.is_coarse(code):
        return unknown_call(machine, frozenset(), call, at)
    values = bind_arguments(machine, code, fun, call, at)
    spec = specialisation(machine, code, fun, values)
    machine.solver.fixpoint.note_edge(machine.origin[0], fun.code)
    early = machine.early or machine.late
    if machine.solver.log is not None:
        machine.solver.log.uses(machine, (fun.code, spec, early))
    summary = machine.solver.summary(fun.code, spec, early=early)
    application = Application(machine, code, fun, values, summary, at, end)
    if machine.recorder is not None:
        machine.recorder.called(application, values, spec)
    return application.run()


class Application:
    """One use of a summary at one call."""

    def __init__(
        self,
        machine: Machine,
        code: Code,
        fun: Fun,
        values: list[Value],
        summary: Summary,
        at: int,
        end: int,
    ) -> None:
        self.machine = machine
        self.code = code
        self.fun = fun
        self.summary = summary
        self.at = at
        new = summary.made
        self.rewriting = Rewriting(machine, fun, values, new, at)
        code_key, site = machine.origin
        if at < 0:
            at, end = machine.place
        hop = (code_key, site if site is not None else Site(machine.path, at, end), fun.code)
        self.hop: tuple[CodeKey, Site, CodeKey] | None = hop

    def run(self) -> Value:
        """Apply everything; the result is the value of the call."""
        machine, summary, rewriting = self.machine, self.summary, self.rewriting
        if summary is machine.solver.bottom:
            return UNKNOWN
        if summary.returns is not None and not (summary.heap or summary.residuals or summary.deferred):
            return self._plain(summary.returns)
        # Every path is resolved before anything is written: the callee speaks of the state at its entry.
        rewriting.prepare(summary)
        heap = [(address, thing) for address, thing in summary.heap if address[0] != "s"]
        written = [(address, thing) for address, thing in summary.heap if address[0] == "s"]
        if summary.deferred:
            replay(machine, rewriting, summary.deferred, results=False)
        self._write(heap, written)
        if summary.residuals:
            self._residuals()
            if summary.deferred:
                replay(machine, rewriting, summary.deferred, results=True)
            late = summary.late
            self._write([e for e in heap if e[0] in late], [e for e in written if e[0] in late])
        self._raise()
        self._sinks()
        self._guards()
        if summary.returns is None:
            machine.state.alive = False
            return UNKNOWN
        return rewriting.value(summary.returns)

    def _plain(self, returns: Value) -> Value:
        """A callee that writes nothing: nothing has to be resolved before it is needed."""
        self._raise()
        self._sinks()
        self._guards()
        return self.rewriting.value(returns)

    def _guards(self) -> None:
        rewriting = self.rewriting
        for ident, tags in self.summary.guards:
            translated = rewriting.ident(ident)
            for each in tags:
                tag = rewriting.tag(each)
                if tag is not None:
                    establish(self.machine, translated, tag)

    def _hops(self) -> tuple[tuple[CodeKey, Site, CodeKey], ...]:
        return (self.hop,) if self.hop is not None else ()

    def _raise(self) -> None:
        if self.summary.raises is not None:
            self.machine.raise_value(self.rewriting.value(self.summary.raises))

    def _write(self, new: list[tuple[Address, Thing]], written: list[tuple[Address, Thing]]) -> None:
        heap, rewriting = self.machine.state.heap, self.rewriting
        for address, thing in new:
            target = rewriting.address(address)
            translated = rewriting.thing(thing)
            old = heap.get(target)
            if old is not None and old is not translated and address[0] in ("c", "self"):
                items = {**old.items, **translated.items}
                translated = replace(translated, items=items, maybe=old.maybe | translated.maybe)
            elif old is not None and (address not in rewriting.new or target in rewriting.repeated):
                translated = join_things(old, translated) if address in rewriting.new else translated
            heap[target] = translated
        for address, thing in written:
            self._write_overlay(address[1:], thing)

    def _write_overlay(self, path: Address, thing: Thing) -> None:
        from mlsec_lint.dataflow.flow.assigning import set_attribute, set_item, taint_content
        from mlsec_lint.dataflow.flow.reflection import set_any

        machine, rewriting = self.machine, self.rewriting
        target = rewriting.resolve(path)
        for key, value in thing.items.items():
            new = rewriting.value(value)
            holder = replace(target, open=True) if key in thing.maybe else target
            if isinstance(key, str) and key[0] == ".":
                set_attribute(machine, holder, key[1:], new)
            elif isinstance(key, str) and key[0] == "=":
                self._write_variable(path, target, key, new, key in thing.maybe)
            else:
                set_item(machine, holder, Value(consts=(key[1],)), new)
        if thing.rest is not None:
            set_item(machine, target, UNKNOWN, rewriting.value(thing.rest))
        if thing.own:
            labels = rewriting.labels(thing.own, frozenset())
            taint_content(machine, ident_of(target), Value(labels))
            set_any(machine, target, Value(labels))

    def _write_variable(self, path: Address, target: Value, key: Key, value: Value, maybe: bool) -> None:
        from mlsec_lint.dataflow.flow.names import write_overlay
        from mlsec_lint.dataflow.flow.objects import thing_at

        machine = self.machine
        root = path[0]
        if root[0] == "g" and machine.body.kind == "module" and root[1] == machine.path:
            old = machine.state.names.get(key[1:])
            machine.state.names[key[1:]] = join(old, value) if maybe and old is not None else value
            return
        for each in target.refs:
            if isinstance(each, Sym):
                write_overlay(machine, each.path, key, value, strong=not maybe)
            elif isinstance(each, Obj):
                frame = thing_at(machine, each) or Thing("frame", {})
                old = frame.items.get(key)
                new = join(old, value) if maybe and old is not None else value
                machine.state.heap[each.address] = replace(frame, items={**frame.items, key: new})

    def _residuals(self) -> None:
        from mlsec_lint.dataflow.flow.calls import call_value, unknown_call
        from mlsec_lint.dataflow.flow.methods import call_method
        from mlsec_lint.dataflow.flow.scopes import ENTER, enter

        machine, rewriting = self.machine, self.rewriting
        outer = machine.origin, machine.via
        deep = machine.resolving >= _DEEPEST_RESIDUAL
        for residual in self.summary.residuals:
            callee = rewriting.value(residual.callee)
            call = self._call(residual.call)
            site = residual.site
            if deep:
                result = unknown_call(machine, callee.labels, call, site.at)
            else:
                machine.origin = (residual.code, site)
                machine.via = (*outer[1], *self._hops(), *residual.hops)
                machine.resolving += 1
                try:
                    if residual.method == ENTER:
                        result = enter(machine, callee)
                    elif residual.method:
                        result = call_method(machine, callee, residual.method, call, site.at, site.end)
                    else:
                        result = call_value(machine, callee, call, site.at, site.end)
                finally:
                    machine.origin, machine.via = outer
                    machine.resolving -= 1
            rewriting.result(residual.number, result)
            if not machine.state.alive:
                machine.state.alive = True

    def _call(self, call: Call) -> Call:
        value = self.rewriting.value
        positional = tuple(Argument(value(a.value), a.at, a.end) for a in call.positional)
        more = value(call.more) if call.more is not None else None
        spread = value(call.spread) if call.spread is not None else None
        if spread is not None:
            from mlsec_lint.dataflow.flow.containers import sequence_of

            items = sequence_of(self.machine, spread)
            if items is not None:
                positional, more, spread = (*positional, *map(Argument, items)), None, None
            elif not isinstance(next(iter(spread.refs), None), Sym):
                spread = None
        return Call(
            positional,
            tuple((n, Argument(value(a.value), a.at, a.end)) for n, a in call.keywords),
            more,
            value(call.more_keywords) if call.more_keywords is not None else None,
            spread,
        )

    def _sinks(self) -> None:
        machine, rewriting = self.machine, self.rewriting
        for hit in self.summary.sinks:
            if not is_symbolic(hit):
                continue
            call = self._call(hit.call)
            receiver = rewriting.value(hit.receiver) if hit.receiver is not None else None
            hops = (*machine.via, *self._hops(), *hit.hops)
            if len(hops) > 12:
                continue
            record(machine, replace(hit, call=call, receiver=receiver, hops=hops))


def is_symbolic(hit: SinkHit) -> bool:
    """Whether callers may know more of the values at a sink."""
    values = hit.call.values()
    if hit.receiver is not None:
        values.append(hit.receiver)
    for value in values:
        if any(isinstance(r, Sym) for r in value.refs):
            return True
        if any(isinstance(each.origin, tuple) or is_conditional(each.tags) for each in value.labels):
            return True
    return False


def record(machine: Machine, hit: SinkHit) -> None:
    """Keep a sink that was reached; the same one reached twice is joined, with the shorter way."""
    values = [*hit.call.values(), *([hit.receiver] if hit.receiver is not None else [])]
    if not any(value.labels for value in values):
        return
    key = (hit.name, hit.site)
    old = machine.sinks.get(key)
    if old is None:
        if len(machine.sinks) >= MOST_SINKS:
            machine.trimmed["sinks beyond a limit were left out"] = None
            return
        machine.sinks[key] = hit
        return
    receiver = old.receiver if hit.receiver is None else hit.receiver
    if old.receiver is not None and hit.receiver is not None:
        receiver = join(old.receiver, hit.receiver)
    hops = old.hops if len(old.hops) <= len(hit.hops) else hit.hops
    machine.sinks[key] = replace(old, call=join_calls(old.call, hit.call), receiver=receiver, hops=hops)


__all__ = ["NOTHING", "Application", "call_function", "is_symbolic", "record"]
