"""What is reported: methods by their receiver, assignments, functions that are passed on. See ``tables/events``."""

from __future__ import annotations

import pytest

from mlsec_lint.dataflow.events import Event

from .programs import events_of, rows


def described(event: Event) -> str:
    """An event in the notation of the tables."""
    words = [event.name]
    words += [f"through {event.subclass.name}"] if event.subclass is not None else []
    flags = {"by name": not event.exact, "assigned": event.assigned, "passed": event.passed}
    words += [word for word, holds in flags.items() if holds]
    words += ["or another"] if event.alternatives and event.receiver is None else []
    return " ".join(words)


@pytest.mark.parametrize(("code", "expected"), list(rows("events")))
def test_what_is_reported(code: str, expected: str) -> None:
    assert "; ".join(map(described, events_of(f"import probe\n{code}\n"))) == expected


def test_a_call_in_a_loop_is_one_event_with_all_its_values() -> None:
    (event,) = events_of("import probe\nx = 1\nfor i in things:\n    probe.sink(x, flag=True)\n    x = 2\n")
    assert set(event.arguments.positional[0].value.constants) == {1, 2}
    assert event.arguments.keywords["flag"].value.constant is True


def test_an_event_knows_its_place_and_the_definition_around_it() -> None:
    code = "import probe\nclass A:\n    def f(self):\n        return probe.sink(1)\n"
    (event,) = events_of(code)
    assert code[event.at : event.end] == "probe.sink(1)"
    assert event.definition == "A.f"
    (passed,) = event.arguments.positional
    assert code[passed.at : passed.end] == "1"


def test_places_are_offsets_of_bytes() -> None:
    code = "import probe\nx = 'é'; probe.sink('ü')\n"
    (event,) = events_of(code)
    assert code.encode()[event.at : event.end].decode() == "probe.sink('ü')"
