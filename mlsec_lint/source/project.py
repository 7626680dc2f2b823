"""The modules of a scanned project: found by import name or path, read once, parsed when somebody asks."""

from __future__ import annotations

import posixpath
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.gaps import Gap, syntax_gap
from mlsec_lint.source.lowering import lower_function, lower_module
from mlsec_lint.source.syntax import parse, text

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_TREES_KEPT: Final = 4_000_000
"""Bytes of source whose trees are kept (a tree takes some 20 times its source): all of a large package would take a
gigabyte."""

_ASSIGNMENT_WITHIN: Final = 10
"""Levels of syntax between a name and the assignment that stores it."""

_LONGEST_NAME: Final = 80
"""A word in a longer string is prose or documentation, not the name of an attribute or an option."""

_GLOBAL: Final = re.compile(rb"^[ \t]+global[ \t]+([\w, \t]+)", re.MULTILINE)


class Module:
    """One Python file: its text (UTF-8, as decoded), its lowered top level, its functions when they are asked for."""

    def __init__(self, path: str, data: bytes, project: Project) -> None:
        self.path = path
        self.data = data
        self._project = project
        self._body: ir.Body | None = None
        self._globals: frozenset[str] | None = None
        self.gaps: dict[Gap, None] = {}

    @property
    def tree(self) -> Tree:
        """The syntax tree, parsed again if it was dropped meanwhile."""
        return self._project.tree(self)

    @property
    def body(self) -> ir.Body:
        """The lowered module level."""
        if self._body is None:
            self._body = lower_module(self.tree.root_node)
            self._note(self._body.gaps)
        return self._body

    @property
    def rebound(self) -> frozenset[str]:
        """Names that some function declares ``global``: their value at the end of the module is not the last word."""
        if self._globals is None:
            names = {n.strip() for m in _GLOBAL.findall(self.data) for n in m.decode("latin-1").split(",")}
            self._globals = frozenset(names)
        return self._globals

    def is_code(self, at: int) -> bool:
        """Whether the word at an offset stands in code, and not in a comment or in prose."""
        node = self.tree.root_node.descendant_for_byte_range(at, at + 1)
        if node is None or node.type == "comment":
            return False
        if node.type in ("string_content", "string", "escape_sequence"):
            return node.end_byte - node.start_byte <= _LONGEST_NAME
        return True

    def assigned_fields(self, at: int) -> list[str]:
        """The attributes that the assignment around an offset stores to, directly or as containers."""
        node = self.tree.root_node.descendant_for_byte_range(at, at + 1)
        for _ in range(_ASSIGNMENT_WITHIN):
            if node is None or node.type in ("assignment", "block", "module"):
                break
            node = node.parent
        found: list[str] = []
        while node is not None and node.type == "assignment":
            target = node.child_by_field_name("left")
            while target is not None and target.type == "subscript":
                target = target.child_by_field_name("value")
            if target is not None and target.type == "attribute":
                found.append(text(target.child_by_field_name("attribute")))
            node = node.parent
        return found

    def lower(self, body: ir.Body) -> ir.Body:
        """Make sure that the inside of a function of this module is lowered."""
        if body.block is None:
            node = self.definition(body.at, body.end)
            if node is None:
                body.block = []
            else:
                lower_function(body, node)
                self._project.lowered += 1
                self._note(body.gaps)
        return body

    def _note(self, gaps: Iterable[Gap]) -> None:
        self.gaps.update(dict.fromkeys(gaps))

    def definition(self, at: int, end: int) -> Node | None:
        """The node of the function, lambda or class with this span."""
        node = self.tree.root_node.descendant_for_byte_range(at, max(at, end - 1))
        while node is not None and (node.start_byte != at or node.end_byte != end or node.type == "block"):
            node = node.parent
        return node


