"""From a tree-sitter tree to the intermediate representation: the scope in which lowering happens.

The passes recurse over the tree with a depth counter: beyond :data:`DEEPEST` levels an expression becomes opaque and
a statement is left out, so hostile nesting costs precision and never the process.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.gaps import LENGTH, SIZE, Gap, matters, nesting_gap
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST: Final = 120
"""Levels of nesting that are followed; the deepest real file measured has 33."""

_HOLDERS: Final = (ir.If, ir.Loop, ir.Try, ir.With, ir.Match, ir.Choose, ir.Shortcut, ir.Class)

MOST_OPERATIONS: Final = 20_000
"""Operations per body; a body beyond it is truncated and reported as such."""

Lowering = Callable[["Scope", "Node"], ir.Register]
"""Emits what computes the value of an expression; the result is the register that holds it."""


class Scope:
    """The state of lowering one body: its registers, the block being filled, the names it binds."""

    def __init__(self, body: ir.Body, parent: Scope | None) -> None:
        self.body = body
        self.parent = parent
        self.ops: ir.Block = []
        self.depth = parent.depth if parent is not None else 0
        self.lowerings = parent.lowerings if parent is not None else _lowerings()
        self.gaps: dict[Gap, None] = parent.gaps if parent is not None else {}
        self._registers = 0
        self._operations = 0
        self._binds: set[str] = set()
        self._globals: set[str] = set()
        self._nonlocals: set[str] = set()
        self._renames: list[dict[str, str]] = []
        self._renamed = 0
        self._class_level = 0
        self._prefix = f"{body.qualname}." if body.kind != "module" else ""

    def register(self) -> ir.Register:
        """A new register."""
        self._registers += 1
        return self._registers - 1

    def emit(self, op: ir.Op) -> None:
        """Append an operation to the current block, unless the body has used up its budget.

        An operation that holds blocks is kept, or everything in it that came before the end of the budget were lost.
        """
        self._operations += 1
        if self._operations <= MOST_OPERATIONS or isinstance(op, _HOLDERS):
            self.ops.append(op)
        if self._operations == MOST_OPERATIONS + 1:
            self.gaps[Gap(self.body.at, SIZE, lost=True)] = None

    def skip(self, node: Node) -> None:
        """Note that ``node`` is left out because it nests too deeply."""
        self.gaps[nesting_gap(node)] = None

    def shorten(self, elements: list[Node]) -> None:
        """Note that the rest of a long literal is left out, if more than data is lost."""
        lost = next((element for element in elements if matters(element)), None)
        if lost is not None:
            self.gaps[Gap(lost.start_byte, LENGTH, lost=True)] = None

    def constant(self, value: ir.Constant) -> ir.Register:
        """A register that holds a literal."""
        dst = self.register()
        self.emit(ir.Const(dst, value))
        return dst

    def opaque(self, *sources: ir.Register) -> ir.Register:
        """A register about which only its ingredients are known."""
        dst = self.register()
        self.emit(ir.Opaque(dst, sources))
        return dst

    @contextmanager
    def block(self) -> Generator[ir.Block]:
        """Collect the operations emitted inside into a block of their own."""
        outer, self.ops = self.ops, []
        try:
            yield self.ops
        finally:
            self.ops = outer

    @contextmanager
    def comprehension(self) -> Generator[None]:
        """Targets bound inside get names of their own."""
        self._renames.append({})
        try:
            yield
        finally:
            self._renames.pop()

    @contextmanager
    def class_scope(self, name: str) -> Generator[None]:
        """Names bound inside belong to a class and not to this body."""
        self._class_level += 1
        outer, self._prefix = self._prefix, f"{self._prefix}{name}."
        renames, self._renames = self._renames, []
        try:
            yield
        finally:
            self._class_level -= 1
            self._prefix = outer
            self._renames = renames

    @property
    def qualified_prefix(self) -> str:
        """The qualified name of what is being lowered, with a dot, or nothing at module level."""
        return self._prefix

    @property
    def in_class(self) -> bool:
        """Whether the statement being lowered stands directly in a class body."""
        return self._class_level > 0

    def name(self, name: str) -> str:
        """The name as this body knows it: comprehension targets are renamed."""
        for renames in reversed(self._renames):
            if name in renames:
                return renames[name]
        return name

    def load(self, name: str) -> ir.Register:
        """A register with the value of a name."""
        dst = self.register()
        self.emit(ir.Load(dst, self.name(name)))
        return dst

    def store(self, name: str, src: ir.Register, node: Node, *, walrus: bool = False) -> None:
        """Bind a name; inside a comprehension the target is local to it, unless by ``:=``."""
        if self._renames and not walrus:
            renames = self._renames[-1]
            if name not in renames:
                self._renamed += 1
                renames[name] = f"{name}.{self._renamed}"
            name = renames[name]
        elif not self._class_level:
            self._binds.add(name)
        self.emit(ir.Store(name, src, node.start_byte, node.end_byte))

    def bind(self, name: str) -> None:
        """Note a binding that an operation makes by itself (an import, a deletion)."""
        if not self._class_level:
            self._binds.add(name)

    def declare(self, names: list[str], kind: str) -> None:
        """Note a ``global`` or ``nonlocal`` statement."""
        (self._globals if kind == "global" else self._nonlocals).update(names)

    @contextmanager
    def deeper(self) -> Generator[bool]:
        """Count one level of nesting; yields whether the limit allows it."""
        self.depth += 1
        try:
            yield self.depth <= DEEPEST
        finally:
            self.depth -= 1

    def finish(self, block: ir.Block) -> None:
        """Store the result in the body."""
        outside = self._globals | self._nonlocals
        self.body.block = block
        self.body.binds = frozenset(self._binds - outside)
        self.body.globals = frozenset(self._globals)
        self.body.nonlocals = frozenset(self._nonlocals)
        self.body.registers = self._registers
        self.body.operations = self._operations
        self.body.gaps = tuple(self.gaps)


def _lowerings() -> Mapping[str, Lowering]:
    """How each kind of expression is lowered. The functions need the scope, and a scope knows them."""
    from mlsec_lint.source.lower_table import EXPRESSIONS

    return EXPRESSIONS


def lower_module(root: Node) -> ir.Body:
    """The body of a module: its statements, with class bodies inlined and functions left closed."""
    from mlsec_lint.source.lower_statements import lower_block

    body = ir.Body("<module>", "", "module", root.start_byte, root.end_byte)
    scope = Scope(body, None)
    with scope.block() as block:
        lower_block(scope, root)
    scope.finish(block)
    return body


def lower_function(body: ir.Body, node: Node) -> None:
    """Fill in the inside of a function (``function_definition``) or lambda, with everything nested in it."""
    fill(Scope(body, None), node)


def fill(scope: Scope, node: Node) -> None:
    """Lower the inside of ``node`` into the body of ``scope``."""
    from mlsec_lint.source.lower_expressions import lower_expression
    from mlsec_lint.source.lower_statements import lower_block

    inside = node.child_by_field_name("body")
    for name in parameter_names(node):
        scope.bind(name)
    with scope.block() as block:
        if node.type == "lambda" and inside is not None:
            scope.emit(ir.Return(lower_expression(scope, inside)))
        elif inside is not None:
            lower_block(scope, inside)
    scope.finish(block)


def parameter_names(node: Node) -> list[str]:
    """The names of the parameters of a function or lambda."""
    parameters = node.child_by_field_name("parameters")
    if parameters is None:
        return []
    return [name for child in parameters.named_children if (name := parameter_name(child))]


def parameter_name(child: Node) -> str:
    """The name that one child of a parameter list binds; empty for separators."""
    if child.type == "identifier":
        return text(child)
    named = child.child_by_field_name("name")
    if named is not None:
        return text(named)
    if child.type in ("typed_parameter", "list_splat_pattern", "dictionary_splat_pattern"):
        return parameter_name(child.named_children[0]) if child.named_children else ""
    return ""
