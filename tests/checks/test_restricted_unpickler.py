"""Unpicklers as people write them, and what their ``find_class`` is worth."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import libcst
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.checks.restricted_unpickler import Judgement, UnpicklerFacts, judge

DATA = msgspec.toml.decode((Path(__file__).parents[2] / "rules" / "_facts" / "unpickler.toml").read_bytes())
FACTS = UnpicklerFacts(
    modules={module: entry["effect"] for entry in DATA["danger"] for module in entry.get("modules", [])},
    names={
        (module, name): entry["effect"]
        for entry in DATA["danger"]
        for module, names in entry.get("names", {}).items()
        for name in names
    },
)


def judged(source: str) -> Judgement:
    """The judgement on the last class of a text, with the text's own constants and functions."""
    module = libcst.parse_module(textwrap.dedent(source))
    classes = [s for s in module.body if isinstance(s, libcst.ClassDef)]
    functions = {s.name.value: s for s in module.body if isinstance(s, libcst.FunctionDef)}
    constants: dict[str, object] = {}
    for statement in ast.parse(module.code).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                constants[statement.targets[0].id] = ast.literal_eval(statement.value)
            except ValueError:
                continue
    found = judge(classes[-1], constants.get, FACTS, functions.get)
    assert found is not None
    return found


def method(body: str, before: str = "") -> Judgement:
    """The judgement on an unpickler with this body of ``find_class``."""
    head = "class U(pickle.Unpickler):\n    def find_class(self, module, name):\n"
    return judged(f"{textwrap.dedent(before)}\n{head}{textwrap.indent(textwrap.dedent(body), ' ' * 8)}")


# Allow-lists


def test_the_example_of_the_pickle_documentation() -> None:
    found = judged(
        """
        safe_builtins = {'range', 'complex', 'set', 'frozenset', 'slice'}

        class RestrictedUnpickler(pickle.Unpickler):
            def find_class(self, module, name):
                # Only allow safe classes from builtins.
                if module == "builtins" and name in safe_builtins:
                    return getattr(builtins, name)
                # Forbid everything else.
                raise pickle.UnpicklingError("global '%s.%s' is forbidden" % (module, name))
        """
    )
    assert found.verdict == "allow-list"
    assert found.complete
    assert "safe_builtins" in found.reason
    assert found.node.name.value == "find_class"