class Project:
    """The modules of the scanned tree, and those beside it that they import from the same packages."""

    def __init__(
        self,
        root: Path,
        sources: Iterable[str],
        read: Callable[[str], bytes | None],
    ) -> None:
        self.root = root
        self._sources = frozenset(sources)
        self._read = read
        self._modules: dict[str, Module | None] = {}
        self.lowered = 0
        self._trees: OrderedDict[str, Tree] = OrderedDict()
        self._kept = 0
        self._found: dict[tuple[str, str], str | None] = {}
        self._exists: dict[str, bool] = {}
        self._packages: dict[str, bool] = {}
        self._roots: dict[str, tuple[str, ...]] = {}

    def module(self, path: str) -> Module | None:
        """The module at a path relative to the root; none if it cannot be read."""
        if path not in self._modules:
            data = self._read(path)
            self._modules[path] = Module(path, data, self) if data is not None else None
        return self._modules[path]

    def gaps(self) -> Iterator[tuple[str, tuple[Gap, ...]]]:
        """The modules of which something was left out so far, with what; those beside the scanned files excepted."""
        for path, module in self._modules.items():
            if module is not None and module.gaps and path in self._sources:
                yield path, tuple(module.gaps)

    def tree(self, module: Module) -> Tree:
        """The syntax tree of a module, from the few that are kept."""
        tree = self._trees.pop(module.path, None)
        if tree is None:
            tree = parse(module.data)
            if (gap := syntax_gap(tree.root_node, module.data)) is not None:
                module.gaps[gap] = None
            self._kept += len(module.data)
        self._trees[module.path] = tree
        while self._kept > _TREES_KEPT and len(self._trees) > 1:
            dropped, _ = self._trees.popitem(last=False)
            old = self._modules.get(dropped)
            self._kept -= len(old.data) if old is not None else 0
        return tree

    def find(self, importer: str, module: str, level: int) -> str | None:
        """The path of the module that an import in ``importer`` names, or none if it is not of this project."""
        folder = posixpath.dirname(importer)
        if level:
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            return self._locate(folder, module)
        key = (importer, module)
        if key not in self._found:
            self._found[key] = self._find_absolute(importer, folder, module)
        return self._found[key]

    def submodule(self, path: str, name: str) -> str | None:
        """The path of a submodule of the package at ``path``."""
        folder, _, file = path.rpartition("/")
        return self._locate(folder, name) if file == "__init__.py" else None

    def top_names(self) -> frozenset[str]:
        """First parts of the absolute import names of the project's own modules."""
        names: set[str] = set()
        for source in self._sources:
            folder, _, file = source.rpartition("/")
            names.add(file.partition(".")[0])
            while self._is_package(folder):
                folder, _, name = folder.rpartition("/")
                names.add(name)
        return frozenset(names)

    @cached_property
    def own_packages(self) -> frozenset[str]:
        """Import names of the project's own packages: the topmost folders with ``__init__.py``.

        A package in a folder without one may be part of a namespace, so its path from the root is a name of it too; the
        last part alone is one unless the folder looks like a namespace whose packages nobody imports by that name.
        """
        found: set[str] = set()
        for source in self._sources:
            folder, _, file = source.rpartition("/")
            if file != "__init__.py" or self._is_package(posixpath.dirname(folder)) or not folder:
                continue
            found.add(folder.removeprefix("src/").replace("/", "."))
            above = posixpath.dirname(folder)
            if not above or above == "src" or not self._is_namespace(above) or self._imports_itself(folder):
                found.add(folder.rpartition("/")[2])
        return frozenset(found)

    def is_own(self, name: str) -> bool:
        """Whether a qualified name is of one of the project's own packages."""
        while name:
            if name in self.own_packages:
                return True
            name = name.rpartition(".")[0]
        return False

    def _is_namespace(self, folder: str) -> bool:
        """Whether a folder holds nothing but packages, as the folders of namespace packages do."""
        inside = [s for s in self._sources if s.startswith(f"{folder}/")]
        return all("/" in source[len(folder) + 1 :] for source in inside)

    def _imports_itself(self, folder: str) -> bool:
        """Whether some file of a package imports a part of it by the package's name alone (an unpacked checkout)."""
        inside = [source for source in self._sources if source.startswith(f"{folder}/")]
        parts = {source[len(folder) + 1 :].partition("/")[0].removesuffix(".py").encode() for source in inside}
        name = re.escape(posixpath.basename(folder))
        imports = re.compile(rf"^[ \t]*(?:from|import)[ \t]+{name}\.(\w+)".encode(), re.MULTILINE)
        for source in inside:
            data = self._read(source)
            if data is not None and not parts.isdisjoint(imports.findall(data)):
                return True
        return False

    def _find_absolute(self, importer: str, folder: str, module: str) -> str | None:
        for place in self._places(folder):
            found = self._locate(place, module)
            if found is not None and found != importer:
                return found
        return None

    def _places(self, folder: str) -> tuple[str, ...]:
        """Where an absolute import in a folder may lead: its own folder if it holds scripts, its root, the root."""
        known = self._roots.get(folder)
        if known is None:
            above = [folder]
            while above[-1]:
                above.append(posixpath.dirname(above[-1]))
            scripts = () if any(self._is_package(each) for each in above) else (folder,)
            top = next(each for each in above if not self._is_package(each))
            known = self._roots[folder] = tuple(dict.fromkeys((*scripts, top, "", "src")))
        return known

    def _locate(self, folder: str, module: str) -> str | None:
        target = posixpath.join(folder, *module.split(".")) if module else folder
        if module and self._is_file(f"{target}.py"):
            return f"{target}.py"
        package = posixpath.join(target, "__init__.py")
        return package if self._is_file(package) else None

    def _is_package(self, folder: str) -> bool:
        if not folder:
            return False
        if folder not in self._packages:
            self._packages[folder] = self._is_file(f"{folder}/__init__.py")
        return self._packages[folder]

    def _is_file(self, path: str) -> bool:
        if path in self._sources:
            return True
        known = self._exists.get(path)
        if known is None:
            file = self.root / path
            known = self._exists[path] = ".." not in path and file.is_file() and not file.is_symlink()
        return known
