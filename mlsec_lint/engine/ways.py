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
    from mlsec_lint.engine.holders import Holders

_LONGEST: Final = 6
"""Calls between a function that holds foreign data and one that anybody may call."""

_HELD: Final = 2
"""Calls above the entries up to which functions are followed into what holds them."""

_MOST_FUNCTIONS: Final = 4_000
_MOST_USES: Final = 100
"""Uses of a name that lies between the ends; a name with more means many things."""

TOO_MANY: Final = "callers beyond a limit"


class Ways:
    """Looks for the uses of functions that lie on such a way."""

    def __init__(self, callers: Callers, bearing: Bearing, holders: Holders) -> None:
        self._callers = callers
        self._holders = holders
        self._bearing = bearing
        self._heights: dict[TextFunction, int] = {}
        self._uses: dict[str, dict[Use, None]] = {}
        self._held: dict[str, set[str]] = {}
        self.unfollowed: Counter[str] = Counter()

    def to(self, entries: Iterable[TextFunction]) -> dict[str, list[Use]]:
        """The uses on a way to one of the entries, by the name of what is used; uses at top levels included."""
        self._climb(entries)
        kept = self._between()
        found = {
            name: [use for use in uses if use.inside is None or use.inside in kept] for name, uses in self._uses.items()
        }
        names = {*self._uses, *self._held}
        return {name: [use for each in self.names_of(name) for use in found.get(each, ())] for name in names}

    def names_of(self, name: str) -> list[str]:
        """A name, and those of what holds it, and of what holds that."""
        names = [name]
        for each in names:
            names += [holder for holder in sorted(self._held.get(each, ())) if holder not in names]
        return names

    def _climb(self, entries: Iterable[TextFunction]) -> None:
        heights = self._heights = dict.fromkeys(entries, 0)
        fresh = [*heights, *(holder for each in heights for holder in self._decorating(each))]
        seen = set(fresh)
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
                    inside = use.inside
                    if inside is not None and inside not in heights:
                        heights[inside] = height
                        fresh.append(inside)
                    holder = self._holders.of_use(use) if height <= _HELD else None
                    if holder is not None and holder not in seen:
                        seen.add(holder)
                        fresh.append(holder)
                        self._held.setdefault(use.name, set()).add(holder.called)
            if not fresh or len(heights) > _MOST_FUNCTIONS:
                self.unfollowed[TOO_MANY] += len(fresh)
                return

    def _decorating(self, function: TextFunction) -> list[TextFunction]:
        holders = list(self._holders.of_decorators(function))
        if holders:
            self._held.setdefault(function.called, set()).update(holder.called for holder in holders)
        return holders

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
