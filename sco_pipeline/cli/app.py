"""The sco command: its groups, and how it ends."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from ..errors import ScoError
from . import archives, catalog, products

app = typer.Typer(
    help="Regional climate indicators from the public datasets of space agencies.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with [bold]sco recipes[/bold], then [bold]sco run equatorial-sst[/bold].",
)
archives.add_to(app)
catalog.add_to(app)
products.add_to(app)


@app.callback()
def _options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what is being done, on standard error.")
    ] = False,
) -> None:
    # only what the package itself says: libraries log at length
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("sco: %(message)s"))
    logger = logging.getLogger("sco_pipeline")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO if verbose else logging.WARNING)


def main() -> None:
    """Run the command; a `ScoError` is one line on standard error and exit code 1."""
    try:
        app()
    except ScoError as error:
        print(f"sco: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # the reader of a pipe (head, less) has seen enough
        sys.stderr.close()
        sys.exit(0)