ALLOW_LISTS = """
# every name refused
raise pickle.UnpicklingError(f'{module}.{name}')
---
# pairs
if (module, name) not in PAIRS:
    raise E(module)
return super().find_class(module, name)
---
if (module, name) in PAIRS:
    return super().find_class(module, name)
raise E
---
# joined names
full = f'{module}.{name}'
if full not in NAMES:
    raise E(full)
return super().find_class(module, name)
---
if module + '.' + name in NAMES:
    return super().find_class(module, name)
raise E
---
if '%s.%s' % (module, name) in NAMES:
    return super().find_class(module, name)
raise E
---
if '{}.{}'.format(module, name) in NAMES:
    return super().find_class(module, name)
raise E
---
if '.'.join((module, name)) in NAMES:
    return super().find_class(module, name)
raise E
---
# a table of modules and their names
if module in TABLE and name in TABLE[module]:
    return super().find_class(module, name)
raise E
---
if module in TABLE:
    if name in TABLE[module]:
        m = importlib.import_module(module)
        return getattr(m, name)
raise E
---
if name in TABLE.get(module, ()):
    return super().find_class(module, name)
raise E
---
allowed = TABLE.get(module)
if allowed is None or name not in allowed:
    raise E
return super().find_class(module, name)
---
if not module in TABLE:
    raise E
__import__(module)
mod = sys.modules[module]
if not name in TABLE[module]:
    raise E
return getattr(mod, name)
---
try:
    allowed = TABLE[module]
except KeyError:
    raise E from None
if name in allowed:
    return super().find_class(module, name)
raise E
---
if (names := TABLE.get(module)) and name in names:
    return super().find_class(module, name)
raise E
---
# a table of objects: nothing is looked up at all
return OBJECTS[module, name]
---
try:
    return OBJECTS[f'{module}.{name}']
except KeyError:
    raise E
---
cls = OBJECTS.get((module, name))
if cls is None:
    raise E
return cls
---
# comparisons
if module == 'torch' and name == 'FloatStorage':
    return torch.FloatStorage
elif module == 'torch._utils' and name in ('_rebuild_tensor', '_rebuild_tensor_v2'):
    return getattr(torch._utils, name)
raise E
---
if module == 'collections':
    if name == 'OrderedDict':
        return super().find_class(module, name)
raise E
---
match (module, name):
    case ('collections', 'OrderedDict') | ('torch', 'Size'):
        return super().find_class(module, name)
    case _:
        raise E
---
match module, name:
    case 'builtins', ('set' | 'list'):
        return super().find_class(module, name)
raise E
---
# loops and generators
for m, n in PAIRS:
    if module == m and name == n:
        return super().find_class(module, name)
raise E
---
for m, names in TABLE.items():
    if m == module and name in names:
        break
else:
    raise E
return super().find_class(module, name)
---
if any(module == m and name in names for m, names in TABLE.items()):
    return super().find_class(module, name)
raise E
---
ok = (module, name) in PAIRS
if not ok:
    raise E
return super().find_class(module, name)
---
# renamed before the check, or by a table after it
module = module.replace('numpy._core', 'numpy.core')
if (module, name) not in PAIRS:
    raise E
return super().find_class(module, name)
---
if (module, name) not in PAIRS:
    raise E
module = RENAMED.get(module, module)
return super().find_class(module, name)
---
# placeholders for the rest
if (module, name) in PAIRS:
    return super().find_class(module, name)
return type(name, (Placeholder,), {'__module__': module})
---
if (module, name) in PAIRS:
    return super().find_class(module, name)
return Placeholder(module, name)
---
return super().find_class(module, name) if (module, name) in PAIRS else Placeholder
---
return (module, name) in PAIRS and super().find_class(module, name)
---
# called in other ways
if (module, name) not in PAIRS:
    raise E
return pickle.Unpickler.find_class(self, module, name)
---
if (module, name) not in PAIRS:
    raise E
return super(U, self).find_class(module, name)
---
if (module, name) not in PAIRS:
    raise E
obj = importlib.import_module(module)
for part in name.split('.'):
    obj = getattr(obj, part)
return obj
---
if (module, name) not in PAIRS:
    raise E
try:
    return super().find_class(module, name)
except AttributeError as e:
    raise E from e
---
logger.debug('%s %s', module, name)
if (module, name) not in PAIRS:
    logger.warning(name)
    raise E
if self.verbose:
    print(name)
return super().find_class(module, name)
"""


@pytest.mark.parametrize("body", ALLOW_LISTS.split("---\n"))
def test_a_check_of_module_and_name_is_an_allow_list(body: str) -> None:
    before = """
        PAIRS = {("collections", "OrderedDict"), ("torch._utils", "_rebuild_tensor_v2"), ("builtins", "set")}
        NAMES = ["collections.OrderedDict", "numpy.core.multiarray._reconstruct", "builtins.dict"]
        TABLE = {"collections": {"OrderedDict"}, "builtins": ["set", "list"], "numpy": ("ndarray", "dtype")}
        RENAMED = {"numpy._core": "numpy.core"}
    """
    found = method(body, before)
    assert (found.verdict, found.complete) == ("allow-list", True), found.reason


