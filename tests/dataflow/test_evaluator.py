"""What the evaluation makes of Python: tiny programs, and the values with which ``probe.sink`` is reached.

``'a' | 'b'`` is one of a few, ``?`` anything else, no row nothing reported.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.dataflow.programs import events_of, origins, show, sunk

NAMES = {
    "a literal": ("sink(1)", ["1"]),
    "a name": ("x = 'a'\nsink(x)", ["'a'"]),
    "the last of two assignments": ("x = 'a'\nx = 'b'\nsink(x)", ["'b'"]),
    "a chain of targets": ("x = y = 2\nsink(y)", ["2"]),
    "an annotated name": ("x: int = 2\nsink(x)", ["2"]),
    "a walrus": ("if (x := 3):\n    sink(x)", ["3"]),
    "unpacking": ("x, y = 1, 2\nsink(y)", ["2"]),
    "unpacking of a nested tuple": ("x, (y, z) = 1, (2, 3)\nsink(z)", ["3"]),
    "starred unpacking is not followed": ("x, *y = 1, 2, 3\nsink(x)", ["?"]),
    "a deleted name": ("x = 1\ndel x\nsink(x)", ["?"]),
    "a name that nobody binds": ("sink(x)", ["?"]),
    "a builtin": ("sink(len)", ["builtins.len"]),
    "a shadowed builtin": ("len = 3\nsink(len)", ["3"]),
    "a negative number": ("sink(-1)", ["-1"]),
    "True is not 1": ("x = True\nif flag:\n    x = 1\nsink(x)", ["1 | True"]),
    "augmented text": ("x = 'a'\nx += 'b'\nsink(x)", ["'ab'"]),
    "concatenated text": ("x = 'a'\nsink(x + 'b')", ["'ab'"]),
    "adjacent literals": ("sink('a' 'b')", ["'ab'"]),
    "an f-string": ("x = 'a'\nsink(f'{x}-{1}')", ["'a-1'"]),
    "an f-string with a hole": ("sink(f'{x}-1')", ["?"]),
    "a not": ("x = True\nsink(not x)", ["False"]),
    "a comparison of constants": ("x = 'a'\nsink(x == 'b')", ["False"]),
    "a comparison with something": ("sink(x == 'b')", ["?"]),
}

CONDITIONS = {
    "a conditional expression": ("sink('a' if flag else 'b')", ["'a' | 'b'"]),
    "a conditional expression that is known": ("sink('a' if True else 'b')", ["'a'"]),
    "both ways of an if": ("if flag:\n    x = 1\nelse:\n    x = 2\nsink(x)", ["1 | 2"]),
    "one way of an if": ("x = 1\nif flag:\n    x = 2\nsink(x)", ["1 | 2"]),
    "a constant condition": ("x = 1\nif False:\n    x = 2\nsink(x)", ["1"]),
    "a call behind a constant condition": ("if False:\n    sink(1)", []),
    "a way that returns": ("def f(c):\n    x = 1\n    if c:\n        x = 2\n        return\n    sink(x)", ["1"]),
    "a way that raises": ("x = 1\nif flag:\n    x = 2\n    raise ValueError\nsink(x)", ["1"]),
    "elif and else": ("if a:\n    x = 1\nelif b:\n    x = 2\nelse:\n    x = 3\nsink(x)", ["1 | 2 | 3"]),
    "none is excluded": ("def f(x=None):\n    if x is None:\n        x = 'a'\n    sink(x)", ["'a' | ?"]),
    "or with a default": ("def f(x=None):\n    sink(x or 'a')", ["'a' | ?"]),
    "or with a known left side": ("x = 'b'\nsink(x or 'a')", ["'b'"]),
    "and with a known left side": ("x = 0\nsink(x and 'a')", ["0"]),
    "an equality narrows": ("def f(x):\n    if x == 'a':\n        sink(x)", ["'a'"]),
    "an inequality that returns narrows": ("def f(x):\n    if x != 'a':\n        return\n    sink(x)", ["'a'"]),
    "falsy narrows a flag": ("def f(x=True):\n    if not x:\n        sink(x)", ["False | None"]),
    "an impossible way": ("x = 'a' if flag else 'b'\nif x == 'c':\n    sink(x)", []),
    "an assertion narrows": ("def f(x):\n    assert x == 'a'\n    sink(x)", ["'a'"]),
    "a flag under TYPE_CHECKING keeps its values": (
        "x = 1\nif TYPE_CHECKING:\n    x = 2\nsink(x)",
        ["1 | 2"],
    ),
}

LOOPS = {
    "a loop may not run": ("x = 1\nfor i in things:\n    x = 2\nsink(x)", ["1 | 2"]),
    "inside, both rounds are seen": ("x = 1\nfor i in things:\n    sink(x)\n    x = 2", ["1 | 2"]),
    "elements of a display": ("for x in ['a', 'b']:\n    sink(x)", ["'a' | 'b'"]),
    "keys of a dict": ("for x in {'a': 1, 'b': 2}:\n    sink(x)", ["'a' | 'b'"]),
    "pairs of a dict": ("for k, v in {'a': 1}.items():\n    sink(v)", ["1 | ?"]),
    "a break": ("x = 1\nfor i in things:\n    x = 2\n    break\nsink(x)", ["1 | 2"]),
    "a break out of while True": ("while True:\n    x = 2\n    if c:\n        break\nsink(x)", ["2"]),
    "a while that never runs": ("while False:\n    sink(1)", []),
    "an else of a loop": ("for i in things:\n    pass\nelse:\n    sink(1)", ["1"]),
    "a continue": ("x = 1\nfor i in things:\n    if i:\n        continue\n    x = 2\nsink(x)", ["1 | 2"]),
    "code after an endless loop": ("while True:\n    pass\nsink(1)", []),
}

EXCEPTIONS = {
    "a try that may fail early": ("x = 1\ntry:\n    x = load()\n    x = 2\nexcept Error:\n    pass\nsink(x)", ["1 | 2 | ?"]),
    "an optional import": (
        "try:\n    from probe import sink as s\nexcept ImportError:\n    s = None\ns(1)",
        ["1"],
    ),
    "a handler": ("try:\n    x = 1\nexcept Error:\n    x = 2\nsink(x)", ["1 | 2"]),
    "a handler that raises": ("try:\n    x = 1\nexcept Error:\n    raise\nsink(x)", ["1"]),
    "else runs after success": ("try:\n    pass\nexcept Error:\n    x = 2\nelse:\n    x = 1\nsink(x)", ["1 | 2"]),
    "finally runs always": ("try:\n    x = 1\nfinally:\n    x = 3\nsink(x)", ["3"]),
    "finally after a return": ("def f():\n    try:\n        return\n    finally:\n        sink(1)", ["1"]),
    "a group of exceptions": ("try:\n    x = 1\nexcept* Error:\n    x = 2\nsink(x)", ["1 | 2"]),
    "the exception itself": ("try:\n    pass\nexcept Error as e:\n    sink(e)", ["?"]),
}

FUNCTIONS = {
    "a parameter": ("def f(x):\n    sink(x)", ["?"]),
    "a default": ("def f(x='a'):\n    sink(x)", ["'a' | ?"]),
    "a global": ("x = 'a'\ndef f():\n    sink(x)", ["'a'"]),
    "a global that is bound later": ("def f():\n    sink(x)\nx = 'a'", ["'a'"]),
    "a local hides a global": ("x = 'a'\ndef f(x):\n    sink(x)", ["?"]),
    "a global that a function rebinds": (
        "x = 'a'\ndef g():\n    global x\n    x = 'b'\ndef f():\n    sink(x)",
        ["'a' | ?"],
    ),
    "a closure": ("def f():\n    x = 'a'\n    def g():\n        sink(x)\n    return g", ["'a'"]),
    "a closure over a parameter": ("def f(x):\n    def g():\n        sink(x)\n    return g", ["?"]),
    "a lambda": ("f = lambda: sink('a')", ["'a'"]),
    "the parameter of a lambda": ("f = lambda x: sink(x)", ["?"]),
    "a function as a value": ("def f(): pass\nsink(f)", ["def f"]),
    "the result of a project function": ("def f(): return 1\nsink(f())", ["?"]),
    "a generator": ("def f():\n    x = yield 1\n    sink(x)", ["?"]),
    "an async function": ("async def f():\n    async with a as b:\n        sink(1)", ["1"]),
    "a decorated function": ("@cache\ndef f():\n    sink(1)", ["1"]),
    "collected arguments": ("def f(*args, **kwargs):\n    sink(kwargs)", ["dict(...: ?, ...)"]),
    "an option out of collected ones": ("def f(**kwargs):\n    sink(kwargs.get('a', 1))", ["1 | ?"]),
    "an option set in collected ones": ("def f(**kwargs):\n    kwargs['a'] = 2\n    sink(**kwargs)", ["spread"]),
}

CALLEES = {
    "the module": ("import probe\nprobe.sink(1)", ["1"]),
    "the module by another name": ("import probe as p\np.sink(1)", ["1"]),
    "a name given to it": ("s = sink\ns(1)", ["1"]),
    "one of two functions": ("s = sink if flag else print\ns(1)", ["1"]),
    "a partial": ("from functools import partial\ns = partial(sink, 1)\ns()", ["1"]),
    "a partial with a keyword": ("import functools\ns = functools.partial(sink, value=1)\ns(flag=True)", ["1"]),
    "a partial whose keyword is overridden": (
        "from functools import partial\ns = partial(sink, value=1)\ns(value=2)",
        ["2"],
    ),
    "a partial of a partial": (
        "from functools import partial\ns = partial(partial(sink, value=1), flag=2)\ns()",
        ["1"],
    ),
    "getattr with a literal": ("import probe\ngetattr(probe, 'sink')(1)", ["1"]),
    "getattr with a constant": ("import probe\nNAME = 'sink'\ngetattr(probe, NAME)(1)", ["1"]),
    "an imported module": ("import importlib\nimportlib.import_module('probe').sink(1)", ["1"]),
    "a dunder import": ("__import__('probe').sink(1)", ["1"]),
    "a function in a dict": ("LOADERS = {'a': sink}\nLOADERS['a'](1)", ["1"]),
    "a function somewhere in a dict": ("LOADERS = {'a': sink, 'b': print}\ndef f(k):\n    LOADERS[k](1)", ["1"]),
    "a function in a list": ("for s in [sink]:\n    s(1)", ["1"]),
    "a dict.get of functions": ("L = {'a': sink}\nL.get(k)(1)", ["1"]),
    "sys.modules": ("import sys\nsys.modules['probe'].sink(1)", ["1"]),
    "a callback of map": ("map(sink, paths)", ["?"]),
    "a callback of an executor": ("pool.submit(sink, path)", ["?"]),
    "an awaited call": ("async def f():\n    await sink(1)", ["1"]),
    "a call in a call": ("print(sink(1), sink(2))", ["1", "2"]),
    "a call in a default": ("def f(x=sink(1)): pass", ["1"]),
    "a call in a decorator": ("@deco(sink(1))\ndef f(): pass", ["1"]),
    "a call in a class body": ("class A:\n    x = sink(1)", ["1"]),
    "a call in a comprehension": ("[sink(x) for x in ['a', 'b']]", ["'a' | 'b'"]),
    "a call in an f-string": ("f'{sink(1)}'", ["1"]),
    "a call in an assertion": ("assert sink(1)", ["1"]),
    "a call in a lambda default": ("f = lambda x=sink(1): x", ["1"]),
    "a call in a return": ("def f():\n    return sink(1)", ["1"]),
    "a call in a with": ("with sink(1) as x:\n    pass", ["1"]),
    "a call in a subscript": ("x[sink(1)]", ["1"]),
    "a call in a slice": ("x[sink(1):sink(2)]", ["1", "2"]),
    "a call in a chained comparison": ("a < sink(1) < c", ["1"]),
    "a call in a yield": ("def f():\n    yield sink(1)", ["1"]),
    "a call in a raise": ("raise sink(1)", ["1"]),
    "a call in an except head": ("try:\n    pass\nexcept sink(1):\n    pass", ["1"]),
    "a call in a case guard": ("match x:\n    case 1 if sink(1):\n        pass", ["1"]),
    "a call in a del": ("del x[sink(1)]", ["1"]),
    "a call in a target": ("x[sink(1)] = 2", ["1"]),
    "a call in an annotation default": ("def f(x: int = sink(1)): pass", ["1"]),
    "a call in a class argument": ("class A(metaclass=sink(1)): pass", ["1"]),
    "a call in a format spec": ("f'{x:{sink(1)}}'", ["1"]),
    "a call in a star argument": ("print(*sink(1))", ["1"]),
    "a call on a line with a semicolon": ("x = 1; sink(x)", ["1"]),
    "a call in a conditional's test": ("1 if sink(1) else 2", ["1"]),
}

ARGUMENTS = {
    "a keyword": ("sink(value=1)", ["1"]),
    "no argument": ("sink()", ["absent"]),
    "a spread dict": ("sink(**{'value': 1})", ["1"]),
    "a spread name": ("options = {'value': 1}\nsink(**options)", ["1"]),
    "a spread dict call": ("options = dict(value=1)\nsink(**options)", ["1"]),
    "a spread list": ("args = [1]\nsink(*args)", ["1"]),
    "an unknown spread of a dict": ("sink(**options)", ["spread"]),
    "an unknown spread of a list": ("sink(*options)", ["spread"]),
    "a spread of merged dicts": ("base = {'value': 1}\nsink(**{**base, 'flag': 2})", ["1"]),
    "a later entry wins": ("base = {'value': 1}\nsink(**{**base, 'value': 2})", ["2"]),
    "a spread of a union": ("a = {'value': 1}\nb = {'flag': 2}\nsink(**(a | b))", ["1"]),
}

CONTAINERS = {
    "an item by key": ("d = {'a': 1}\nsink(d['a'])", ["1"]),
    "an item by index": ("d = [1, 2]\nsink(d[-1])", ["2"]),
    "an item by unknown key": ("d = {'a': 1, 'b': 2}\nsink(d[k])", ["1 | 2"]),
    "a missing key": ("d = {'a': 1}\nsink(d['b'])", ["?"]),
    "a stored item": ("d = {}\nd['a'] = 1\nsink(d['a'])", ["1"]),
    "an overwritten item": ("d = {'a': 1}\nd['a'] = 2\nsink(d['a'])", ["2"]),
    "an item stored under an unknown key": ("d = {'a': 1}\nd[k] = 2\nsink(d['a'])", ["1 | 2"]),
    "get": ("d = {'a': 1}\nsink(d.get('a'))", ["1"]),
    "get of a missing key": ("d = {'a': 1}\nsink(d.get('b', 3))", ["3"]),
    "get without default": ("d = {'a': 1}\nsink(d.get('b'))", ["None"]),
    "pop": ("d = {'a': 1}\nsink(d.pop('a'))", ["1"]),
    "pop removes": ("d = {'a': 1}\nd.pop('a')\nsink(d.get('a'))", ["None"]),
    "setdefault on a missing key": ("d = {}\nd.setdefault('a', 1)\nsink(d['a'])", ["1"]),
    "setdefault on a present key": ("d = {'a': 2}\nd.setdefault('a', 1)\nsink(d['a'])", ["2"]),
    "update": ("d = {'a': 1}\nd.update({'a': 2}, b=3)\nsink(d)", ["dict('a': 2, 'b': 3)"]),
    "del": ("d = {'a': 1}\ndel d['a']\nsink(d.get('a'))", ["None"]),
    "an alias sees the write": ("d = {}\ne = d\ne['a'] = 1\nsink(d['a'])", ["1"]),
    "a copy does not": ("d = {'a': 1}\ne = d.copy()\ne['a'] = 2\nsink(d['a'])", ["1"]),
    "append": ("d = []\nd.append(1)\nsink(d[0])", ["1"]),
    "extend": ("d = [1]\nd.extend([2])\nsink(d)", ["list(0: 1, 1: 2)"]),
    "a nested container": ("d = {'a': {'b': 1}}\nsink(d['a']['b'])", ["1"]),
    "a write under a condition": ("d = {'a': 1}\nif c:\n    d['a'] = 2\nsink(d['a'])", ["1 | 2"]),
    "a new key under a condition": ("d = {}\nif c:\n    d['a'] = 2\nsink(d.get('a', 1))", ["1 | 2 | ?"]),
    "a display": ("sink([1, 'a'])", ["list(0: 1, 1: 'a')"]),
    "a comprehension": ("sink([x for x in [1, 2]])", ["list(...: 1 | 2, ...)"]),
    "a set": ("sink({1})", ["set(0: 1)"]),
    "a comprehension's name stays inside": ("x = 'a'\n[x for x in [1]]\nsink(x)", ["'a'"]),
    "a slice": ("d = [1, 2]\nsink(d[0:1])", ["?"]),
    "the list of a tuple": ("d = list((1, 2))\nsink(d[0])", ["1"]),
}

CLASSES = {
    "a class attribute": ("class A:\n    X = 1\nsink(A.X)", ["1"]),
    "a class attribute through self": ("class A:\n    X = 1\n    def f(self):\n        sink(self.X)", ["1"]),
    "an inherited attribute": ("class B:\n    X = 1\nclass A(B):\n    def f(self):\n        sink(self.X)", ["1"]),
    "an overridden attribute": ("class B:\n    X = 1\nclass A(B):\n    X = 2\nsink(A.X)", ["2"]),
    "a field": (
        "class A:\n    def __init__(self):\n        self.x = 1\n    def f(self):\n        sink(self.x)",
        ["1"],
    ),
    "a field stored by two methods": (
        "class A:\n    def __init__(self):\n        self.x = 1\n    def g(self):\n        self.x = 2\n"
        "    def f(self):\n        sink(self.x)",
        ["1 | 2"],
    ),
    "a field stored just before": (
        "class A:\n    def __init__(self):\n        self.x = 1\n    def f(self):\n        self.x = 2\n        sink(self.x)",
        ["2"],
    ),
    "a field that a base class stores": (
        "class B:\n    def __init__(self):\n        self.x = 1\nclass A(B):\n    def f(self):\n        sink(self.x)",
        ["1"],
    ),
    "a field from a parameter": (
        "class A:\n    def __init__(self, x='a'):\n        self.x = x\n    def f(self):\n        sink(self.x)",
        ["'a' | ?"],
    ),
    "a sink in a field": (
        "class A:\n    def __init__(self):\n        self.s = sink\n    def f(self):\n        self.s(1)",
        ["1"],
    ),
    "a sink as a class attribute": ("class A:\n    s = staticmethod(sink)\n    def f(self):\n        self.s(1)", ["1"]),
    "cls": ("class A:\n    X = 1\n    @classmethod\n    def f(cls):\n        sink(cls.X)", ["1"]),
    "an instance": ("class A:\n    X = 1\nsink(A().X)", ["1"]),
    "an instance as a value": ("class A: pass\nsink(A())", ["A()"]),
    "a nested class": ("class A:\n    class B:\n        X = 1\nsink(A.B.X)", ["1"]),
    "an attribute set from outside": ("class A:\n    X = 1\nA.X = 2\nsink(A.X)", ["2"]),
    "a class scope is not seen by its methods": (
        "class A:\n    x = 1\n    def f(self):\n        sink(x)",
        ["?"],
    ),
    "a class scope is seen by its own body": ("class A:\n    x = 1\n    y = sink(x)", ["1"]),
}

REST = {
    "with": ("with open('a') as f:\n    sink(f)", ["'a' | builtins.open() | ?"]),
    "with two items": ("with open('a') as f, open('b') as g:\n    sink(g)", ["'b' | builtins.open() | ?"]),
    "with in parentheses": ("with (open('a') as f, open('b') as g):\n    sink(g)", ["'b' | builtins.open() | ?"]),
    "match": ("match x:\n    case 1:\n        y = 'a'\n    case _:\n        y = 'b'\nsink(y)", ["'a' | 'b'"]),
    "match without a default": ("y = 'c'\nmatch x:\n    case 1:\n        y = 'a'\nsink(y)", ["'a' | 'c'"]),
    "a capture": ("match x:\n    case [y]:\n        sink(y)", ["?"]),
    "a class pattern": ("match x:\n    case Point(x=y):\n        sink(y)", ["?"]),
    "the unknown result of a call": ("sink(foo())", ["?"]),
    "the result of an external call": ("import os\nsink(os.getcwd())", ["os.getcwd() | ?"]),
    "a type named by knowledge": ("import probe\nsink(probe.connect())", ["probe.Reader() | ?"]),
    "a path object": ("from pathlib import Path\nsink(Path('a'))", ["'a' | pathlib.Path() | ?"]),
}

TABLES = {
    "names": NAMES,
    "conditions": CONDITIONS,
    "loops": LOOPS,
    "exceptions": EXCEPTIONS,
    "functions": FUNCTIONS,
    "callees": CALLEES,
    "arguments": ARGUMENTS,
    "containers": CONTAINERS,
    "classes": CLASSES,
    "rest": REST,
}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(code, expected, id=f"{table}: {name}")
        for table, rows in TABLES.items()
        for name, (code, expected) in rows.items()
    ],
)
def test_the_values_that_reach_the_sink(code: str, expected: list[str]) -> None:
    assert sunk(f"from probe import sink\n{code}") == expected
