"""The command line: one file a command; a file's name is its verb, its ``command`` the click command."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

import glowplug
from glowplug.cli._index import COMMANDS
from glowplug.cli._secrets import masked
from glowplug.errors import GlowplugError, Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

MANY_OBJECTS = 100_000
"""Made before Python looks for cycles. Values here refer to no one above them: collecting took a tenth of a review."""
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SOON = 0.02  # seconds
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _LazyGroup(click.Group):
    """Commands are imported when they are run; their help lines come from an index."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is no click command")
        return command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's signature
    ) -> click.Context:
        with _reader_may_go():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with _reader_may_go():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@contextlib.contextmanager
def _reader_may_go() -> Iterator[None]:
    """End as SIGPIPE would where nobody reads on (``| head``): click's own exit code for that is 1, which is a no."""
    try:
        yield
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # else Python fails again when it flushes
        raise click.exceptions.Exit(128 + signal.SIGPIPE) from None


@click.group(cls=_LazyGroup, context_settings=CONTEXT)
@click.version_option(glowplug.__version__, prog_name="glowplug")
def cli() -> None:
    """Prove a Diesel migration before it touches production.

    \b
    Exit codes: 0 yes · 1 no, with reasons · 2 usage or configuration · 3 the environment failed ·
    4 kept for commands that change a database, of which there is none yet ·
    129, 130, 143 interrupted by SIGHUP, SIGINT, SIGTERM · 141 nobody reads what a list prints (`| head`)

    \b
    Examples:
      glowplug check                  the checkout around the working directory
      glowplug check --format json    the same for a program
      glowplug server install 16      a scratch PostgreSQL of production's major
    """


def main() -> None:
    """Run the command line, and exit with its code.

    SIGINT, SIGTERM and SIGHUP are raised as exceptions, so that every server is stopped and removed on the way out;
    a SIGHUP that was ignored at the start stays so. Where Python can't raise them they are raised a little later.
    """
    sys.unraisablehook = _lost
    gc.set_threshold(MANY_OBJECTS)
    atexit.register(gc.freeze)  # else Python looks for cycles once more, in everything, before it ends
    for number in _ENDS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a verdict is not lost to a terminal's encoding
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(masked(shown.getvalue()), nl=False, err=True)
        sys.exit(error.exit_code)
    except click.Abort as abort:  # click's word for a KeyboardInterrupt
        click.echo("glowplug: interrupted; what was running is stopped and removed", err=True)
        cause = abort.__cause__ or abort.__context__
        sys.exit(cause.exit_code if isinstance(cause, Interrupted) else 130)
    except GlowplugError as error:
        _complain(f"glowplug: {masked(str(error)) if isinstance(error, UsageError) else error}")
        sys.exit(error.exit_code)
    except Exception:  # noqa: BLE001 - Python's own exit code for a bug is 1, which here is a verdict
        import traceback  # noqa: PLC0415 - it brings a tokenizer that no verdict needs

        _complain(traceback.format_exc())
        sys.exit(GlowplugError.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _complain(text: str) -> None:
    from glowplug.report.harmless import harmless  # noqa: PLC0415 - it brings room report, which no help needs

    click.echo(harmless(text), err=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _imports(frame):  # torn there, an import may keep its lock: then another thread's waits for ever
        _again_soon(number)
        return
    for again in _ENDS:
        signal.signal(again, signal.SIG_IGN)  # the way out is not to be interrupted: it stops servers
    raise Interrupted(number)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib."):
            return True
        frame = frame.f_back
    return False


def _lost(lost: sys.UnraisableHookArgs) -> None:
    """Hear of an exception that nobody can catch, as in a ``__del__``: one that asks for an end is raised again."""
    if not isinstance(lost.exc_value, Interrupted):
        sys.__unraisablehook__(lost)
        return
    signal.signal(lost.exc_value.signal_number, _interrupt)
    _again_soon(lost.exc_value.signal_number)


def _again_soon(number: int) -> None:
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
    signal.setitimer(signal.ITIMER_REAL, _SOON)
