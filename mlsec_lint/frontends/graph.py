"""``mlsec-lint graph``: the flows of a project, or its calls, as a graph to look at or to hand to another program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.frontends.collector import collector_paused
from mlsec_lint.frontends.common import CONTEXT, debug_option
from mlsec_lint.frontends.options import scanning_options
from mlsec_lint.frontends.outputs import STDOUT, check_target, problems_of, write_text
from mlsec_lint.frontends.progress import progress_on
from mlsec_lint.frontends.settings import CheckOptions
from mlsec_lint.report.graph_formats import FORMATS

if TYPE_CHECKING:
    from mlsec_lint.domain.graph import Graph
    from mlsec_lint.engine.run import Run

_JSON: Final = "json"


@click.command(context_settings=CONTEXT, short_help="Show the flows or the calls of a project as a graph.")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--from", "from_", metavar="TEXT",
              help="Show only what comes from here: a definition, PATH, PATH:LINE, or a part of what a node says.",
              )  # fmt: skip
@click.option("--to", metavar="TEXT", help="Show only what gets here; with --from, what lies between the two.")
@click.option("--finding", metavar="FINGERPRINT|PATH:LINE", help="Show only the flow of this finding.")
@click.option("--calls", is_flag=True, help="Show which function calls which, and not how data flows.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True,
              help="Write the graph in this format.")  # fmt: skip
@click.option("--output", metavar="FILE", default=STDOUT, help="Write it to this file and not to standard output.")
@click.option("--quiet", "-q", is_flag=True, help="Leave out the progress bar, and what standard error would tell.")
@scanning_options
@debug_option
def graph(
    from_: str | None,
    to: str | None,
    finding: str | None,
    calls: bool,
    format_: str,
    output: str,
    quiet: bool,
    **scanning: Any,  # noqa: ANN401 - the fields of CheckOptions, which states their types
) -> None:
    """Scan files and folders, by default the current one, and show the flows of all findings as one graph.

    Steps that several flows share are one node. With --calls, show which function calls which.

    The exit code is 0 for any graph, also an empty one, and 2 for a wrong option or setting.
    """
    if calls and finding is not None:
        raise UsageError("--finding asks for the flow of a finding; leave it out with --calls")
    check_target(output)
    with collector_paused():
        request = CheckOptions(**scanning, calls=calls).request()
        from mlsec_lint.engine.run import run

        with progress_on(sys.stderr, wanted=not quiet) as progress:
            done = run(request, progress)
    from mlsec_lint.dataflow.slicing import slice_graph

    whole = _calls(done) if calls else _flows(done, finding)
    shown = slice_graph(whole, from_, to)
    write_text(_rendered(shown, format_, calls=calls), output)
    if not quiet:
        click.echo("".join(f"{line}\n" for line in _notes(done, whole, shown, calls=calls)), nl=False, err=True)


def _flows(done: Run, finding: str | None) -> Graph:
    from mlsec_lint.engine.graphs import flow_graph, with_findings

    return flow_graph(done.result if finding is None else with_findings(done.result, finding))


def _calls(done: Run) -> Graph:
    from mlsec_lint.engine.graphs import call_graph

    return call_graph(done.calls)


def _rendered(shown: Graph, format_: str, *, calls: bool) -> str:
    from mlsec_lint.report.graph_formats import render_calls, render_graph

    return render_calls(shown) if calls and format_ == _JSON else render_graph(shown, format_)


def _notes(done: Run, whole: Graph, shown: Graph, *, calls: bool) -> Iterator[str]:
    """What could not be scanned, and why a graph is empty."""
    yield from problems_of(done).splitlines()
    if not whole.nodes:
        yield f"mlsec-lint: no {'call' if calls else 'finding with a flow'} was found; the graph is empty"
    elif not shown.nodes:
        yield "mlsec-lint: no path leads from --from to --to; the graph is empty"