def test_constants_of_the_class_and_of_the_instance_are_read() -> None:
    found = judged(
        """
        class SafeUnpickler(pickle.Unpickler):
            ALLOWED = {"builtins": {"set"}, **{"collections": {"OrderedDict"}}}
            SAFE_MODULES = frozenset(["datetime"]) | {"decimal"}

            def __init__(self, file):
                super().__init__(file)
                self.names = {"datetime", "Decimal"}

            def find_class(self, module_name: str, global_name: str, /) -> type:
                if global_name in self.ALLOWED.get(module_name, set()):
                    return super().find_class(module_name, global_name)
                if module_name in SafeUnpickler.SAFE_MODULES and global_name in self.names:
                    return super().find_class(module_name, global_name)
                raise pickle.UnpicklingError("no")
        """
    )
    assert (found.verdict, found.complete) == ("allow-list", True)


def test_a_list_that_is_filled_elsewhere_is_an_allow_list_that_nobody_has_seen() -> None:
    found = judged(
        """
        class Unpickler(pickle.Unpickler):
            def __init__(self, *args, approved_imports=None, **kwargs):
                super().__init__(*args, **kwargs)
                self.approved_imports = approved_imports or {}

            def find_class(self, module, name):
                if name not in self.approved_imports.get(module, []):
                    raise ValueError(f"Import {module} | {name} is not allowed")
                return super().find_class(module, name)
        """
    )
    assert (found.verdict, found.complete) == ("allow-list", False)


def test_a_check_in_a_method_or_function_is_followed() -> None:
    found = judged(
        """
        SAFE = {("collections", "OrderedDict")}

        def is_safe(module, name):
            if module is None:
                return False
            return (module, name) in SAFE

        class U(pickle.Unpickler):
            def _check(self, module, name):
                if not is_safe(module, name):
                    raise pickle.UnpicklingError(name)

            def find_class(self, module, name):
                self._check(module, name)
                return self._load(name, owner=module)

            def _load(self, name, owner):
                return super().find_class(owner, name)
        """
    )
    assert (found.verdict, found.complete) == ("allow-list", True)


# Weak ones


WEAK = """# says: not the name
if module not in ANY:
    raise E
if ANY[module] is not None and name not in ANY[module]:
    raise E
return super().find_class(module, name)
---
# the module only
# says: builtins.breakpoint
if module == 'builtins':
    return super().find_class(module, name)
return dict
---
# says: not the name
if module in MODULES:
    return super().find_class(module, name)
raise E
---
# says: not the name
if module not in MODULES:
    raise E
return getattr(importlib.import_module(module), name)
---
# says: builtins
if module == 'builtins':
    return getattr(builtins, name)
return Fake
---
# says: numpy
if '*' in STARS.get(module, ()) or name in STARS[module]:
    return super().find_class(module, name)
raise E
---
# a prefix or a part
# says: part
if module.startswith('numpy'):
    return super().find_class(module, name)
raise E
---
# says: numpy
if module.split('.')[0] in SAFE:
    _module = importlib.import_module(module)
    return getattr(_module, name)
raise E
---
# says: part
root, _, _ = module.partition('.')
if root not in SAFE:
    raise E
return super().find_class(module, name)
---
if any(module == m or module.startswith(m + '.') for m in SAFE):
    return super().find_class(module, name)
raise E
---
# says: part
for prefix in SAFE:
    if module.startswith(prefix):
        return super().find_class(module, name)
raise E
---
# says: part
if re.match(r'torch|numpy', module):
    return super().find_class(module, name)
raise E
---
# says: part
if 'torch' in module:
    return super().find_class(module, name)
raise E
---
if module in MODULES or module.startswith('PIL.'):
    return super().find_class(module, name)
raise E
---
# says: part
allowed = any(module.startswith(p) for p in SAFE)
if allowed:
    return super().find_class(module, name)
raise E
---
# says: part
if f'{module}.{name}'.startswith('torch.'):
    return super().find_class(module, name)
raise E
---
if name.split('.')[0] in ('set', 'list') and module == 'builtins':
    return super().find_class(module, name)
raise E
---
# the name only
# says: not the module
if name in ('Tensor', 'load'):
    return super().find_class(module, name)
raise E
---
# says: not the module
if name != 'Config':
    raise E
return super().find_class(module, name)
---
# deny-lists
# says: BLOCKED
if module in BLOCKED:
    raise E
return super().find_class(module, name)
---
# says: BLOCKED
if module not in BLOCKED:
    return super().find_class(module, name)
raise E
---
# says: only refuses
for bad in BLOCKED:
    if module.startswith(bad):
        raise E
return super().find_class(module, name)
---
# says: only refuses
if (module, name) in DENIED or module == 'os':
    raise E
return super().find_class(module, name)
---
# says: only refuses
if module in BLOCKED:
    return None
return super().find_class(module, name)
---
# says: only refuses
match module:
    case 'os' | 'sys':
        raise E
return super().find_class(module, name)
---
# says: BLOCKED
if module in BLOCKED:
    if name in ('set', 'range'):
        return getattr(builtins, name)
    else:
        raise E
return super().find_class(module, name)
---
# dangerous names in the list
# says: builtins.getattr
if module == 'builtins' and name in ('set', 'getattr'):
    return getattr(builtins, name)
raise E
---
# says: builtins.eval
if (module, name) in DENIED:
    return super().find_class(module, name)
raise E
---
# says: functools.partial
if name in {'functools': ['partial']}.get(module, ()):
    return super().find_class(module, name)
raise E
---
# says: unpickles
if f'{module}.{name}' in ['torch.storage._load_from_bytes']:
    return super().find_class(module, name)
raise E
---
# says: runstring
if (module, name) == ('numpy.testing._private.utils', 'runstring'):
    return super().find_class(module, name)
raise E
---
# checked too late, or by what can be switched off
# says: before
cls = super().find_class(module, name)
if cls not in CLASSES:
    raise E
return cls
---
# says: python -O
assert (module, name) in PAIRS
return super().find_class(module, name)
---
# says: self.strict
if not self.strict or (module, name) in PAIRS:
    return super().find_class(module, name)
raise E
"""


