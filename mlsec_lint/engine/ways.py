"""The ways by which foreign data may come to functions that anybody may call, as far as texts tell.

From the functions upwards over the names of their callers, then down again from those that hold foreign data: what lies
between is worth evaluating. A name that is used all over a project says nothing about who calls what, and long ways are
guesses on guesses, so both are cut, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mlsec_lint.engine.text_functions import TextFunction

if TYPE_CHECKING:
    from mlsec_lint.engine.bearing import Bearing
    from mlsec_lint.engine.callers import Callers, Use

_LONGEST: Final = 6
"""Calls between a function that holds foreign data and one that anybody may call."""

_MOST_FUNCTIONS: Final = 4_000
_MOST_USES: Final = 100
"""Uses of a name that lies between the ends; a name with more means many things."""

TOO_MANY: Final = "callers beyond a limit"


class Ways:
    """Looks for the uses of functions that lie on such a way."""

    def __init__(self, callers: Callers, bearing: Bearing) -> None:
        self._callers = callers
        self._bearing = bearing
        self._heights: dict[TextFunction, int] = {}
        self._uses: dict[str, dict[Use, None]] = {}
        self.unfollowed: Counter[str] = Counter()

    def to(self, entries: Iterable[TextFunction]) -> dict[str, list[Use]]:
        """The uses on a way to one of the entries, by the name of what is used; uses at top levels included."""
        self._climb(entries)
        kept = self._between()
        return {
            name: [use for use in uses if use.inside is None or use.inside in kept] for name, uses in self._uses.items()
        }

    def _climb(self, entries: Iterable[TextFunction]) -> None:
        heights = self._heights = dict.fromkeys(entries, 0)
        fresh = list(heights)
        for height in range(1, _LONGEST + 1):
            found: dict[str, dict[Use, None]] = {}
            for use in self._callers.uses(fresh):
                found.setdefault(use.name, {})[use] = None
            fresh = list[TextFunction]()
            for name, uses in found.items():
                if height > 1 and len(uses) > _MOST_USES:
                    self.unfollowed[TOO_MANY] += 1
                    continue
                self._uses.setdefault(name, {}).update(uses)
                for use in uses:
                    if use.inside is not None and use.inside not in heights:
                        heights[use.inside] = height
                        fresh.append(use.inside)
            if not fresh or len(heights) > _MOST_FUNCTIONS:
                self.unfollowed[TOO_MANY] += len(fresh)
                return

    def _between(self) -> set[TextFunction]:
        """The functions between foreign data and an entry, on ways that are not too long."""
        called: dict[TextFunction, set[str]] = {}
        by_name: dict[str, list[TextFunction]] = {}
        for name, uses in self._uses.items():
            for use in uses:
                if use.inside is not None:
                    called.setdefault(use.inside, set()).add(name)
        for function in called:
            by_name.setdefault(function.called, []).append(function)
        fresh = [function for function in called if self._bearing.holds_text(function)]
        kept = set(fresh)
        for depth in range(1, _LONGEST):
            below = {f for each in fresh for name in called[each] for f in by_name.get(name, ()) if f not in kept}
            fresh = [function for function in below if depth + self._heights[function] <= _LONGEST]
            kept.update(fresh)
        return kept
