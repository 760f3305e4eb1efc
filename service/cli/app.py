"""The group of commands, and what becomes of an error: one clear line and an exit code, never a traceback.

Exit codes: 0 done; 1 done in part (a claim or line was refused); 2 not done; 130 interrupted; 141 the reader went away.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final, NoReturn

import click

from service.cli.audit import audit
from service.cli.check import check
from service.cli.citations import citations
from service.cli.extract import extract
from service.cli.feedback import feedback
from service.cli.index import index
from service.cli.keys import keys
from service.cli.moving import migrate_store
from service.cli.people import people
from service.cli.reindex import reindex
from service.cli.searching import store
from service.cli.serve import serve
from service.cli.setup import init
from service.cli.transfer import export, import_
from service.cli.watches import watches
from service.errors import RejoinderError

FAILED: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT
READER_GONE: Final = 128 + 13

_HELP: Final = """Check claims against what authorities have said: a claim in, the closest official rebuttal
with its source out.

\b
Start here:
  rejoinder check "Pakistan handed rare earth samples to the US president"
  rejoinder check --json "a first headline" "a second one"
  cat headlines.txt | rejoinder check
  rejoinder serve --port 8000

A store is one file. Without --db it is your own, made on first use from the starter corpus that ships;
REJOINDER_DB names another, as every setting can be given as REJOINDER_ and its name in capitals.
"""


class ReaderGoneError(Exception):
    """Nobody reads the output any more. Not an `OSError`: click would end the program with a code of its own."""


class _Commands(click.Group):
    """A group in which a broken pipe reaches `main`."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGoneError from None


@click.group(
    cls=_Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="rejoinder", prog_name="rejoinder", message="%(prog)s %(version)s")
def cli() -> None:
    """Hold the commands together; the text above is what a user reads."""


for _command in (
    *(check, serve, init, import_, export, index, reindex),
    *(keys, people, extract, feedback, citations, audit, watches),
):
    cli.add_command(_command)
cli.add_command(migrate_store)
cli.add_command(store)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Args:
        arguments: without the program's name; None for the process's own.
    """
    # asyncio takes over Python's own handler and turns Ctrl-C into a cancellation, which a blocking read never sees.
    signal.signal(signal.SIGINT, _interrupt)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except (ReaderGoneError, BrokenPipeError):
        # Nobody reads any more. What is still buffered must not be written, and not complained about, at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = READER_GONE
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(
            args=None if arguments is None else list(arguments), prog_name="rejoinder", standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _fail("Interrupted.", INTERRUPTED)
    except RejoinderError as error:
        return _fail(error.detail, FAILED)
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        return _fail(f"{named}{error.strerror or error}", FAILED)
    except RuntimeError as error:
        return _fail(_of_weights(error), FAILED)
    return result if isinstance(result, int) else 0


def _of_weights(error: RuntimeError) -> str:
    """What is wrong with the weights; any other error goes on as it is, for it is a bug to report."""
    from embeddings.encoder import WeightsError

    if isinstance(error, WeightsError):
        return f"{error}"
    raise error


def _fail(message: str, code: int) -> int:
    click.echo(f"rejoinder: {message}", err=True)
    return code


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