@pytest.mark.parametrize("body", WEAK.split("---\n"))
def test_a_check_of_less_is_weak(body: str) -> None:
    before = """
        MODULES = {"datetime", "numpy.core.multiarray"}
        SAFE = {"numpy", "torch"}
        BLOCKED = ["os", "subprocess", "builtins"]
        PAIRS = {("collections", "OrderedDict")}
        DENIED = {("os", "system"), ("builtins", "eval")}
        ANY = {"datetime": None, "decimal": {"Decimal"}}
        STARS = {"numpy": ["*"], "collections": ["OrderedDict"]}
    """
    found = method(body, before)
    assert found.verdict == "weak", found.reason
    for words in re.findall("# says: (.*)", body):
        assert words in found.reason
    assert not found.reason.endswith(".")


def test_prefixes_with_a_deny_list_are_weak() -> None:
    found = judged(
        """
        class SafeUnpickler(pickle.Unpickler):
            ALLOWED_MODULE_PREFIXES = {"builtins.", "collections.", "torch.", "numpy."}
            DENY_CLASSES = {("builtins", "eval"), ("builtins", "exec"), ("os", "system")}

            def find_class(self, module, name):
                if (module, name) in self.DENY_CLASSES:
                    raise RuntimeError(f"Blocked unsafe class loading ({module}.{name})")
                if any((module + ".").startswith(prefix) for prefix in self.ALLOWED_MODULE_PREFIXES):
                    return super().find_class(module, name)
                raise RuntimeError(f"Blocked unsafe class loading ({module}.{name})")
        """
    )
    assert found.verdict == "weak"
    assert "prefix" in found.reason


@pytest.mark.parametrize(
    "body",
    [
        "if not policy.permits(module, name):\n    raise E\nreturn super().find_class(module, name)",
        "verify_import(module, name)\nreturn super().find_class(module, name)",
        "return resolve(module, name)",
    ],
)
def test_a_decision_out_of_sight_is_weak_and_incomplete(body: str) -> None:
    found = method(body)
    assert (found.verdict, found.complete) == ("weak", False)


