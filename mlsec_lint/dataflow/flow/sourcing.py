"""Labels for data that enters the program at the operation that is being evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.labels import Label, Source

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def source_label(machine: Machine, kind: str, at: int, end: int, name: str) -> Label:
    """A label for data that enters here.

    A call that is made for a callee stands in the callee's file; what has no place of its own stands for its body.
    """
    _, site = machine.origin
    if site is not None and site.at >= 0:
        return Label(Source(kind, site.module, site.at, site.end, name))
    if at < 0:
        at, end = machine.place
    return Label(Source(kind, machine.path, at, end, name))
