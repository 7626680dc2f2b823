"""Expressions of ``find_class`` as values: what they have to do with the module and name that a pickle asks for."""

from __future__ import annotations

from typing import Final, TypeAlias

import libcst as cst

from mlsec_lint.checks._unpickler.literals import dotted
from mlsec_lint.checks._unpickler.scope import Scope
from mlsec_lint.checks._unpickler.shapes import names_in, parts_of, snippet
from mlsec_lint.checks._unpickler.values import (
    MODULE,
    NAME,
    NOTHING,
    Entry,
    Imported,
    Known,
    Lookup,
    Opaque,
    Pair,
    Text,
    Unknown,
    Value,
    origin_of,
)

Env: TypeAlias = "dict[str, Value]"
"""What the local names stand for; an assignment expression writes to it."""

_IMPORTERS: Final = frozenset({"import_module", "__import__"})
_SAME_STRING: Final = frozenset({"str", "intern", "cast"})
_EVALUATORS: Final = frozenset({"eval", "exec"})
_NAMESPACES: Final = frozenset({"vars", "dir", "globals", "locals"})
_LOOKS: Final = frozenset({"get", "pop", "setdefault", "__getitem__"})
_SEPARATORS: Final = frozenset({".", ":", "/", "::", "-", "|", ","})


