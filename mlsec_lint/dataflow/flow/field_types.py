"""Of which library class the fields of a class are, where its methods say so: ``self.client = client or Client()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.values import CodeKey
from mlsec_lint.dataflow.values import Instance, InstanceOf

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.solver import Solver


class FieldTypes:
    """The library classes of fields, from what the local evaluation sees stored. It is a likely type and no more."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._known: dict[tuple[CodeKey, str], str] = {}

    def of(self, key: CodeKey, name: str) -> str:
        """The name of the library class; empty if there is none, or not just one."""
        asked = (key, name)
        known = self._known.get(asked)
        if known is None:
            known = self._known[asked] = self._find(key, name)
        return known

    def _find(self, key: CodeKey, name: str) -> str:
        for owner in self._solver.classes.order(key):
            cls = self._solver.classes.known.get(owner) if not isinstance(owner, str) else None
            value = self._solver.context.own_field(cls, name) if cls is not None else None
            if value is not None:
                names = {r.name for r in value.references if isinstance(r, Instance)}
                mixed = any(isinstance(r, InstanceOf) for r in value.references)
                return names.pop() if len(names) == 1 and not mixed else ""
        return ""