# Open ones


OPEN = """
return super().find_class(module, name)
---
return pickle.Unpickler.find_class(self, module, name)
---
st.write(f'Looking for: {module}.{name}')
return super().find_class(module, name)
---
# a device: CPU_Unpickler
if module == 'torch.storage' and name == '_load_from_bytes':
    return lambda b: torch.load(io.BytesIO(b), map_location='cpu')
else:
    return super().find_class(module, name)
---
# renamings
return super().find_class(module.replace('old_pkg', 'new_pkg'), name)
---
renamed = module
if module == 'data.loader':
    renamed = 'project.data.loader'
return super().find_class(renamed, name)
---
if module.startswith('megatron'):
    module = 'compat.' + module
return super().find_class(module, name)
---
mod_name = RENAMED.get(module, module)
return super().find_class(mod_name, name)
---
module, name = MOVED.get((module, name), (module, name))
return super().find_class(module, name)
---
try:
    return super().find_class(module, name)
except ModuleNotFoundError:
    if name == 'SVM':
        return super().find_class('models.svm', name)
    raise NotImplementedError()
---
# placeholders for what is missing
if type(name) is str and 'Storage' in name:
    try:
        return StorageType(name)
    except KeyError:
        pass
return super().find_class(module, name)
---
if module.startswith('chumpy.') or name == 'Dummy':
    return Placeholder
return super().find_class(module, name)
---
try:
    return super().find_class(module, name)
except Exception:
    return type(name, (), {})
---
if name == 'ReplayMemory':
    return agent.ReplayMemory
return super().find_class(module, name)
---
if module == '__main__':
    module = __name__
return super().find_class(module, name)
---
# checks that the pickle passes by what follows them
if (module, name) not in PAIRS:
    logger.warning('unexpected')
return super().find_class(module, name)
---
try:
    if (module, name) not in PAIRS:
        raise ValueError(name)
    return Known
except Exception:
    return super().find_class(module, name)
---
# by other means
return getattr(importlib.import_module(module), name)
---
__import__(module)
return getattr(sys.modules[module], name)
---
return eval(f'{module}.{name}')
---
self.seen[name] = super().find_class(module, name)
return self.seen[name]
---
return self.wrap(super().find_class(module, name))
---
if hasattr(builtins, name):
    return getattr(builtins, name)
return super().find_class(module, name)
"""


@pytest.mark.parametrize("body", OPEN.split("---\n"))
def test_no_check_is_open(body: str) -> None:
    found = method(body, "PAIRS = {('a', 'b')}\nRENAMED = {'torch.tensor': 'torch._tensor'}")
    assert found.verdict == "open", found.reason
    assert found.reason


def test_any_parameters_will_do() -> None:
    assert (
        judged(
            "class U(pickle.Unpickler):\n    def find_class(self, *args):\n        return super().find_class(*args)\n"
        ).verdict
        == "open"
    )


def test_a_class_without_find_class_is_not_judged() -> None:
    node = libcst.parse_module("class U(pickle.Unpickler):\n    def load(self): pass\n").body[0]
    assert isinstance(node, libcst.ClassDef)
    assert judge(node, lambda _: None, FACTS) is None


def test_a_method_with_too_many_paths_is_weak_and_incomplete() -> None:
    tests = "".join(f"if module == 'm{n}':\n    x{n} = 1\n" for n in range(12))
    found = method(tests + "return super().find_class(module, name)")
    assert (found.verdict, found.complete) == ("weak", False)


def test_a_lookup_in_an_inner_function_is_not_missed() -> None:
    found = method("def load():\n    return super(U, self).find_class(module, name)\nreturn load()")
    assert (found.verdict, found.complete) == ("weak", False)


