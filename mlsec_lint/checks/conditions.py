"""The tests of a case: each answers yes, no or maybe, with reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from mlsec_lint.checks.answers import NO, YES, Answer, Truth, maybe
from mlsec_lint.checks.site import Site
from mlsec_lint.dataflow.arguments import Passed
from mlsec_lint.dataflow.context import Context
from mlsec_lint.dataflow.values import (
    ClassRef,
    External,
    FunctionRef,
    Instance,
    InstanceOf,
    Member,
    Reference,
    Snapshot,
    Value,
    same_constant,
)
from mlsec_lint.knowledge.patterns import compile_name

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from mlsec_lint.knowledge.schema import Condition
    from mlsec_lint.source.ir import Constant
    from mlsec_lint.source.manifests import VersionFacts


_VALUE_TESTS = ("none", "equals", "truthy", "refers", "matches", "contains", "literal", "calls", "written")
"""The tests that look at a value; a condition with none of them asks whether the argument is passed at all."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What conditions may ask beyond the call itself.

    ``mitigates`` tells whether a class restricts what its method (such as ``find_class``) is meant to restrict;
    ``calls`` whether a function calls a sink of one of the kinds.
    """

    context: Context
    versions: VersionFacts
    mitigates: Callable[[ClassRef, str], bool]
    calls: Callable[[FunctionRef, tuple[str, ...]], bool]

    def answer(self, condition: Condition, site: Site) -> Answer:
        """Whether a condition holds at a site."""
        if condition.package:
            answer = self._version(condition, site)
        elif condition.overrides:
            answer = self._overrides(condition, site)
        elif condition.origin:
            answer = YES if site.origins(condition.argument).intersection(condition.origin) else NO
        else:
            answer = self._argument(condition, site)
        return answer.negated() if condition.unless else answer

    def _version(self, condition: Condition, site: Site) -> Answer:
        from mlsec_lint.source.manifests import Status

        status = self.versions.status(condition.package, _range(condition.versions), site.path)
        if status is Status.ALL:
            return Answer(Truth.YES, (self.versions.describe(condition.package, site.path),))
        if status is Status.NONE:
            return Answer(Truth.NO, (self.versions.describe(condition.package, site.path),))
        if status is Status.UNSTATED and condition.known:
            return NO
        reason = self.versions.describe(condition.package, site.path)
        return maybe(reason, likely=True, weak=condition.known)

    def _overrides(self, condition: Condition, site: Site) -> Answer:
        for instance in site.class_chain():
            for owner in self.context.bases_of(instance.cls):
                if not isinstance(owner, ClassRef):
                    continue
                for name in condition.overrides:
                    if name in owner.attributes and self.mitigates(owner, name):
                        return YES
        return NO

    def _argument(self, condition: Condition, site: Site) -> Answer:
        passed = site.argument(condition.argument)
        if passed is None:
            holds = condition.absent
            if site.may_have(condition.argument):
                reason = f"a spread argument may set {condition.argument}"
                return Answer(Truth.YES if holds else Truth.NO, (reason,), assumed=True)
            return YES if holds else NO
        if not any(getattr(condition, test) for test in _VALUE_TESTS):
            return NO
        return self._value(condition, passed, site.text(passed) if condition.written else "")

    def _value(self, condition: Condition, passed: Passed, site_text: str) -> Answer:
        value = passed.value
        fits = [self._constant_fits(condition, c) for c in value.constants]
        fits += [self._reference_fits(condition, r) for r in value.references if not _is_form(r, value)]
        if condition.written and any(fnmatchcase(site_text, g) for g in condition.written):
            return YES
        if not fits:
            return self._unknown(condition)
        reason = f"{condition.argument} is not a constant; its likely value was used"
        if all(fits):
            return Answer(Truth.YES, (reason,), assumed=True) if value.open and value.constants else YES
        if not any(fits):
            if any(isinstance(ref, (Instance, Member)) for ref in value.references):
                return self._unknown(condition)
            if not value.open:
                return NO
            if value.constants:
                return Answer(Truth.NO, (reason,), assumed=True)
            return self._unknown(condition)
        return maybe(f"{condition.argument} has one of several values", likely=True)

    def _unknown(self, condition: Condition) -> Answer:
        """A test on a value of which nothing is known: a flag may be set, one particular text or object hardly is."""
        flags = condition.truthy or any(isinstance(value, bool) for value in condition.equals)
        if (flags or condition.calls or condition.refers) and not condition.known:
            return maybe(f"the value of {condition.argument} is not known")
        return NO

    def _constant_fits(self, condition: Condition, constant: Constant) -> bool:
        if constant is None and condition.none:
            return True
        if any(same_constant(constant, wanted) for wanted in condition.equals):
            return True
        if condition.truthy and bool(constant):
            return True
        if condition.literal:
            return True
        if condition.contains and isinstance(constant, str):
            return constant in condition.contains
        return isinstance(constant, str) and any(fnmatchcase(constant.lower(), g) for g in condition.matches)

    def _reference_fits(self, condition: Condition, ref: Reference) -> bool:
        if condition.contains and isinstance(ref, Snapshot):
            held = [key for key, _ in ref.items] if ref.kind == "dict" else []
            held += [c for _, item in ref.items for c in item.constants]
            return any(same_constant(h, wanted) for h in held for wanted in condition.contains)
        if condition.literal and isinstance(ref, Snapshot):
            return ref.exact and all(item.known for _, item in ref.items)
        if condition.calls and self._calls(condition, ref):
            return True
        return bool(condition.refers) and self._refers(condition, ref)

    def _calls(self, condition: Condition, ref: Reference) -> bool:
        if isinstance(ref, External):
            entries = self.context.knowledge.sinks.find(ref.name)
            return any(entry.sink.kind in condition.calls for entry in entries)
        return isinstance(ref, FunctionRef) and self.calls(ref, condition.calls)

    def _refers(self, condition: Condition, ref: Reference) -> bool:
        names = list(self._names(ref))
        for wanted in condition.refers:
            if "*" in wanted:
                pattern = compile_name(wanted)
                if any(pattern.match(name) for name in names):
                    return True
            elif self.context.knowledge.canonical(wanted) in names:
                return True
        return False

    def _names(self, ref: Reference) -> Iterator[str]:
        if isinstance(ref, (External, Instance, Member)):
            yield ref.name
        elif isinstance(ref, (ClassRef, InstanceOf)):
            for owner in self.context.bases_of(ref if isinstance(ref, ClassRef) else ref.cls):
                if isinstance(owner, External):
                    yield owner.name
        elif isinstance(ref, Snapshot):
            for _, item in ref.items:
                for inner in item.references:
                    if not isinstance(inner, Snapshot):
                        yield from self._names(inner)


def _is_form(ref: Reference, value: Value) -> bool:
    """Whether a reference only says in which form the value's constants are held, as in ``Path("x.pt")``."""
    return bool(value.constants) and isinstance(ref, (Instance, Member))


@lru_cache(maxsize=512)
def _range(versions: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(versions)
