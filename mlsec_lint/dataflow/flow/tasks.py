"""Functions that somebody else calls later: threads, timers, futures. The calls are made here, with what they get.

When a thread is scheduled does not matter to what it is given, so its function runs where the thread is made; a class
derived from one runs where it is started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.items import element_of
from mlsec_lint.dataflow.flow.objects import thing_at, things
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import NONE, Bound, Fun, Inst, Obj, Value, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.heap import Thing
    from mlsec_lint.dataflow.flow.machine import Machine

_PARAMETERS: Final = {
    "start": (("group", "target", "name", "args", "kwargs"), "target"),
    "timer": (("interval", "function", "args", "kwargs"), "function"),
}


def start(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``Thread(target=f, args=(x,), kwargs={})``: the function is called with what is listed, and with nothing else."""
    from mlsec_lint.dataflow.flow.calls import call_value

    parameters, wanted = _PARAMETERS[machine.knowledge.special(name)]
    target = call.get(parameters, wanted)
    if target is not None:
        args, words = call.get(parameters, "args"), call.get(parameters, "kwargs")
        call_value(machine, target.value, _given(machine, args, words), at, end)
    return Value(refs=(Inst(name),), ident=("v", machine.path, at))


def _given(machine: Machine, args: Argument | None, words: Argument | None) -> Call:
    """The call that a sequence and a mapping of arguments describe."""
    positional: tuple[Argument, ...] = ()
    named: list[tuple[str, Argument]] = []
    more = more_words = None
    if args is not None:
        found = things(machine, args.value)
        if len(found) == 1 and found[0][1].exact and found[0][1].rest is None:
            positional = tuple(Argument(v) for v in found[0][1].sequence())
        else:
            more = element_of(machine, args.value)
    if words is not None:
        for _, thing in things(machine, words.value):
            named += [(k[1], Argument(v)) for k, v in thing.items.items() if k[0] == "str"]
        more_words = words.value if not named else None
    return Call(positional, tuple(named), more, more_words)


def run(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``thread.start()``: an instance of a class of the project runs its own ``run``."""
    from mlsec_lint.dataflow.flow.calls import call_value

    for target in receiver.refs if receiver is not None else ():
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if thing is None or thing.cls is None:
            continue
        found = get_attribute(machine, ref(target), "run")
        if any(isinstance(r, Bound) and isinstance(r.func, Fun) for r in found.refs):
            call_value(machine, found, Call(), at, end)
    return NONE


def future_method(machine: Machine, future: Obj, thing: Thing, name: str, call: Call, at: int, end: int) -> Value:
    """A method of a future: its result, or a function that gets the future when it is done."""
    from mlsec_lint.dataflow.flow.calls import call_value

    if machine.knowledge.special(f"*.{name}") != "done":
        return thing.items[".box"]
    for argument in call.positional[:1]:
        call_value(machine, argument.value, Call((Argument(ref(future)),)), at, end)
    return NONE