@pytest.mark.parametrize(
    "body",
    [
        "return " + "''.join(" * 60 + "name" + ")" * 60,
        "x = [" + "'a', " * 10_000 + "]\nreturn super().find_class(module, name)",
        "return " + "(a + " * 150 + "name" + ")" * 150,
        "\n".join(["self.f(module, name)"] * 400),
    ],
)
def test_hostile_text_ends_the_judgement_and_not_the_run(body: str) -> None:
    again = "\n".join(["        self.f(module, name)"] * 400)
    source = f"class U(pickle.Unpickler):\n    def f(self, module, name):\n{again}\n"
    head = "    def find_class(self, module, name):\n"
    assert judged(source + head + textwrap.indent(body, " " * 8) + "\n").verdict


def test_functions_that_call_each_other_end() -> None:
    found = judged(
        """
        class U(pickle.Unpickler):
            def ok(self, module, name):
                return self.also(module, name)
            def also(self, module, name):
                return self.ok(module, name)
            def find_class(self, module, name):
                if self.ok(module, name):
                    return super().find_class(module, name)
                raise E
        """
    )
    assert found.verdict == "weak"


# Facts


def test_every_effect_is_a_clause_and_every_name_a_dotted_name() -> None:
    for entry in DATA["danger"]:
        assert set(entry) <= {"effect", "modules", "names"}
        assert entry["effect"][0].islower()
        assert not entry["effect"].endswith(".")
    words = [*FACTS.modules, *(word for pair in FACTS.names for word in pair)]
    assert all(part.isidentifier() for word in words for part in word.split("."))


@pytest.mark.parametrize(
    ("module", "name", "dangerous"),
    [
        ("os", "system", True),
        ("posix", "system", True),
        ("os.path", "join", True),
        ("builtins", "eval", True),
        ("builtins", "set", False),
        ("builtins", "getattr.__call__", True),
        ("numpy", "testing._private.utils.runstring", False),
        ("numpy", "f2py.diagnose.run_command", True),
        ("numpy.f2py.diagnose", "run_command", True),
        ("torch.serialization", "load", True),
        ("torch._utils", "_rebuild_tensor_v2", False),
        ("collections", "OrderedDict", False),
    ],
)
def test_what_a_name_can_do(module: str, name: str, dangerous: bool) -> None:
    assert (FACTS.effect_of(module, name) is not None) == dangerous


def test_examples_of_what_a_module_or_package_lets_through() -> None:
    assert FACTS.dangerous_within("subprocess") == ("subprocess", "runs commands or starts processes")
    assert FACTS.dangerous_within("functools") == ("functools.partial", "calls any function that it is given")
    assert FACTS.dangerous_within("collections.abc") is None
    below = FACTS.dangerous_below("numpy.testing")
    assert below is not None
    assert below[0].startswith("numpy.testing")


_STATEMENTS = [
    "if module in A:",
    "if (module, name) not in B:",
    "for m, n in B:",
    "while x:",
    "try:",
    "raise E",
    "break",
    "return super().find_class(module, name)",
    "module = module.lower()",
    "x = (module, name) in B or self.f(name)",
    "assert module == 'a'",
]


@given(st.lists(st.tuples(st.sampled_from(_STATEMENTS), st.booleans()), max_size=12))
def test_no_combination_of_statements_makes_it_raise(choices: list[tuple[str, bool]]) -> None:
    lines, depth = [], 0
    for text, leave in choices:
        if leave and depth:
            depth -= 1
        lines.append("    " * depth + text)
        if text == "try:":
            lines += ["    " * (depth + 1) + "y = 1", "    " * depth + "except KeyError:"]
        if text.endswith(":"):
            depth += 1
            lines.append("    " * depth + "pass")
    lines.append("pass")
    assert method("\n".join(lines), "A = {'os'}\nB = {('a', 'b')}").verdict in {"allow-list", "weak", "open"}
