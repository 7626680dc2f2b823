"""Starting and ending: versions, help, errors, interruptions."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable

import pytest

from mlsec_lint import __version__
from mlsec_lint.domain.errors import ConfigError
from mlsec_lint.frontends.failures import ERROR, INTERRUPTED, PIPE_CLOSED, failure_of

from .conftest import Cli, Tree
from .runner import COMMAND, SAFE, UNSAFE, environment, run_process


def test_the_version_is_told() -> None:
    assert run_process("--version") == (0, f"mlsec-lint {__version__}\n", "")


def test_the_version_is_told_without_importing_the_command_line() -> None:
    script = (
        "import sys; sys.argv = ['mlsec-lint', '--version']\n"
        "from mlsec_lint.frontends.main import main\n"
        "assert main() == 0\n"
        "print(sorted({'click', 'rich', 'msgspec', 'tree_sitter', 'libcst'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment())
    assert done.stdout.splitlines() == [f"mlsec-lint {__version__}", "[]"]


def test_the_version_is_told_beside_other_options_too(cli: Cli) -> None:
    assert cli("--debug", "--version").out == f"mlsec-lint {__version__}\n"


@pytest.mark.parametrize("command", [(), ("check",), ("graph",), ("explain",), ("rules",), ("new",)])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help(cli: Cli, command: tuple[str, ...], option: str) -> None:
    done = cli(*command, option)
    assert done.code == 0
    assert done.out.startswith(" ".join(("Usage: mlsec-lint", *command)))


def test_no_command_shows_the_help_and_is_an_error(cli: Cli) -> None:
    code, out, err = cli()
    assert (code, out) == (2, "")
    assert "Commands:" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("chekc",), "No such command 'chekc'"),
        (("check", "--formt", "json"), "'--formt'"),
        (("check", "--format", "xml"), "'xml' is not one of"),
        (("check", "--fail-on", "severe"), "'severe' is not one of"),
        (("check", "--jobs", "many"), "'many' is not a valid integer"),
        (("explain",), "Missing argument"),
    ],
)
def test_an_error_of_usage_is_one_line_that_names_the_help(cli: Cli, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("mlsec-lint: error: ")
    assert sentence in err
    assert "--help`" in err
    assert err.count("\n") == 1


class TestFailures:
    def test_our_own_errors_are_their_sentence(self) -> None:
        failure = failure_of(ConfigError("pyproject.toml", "jobs", "expected a number"))
        assert (failure.code, failure.message) == (ERROR, "mlsec-lint: error: pyproject.toml: jobs: expected a number")

    def test_what_an_error_quotes_cannot_move_the_cursor(self) -> None:
        assert "\x1b" not in failure_of(ConfigError("a\x1b[2Jb", "", "is odd")).message

    def test_an_interruption_has_the_code_of_shells(self) -> None:
        assert failure_of(KeyboardInterrupt()).code == INTERRUPTED == 130

    def test_a_reader_that_went_away_is_told_nothing(self) -> None:
        assert failure_of(BrokenPipeError()).message == ""

    def test_anything_else_asks_for_a_report(self) -> None:
        failure = failure_of(ZeroDivisionError("division by zero"))
        assert failure.code == ERROR
        assert "ZeroDivisionError: division by zero" in failure.message
        assert "please report it" in failure.message


class BrokenInput(io.BytesIO):
    """A standard input that fails in a way of its own."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002 - the signature of all streams
        raise self.error


@pytest.fixture
def broken_input(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    return lambda error: monkeypatch.setattr("sys.stdin", io.TextIOWrapper(BrokenInput(error)))


def test_an_unexpected_error_is_a_sentence(cli: Cli, broken_input: Callable[[BaseException], None]) -> None:
    broken_input(ZeroDivisionError("synthetic"))
    code, _, err = cli("check", "-")
    assert code == 2
    assert err.count("\n") == 1
    assert "ZeroDivisionError: synthetic" in err


@pytest.mark.parametrize("arguments", [("--debug", "check", "-"), ("check", "--debug", "-")])
def test_debug_adds_the_traceback(
    cli: Cli, broken_input: Callable[[BaseException], None], arguments: tuple[str, ...]
) -> None:
    broken_input(ZeroDivisionError("synthetic"))
    code, _, err = cli(*arguments)
    assert code == 2
    assert "Traceback (most recent call last)" in err
    assert "please report it" in err


def test_an_interrupted_run_ends_with_the_code_of_shells(
    cli: Cli, broken_input: Callable[[BaseException], None]
) -> None:
    broken_input(KeyboardInterrupt())
    assert cli("check", "-") == (130, "", "mlsec-lint: interrupted\n")


@pytest.mark.parametrize("content", [UNSAFE, SAFE])
def test_a_reader_that_goes_away_ends_the_run_quietly(tree: Tree, content: str) -> None:
    tree({"a.py": content})
    process = subprocess.Popen(
        [*COMMAND, "check", "."], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == PIPE_CLOSED
    assert err == b""


def test_the_collector_is_as_it_was(cli: Cli, tree: Tree) -> None:
    import gc

    tree({"a.py": UNSAFE})
    before = (gc.isenabled(), gc.get_freeze_count())
    cli("check")
    assert (gc.isenabled(), gc.get_freeze_count()) == before


def test_a_terminal_with_a_narrow_encoding_gets_escapes(tree: Tree) -> None:
    tree({"a.py": UNSAFE.replace("restore(path)", "restore(путь)").replace("(path,", "(путь,")})
    done = run_process("check", env={"PYTHONIOENCODING": "ascii"})
    assert done.code == 1
    assert "\\u043f" in done.out