class Evaluator:
    """Gives expressions their values, in a scope; reads what it does not know as derived from the names in it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def value(self, node: cst.BaseExpression, env: Env) -> Value:
        """The value of an expression. Never fails: what is not understood depends on all that it mentions."""
        self.scope.step()
        if isinstance(node, cst.Name) and node.value in env:
            return env[node.value]
        if isinstance(node, cst.NamedExpr):
            value = self.value(node.value, env)
            if isinstance(node.target, cst.Name):
                env[node.target.value] = value
            return value
        if isinstance(node, cst.Await):
            return self.value(node.expression, env)
        if isinstance(node, cst.Lambda):
            return Unknown("a lambda")
        pieces = self._pieces(node, env)
        if pieces is not None:
            return self._text_of(pieces, node, env)
        if isinstance(node, (cst.Tuple, cst.List)):
            return self._tuple(node, env)
        if isinstance(node, cst.Call):
            return self._call(node, env)
        if isinstance(node, cst.Subscript):
            return self._subscript(node, env)
        if isinstance(node, cst.Attribute):
            return self._attribute(node, env)
        if isinstance(node, (cst.IfExp, cst.BooleanOperation)):
            return self._one_of(node, env)
        return self._plain(node, env)

    def _plain(self, node: cst.BaseExpression, env: Env) -> Value:
        """A literal or constant; else whatever the names in it make of it."""
        origin = self.mentions(node, env)
        if origin:
            return self._derived(node, env)
        content = self.scope.literals.read(node)
        return Unknown(snippet(node)) if isinstance(content, Opaque) else Known(content, snippet(node))

    def mentions(self, node: cst.CSTNode, env: Env) -> frozenset[str]:
        """Which of module and name an expression depends on, through the names in it."""
        return NOTHING.union(*(origin_of(env[name]) for name in names_in(node) if name in env))

    def _derived(self, node: cst.BaseExpression, env: Env) -> Value:
        used = sorted({str(env[name]) for name in names_in(node) if name in env and origin_of(env[name])})
        return Text(self.mentions(node, env), f"{snippet(node)} of {' and '.join(used)}")

    # Strings made of module and name

    def _pieces(self, node: cst.BaseExpression, env: Env) -> list[str | Value] | None:
        """The parts of a string that is put together from others; ``None`` for everything else."""
        if isinstance(node, cst.FormattedString):
            return [self._part(part, env) for part in node.parts]
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
            if not self.mentions(node, env):
                return None
            return [p for side in (node.left, node.right) for p in self._pieces(side, env) or [self._atom(side, env)]]
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Modulo):
            template = self.scope.literals.read(node.left)
            args = [e.value for e in node.right.elements] if isinstance(node.right, cst.Tuple) else [node.right]
            return self._filled(template, "%s", args, env)
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            template = self.scope.literals.read(node.func.value)
            args = [arg.value for arg in node.args]
            if node.func.attr.value == "format":
                return self._filled(template, "{}", args, env)
            if node.func.attr.value == "join" and isinstance(template, str) and len(args) == 1:
                return self._joined(template, args[0], env)
        return None

    def _part(self, part: cst.BaseFormattedStringContent, env: Env) -> str | Value:
        if isinstance(part, cst.FormattedStringText):
            return part.value
        if isinstance(part, cst.FormattedStringExpression):
            return self._atom(part.expression, env)
        return Unknown("...")

    def _atom(self, node: cst.BaseExpression, env: Env) -> str | Value:
        value = self.value(node, env)
        return value.content if isinstance(value, Known) and isinstance(value.content, str) else value

    def _filled(
        self, template: object, hole: str, args: list[cst.BaseExpression], env: Env
    ) -> list[str | Value] | None:
        if not isinstance(template, str) or template.count(hole) != len(args):
            return None
        texts = template.split(hole)
        found: list[str | Value] = [texts[0]]
        for arg, text in zip(args, texts[1:], strict=True):
            found += [self._atom(arg, env), text]
        return found

    def _joined(self, separator: str, arg: cst.BaseExpression, env: Env) -> list[str | Value] | None:
        value = self.value(arg, env)
        if not isinstance(value, Pair) or value.separator:
            return None
        return [value.module, separator, value.name]

    def _text_of(self, pieces: list[str | Value], node: cst.BaseExpression, env: Env) -> Value:
        pieces = [piece for piece in pieces if piece != ""]
        if len(pieces) == 3 and isinstance(pieces[1], str) and pieces[1] in _SEPARATORS:
            module, name = (Known(p, p) if isinstance(p, str) else p for p in (pieces[0], pieces[2]))
            if MODULE in origin_of(module) and NAME in origin_of(name):
                return Pair(module, name, pieces[1])
        if len(pieces) == 1 and not isinstance(pieces[0], str):
            return pieces[0]
        origin = NOTHING.union(*(origin_of(piece) for piece in pieces if not isinstance(piece, str)))
        if origin:
            return self._derived(node, env)
        return self._plain(node, env) if not isinstance(node, cst.FormattedString) else Unknown(snippet(node))

    def _tuple(self, node: cst.Tuple | cst.List, env: Env) -> Value:
        if len(node.elements) == 2 and all(isinstance(element, cst.Element) for element in node.elements):
            first, second = (self.value(element.value, env) for element in node.elements)
            if origin_of(first) and origin_of(second):
                return Pair(first, second)
        return self._plain(node, env)

    def _one_of(self, node: cst.IfExp | cst.BooleanOperation, env: Env) -> Value:
        """Either of two: a lookup if one is; ``TABLE[x] if x in TABLE else x``, a renaming, is still ``x``."""
        sides = (node.body, node.orelse) if isinstance(node, cst.IfExp) else (node.left, node.right)
        left, right = (self.value(side, env) for side in sides)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Lookup) or one == other or (isinstance(one, Entry) and one.key == other):
                return one if isinstance(one, Lookup) else other
        return self._plain(node, env)

    # Objects reached by name

    def _attribute(self, node: cst.Attribute, env: Env) -> Value:
        base = self.value(node.value, env) if self.mentions(node, env) else None
        if isinstance(base, Imported):
            return base
        return self._plain(node, env)

    def _subscript(self, node: cst.Subscript, env: Env) -> Value:
        index = node.slice[0].slice if len(node.slice) == 1 else None
        if len(node.slice) == 2:  # TABLE[module, name]
            parts = [e.slice.value for e in node.slice if isinstance(e.slice, cst.Index)]
            values = [self.value(part, env) for part in parts]
            if len(values) == 2 and all(origin_of(value) for value in values):
                return self._entry(self.value(node.value, env), Pair(values[0], values[1]), node, env)
        if not isinstance(index, cst.Index):
            return self._plain(node, env)
        key = self.value(index.value, env)
        return self._entry(self.value(node.value, env), key, node, env)

    def _entry(self, table: Value, key: Value, node: cst.BaseExpression, env: Env) -> Value:
        if not origin_of(key):
            return self._plain(node, env)
        if isinstance(table, Imported):
            return Lookup(table.module, key, snippet(node))
        if isinstance(table, Unknown) and table.text == "sys.modules":
            return Imported(key)
        if isinstance(table, (Unknown, Known, Entry)):
            return Entry(table, key)
        return self._plain(node, env)

    def _call(self, node: cst.Call, env: Env) -> Value:
        name = dotted(node.func)
        last = name.rpartition(".")[2] or (node.func.attr.value if isinstance(node.func, cst.Attribute) else "")
        args = [self.value(arg.value, env) for arg in node.args]
        if last == "find_class" and isinstance(node.func, cst.Attribute):
            return self._find_class(node, args)
        if last in _IMPORTERS and args:
            return Imported(args[0])
        if name == "getattr" and len(args) > 1:
            return self._getattr(node, args)
        if name in _NAMESPACES:
            return self._module_of(args[0], node.args[0].value) if args else Imported(Known(f"{name}()", name))
        if last in _SAME_STRING and args and isinstance(args[-1], Text):
            return args[-1]
        if last == "split" and isinstance(node.func, cst.Attribute):
            return self._derived_or_plain(node, env)
        if last in _LOOKS and isinstance(node.func, cst.Attribute) and args:
            found = self._get(node, node.func, args, env)
            if found is not None:
                return found
        if last == "reduce" and len(args) == 3 and isinstance(args[2], Imported):
            return Lookup(args[2].module, self.unsplit(node.args[1].value, env), snippet(node))
        return self._unfollowed(node, name, args, env)

    def _find_class(self, node: cst.Call, args: list[Value]) -> Value:
        own = bool(node.args) and isinstance(node.args[0].value, cst.Name) and node.args[0].value.value == "self"
        args = args[1:] if own else args
        if node.args and node.args[-1].star == "*" and args and isinstance(args[-1], Pair):
            args = [args[-1].module, args[-1].name]
        if len(args) < 2:
            return Unknown(snippet(node))
        return Lookup(args[0], args[1], f"{snippet(node.func)}()")

    def _module_of(self, value: Value, node: cst.BaseExpression) -> Imported:
        """The object whose attributes are asked for, as a module: by its name if it was not imported by name."""
        if isinstance(value, Imported):
            return value
        if isinstance(value, Lookup):
            return Imported(value.module)
        return Imported(Known(dotted(node) or snippet(node), snippet(node)))

    def _getattr(self, node: cst.Call, args: list[Value]) -> Value:
        target = node.args[0].value
        if not origin_of(args[1]) and not isinstance(args[0], Imported):
            return args[0] if isinstance(args[0], Lookup) else Unknown(snippet(node))
        if dotted(target) == "self" and not (isinstance(args[1], Text) and args[1].key == NAME):
            return Unknown(snippet(node))  # one of the unpickler's own methods, by a name of its own making
        if isinstance(args[0], Lookup):
            return Lookup(args[0].module, args[1], "getattr()")
        return Lookup(self._module_of(args[0], target).module, args[1], "getattr()")

    def _get(self, node: cst.Call, func: cst.Attribute, args: list[Value], env: Env) -> Value | None:
        if not origin_of(args[0]):
            return None
        if len(args) > 1 and (args[1] == args[0] or isinstance(args[1], Lookup)):
            return args[1]  # RENAMES.get(module, module) is still the module that was asked for
        found = self._entry(self.value(func.value, env), args[0], node, env)
        return found if isinstance(found, (Entry, Lookup, Imported)) else None

    def unsplit(self, node: cst.BaseExpression, env: Env) -> Value:
        """``name`` for ``name.split(".")``: going through all parts of a path is looking up the path."""
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "split":
            return self.value(node.func.value, env)
        return self.value(node, env)

    def _derived_or_plain(self, node: cst.BaseExpression, env: Env) -> Value:
        return self._derived(node, env) if self.mentions(node, env) else self._plain(node, env)

    def _unfollowed(self, node: cst.Call, name: str, args: list[Value], env: Env) -> Value:
        """A call that nothing is known about: a lookup if it gets both module and name, unless it makes an object."""
        for arg in args:
            if isinstance(arg, Lookup):
                return arg
        if isinstance(node.func, cst.Call) and args and isinstance(args[0], Imported):  # attrgetter(name)(module)
            inner = [self.value(arg.value, env) for arg in node.func.args]
            if inner and NAME in origin_of(inner[0]):
                return Lookup(args[0].module, inner[0], snippet(node))
        last = name.rpartition(".")[2].lstrip("_")
        origin = NOTHING.union(*(origin_of(arg) for arg in args))
        if name in _EVALUATORS and origin:
            module, asked = parts_of(args)
            return Lookup(module, asked, f"{name}()")
        if origin >= {MODULE, NAME} and name not in {"type", "print"} and not last[:1].isupper():
            module, asked = parts_of(args)
            return Lookup(module, asked, f"{snippet(node.func)}()", followed=False)
        return Unknown(snippet(node)) if last[:1].isupper() or name == "type" else self._derived_or_plain(node, env)
