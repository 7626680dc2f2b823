"""The arguments of a call as the analysis sees them, and their binding to parameter names."""

from __future__ import annotations

from msgspec import Struct

from mlsec_lint.dataflow.values import UNKNOWN, Value, join


class Passed(Struct, frozen=True):
    """One argument: its value and the byte span of its expression (-1 if it has none, as in ``**options``)."""

    value: Value
    at: int = -1
    end: int = -1


class Arguments(Struct, frozen=True):
    """The arguments of one call. ``more_*`` say that a spread may add arguments which are not listed."""

    positional: tuple[Passed, ...] = ()
    keywords: dict[str, Passed] = {}
    more_positional: bool = False
    more_keywords: bool = False

    def get(self, parameters: tuple[str, ...], name: str) -> Passed | None:
        """The argument for a parameter; None if it is absent as far as is known."""
        found = self.keywords.get(name)
        if found is not None:
            return found
        if name in parameters:
            index = parameters.index(name)
            if index < len(self.positional):
                return self.positional[index]
        return None

    def may_have(self, parameters: tuple[str, ...], name: str) -> bool:
        """Whether a spread may pass the parameter although it is not listed."""
        if self.more_keywords:
            return True
        return self.more_positional and name in parameters and parameters.index(name) >= len(self.positional)

    def values(self) -> list[Value]:
        """All listed values."""
        return [p.value for p in self.positional] + [p.value for p in self.keywords.values()]

    def after(self, first: Arguments) -> Arguments:
        """These arguments added to those that a ``partial`` already holds."""
        return Arguments(
            first.positional + self.positional,
            {**first.keywords, **self.keywords},
            first.more_positional or self.more_positional,
            first.more_keywords or self.more_keywords,
        )


def join_arguments(left: Arguments, right: Arguments) -> Arguments:
    """The arguments of one call site evaluated twice, as in a loop."""
    if left == right:
        return left
    positional = tuple(
        _join(left.positional[i] if i < len(left.positional) else None,
              right.positional[i] if i < len(right.positional) else None)
        for i in range(max(len(left.positional), len(right.positional)))
    )  # fmt: skip
    names = [*left.keywords, *(k for k in right.keywords if k not in left.keywords)]
    keywords = {name: _join(left.keywords.get(name), right.keywords.get(name)) for name in names}
    return Arguments(
        positional,
        keywords,
        left.more_positional or right.more_positional,
        left.more_keywords or right.more_keywords,
    )


def _join(left: Passed | None, right: Passed | None) -> Passed:
    if left is None or right is None:
        some = left if left is not None else right
        return Passed(join(some.value, UNKNOWN), some.at, some.end) if some is not None else Passed(UNKNOWN)
    return Passed(join(left.value, right.value), left.at, left.end)
