"""What makes a `main` a command: flags, and one line for bad input."""

import difflib
import inspect
import os
import pathlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from absl import app, flags, logging
from absl.testing import flagsaver

from apps.run import stopping
from kerasapps.errors import InputError
from kerasapps.replacing import full_disk

_FLAGFILES = pathlib.Path(__file__).parents[1] / "flags"


def run(
    main: Callable, values: flags.FlagValues, argv: Sequence[str] | None = None
) -> None:
    """Parses the flags and runs an app; bad input gives one line and exit code 1.

    It ends with `SystemExit`, and the flags are then as they were, so that an app can
    be run again in the same process.

    Args:
        main: The app, called with the list of files where it has an argument for them.
        values: The app's flags.
        argv: What follows the command's name; None for the process's own arguments.

    Raises:
        SystemExit: With 0, with 1 after bad input, with 130 after Ctrl-C and with 143
            after SIGTERM.
    """
    app_name = pathlib.Path(inspect.getfile(main)).stem
    takes_files = bool(inspect.signature(main).parameters)

    def parse(arguments):
        _define_help(values, main)
        # Those that absl itself has, of logging and debugging.
        for name in {flags.FLAGS[name].name for name in flags.FLAGS} - {*values}:
            values[name] = flags.FLAGS[name]
        flags.FLAGS.mark_as_parsed()
        try:
            rest = values([arguments[0], *_with_flagfiles(arguments[1:], app_name)])
        except (flags.Error, InputError) as error:
            fail(_explain(error, values))
        if len(rest) > 1 and not takes_files:
            fail(f"unexpected argument {rest[1]!r}: flags are written --name=value")
        return rest

    def guarded(arguments):
        logging.set_verbosity(logging.WARNING)
        try:
            with stopping.as_interrupt():
                main(arguments[1:]) if takes_files else main()
        except InputError as error:
            known = error.argument in values
            fail(f"{error} (--{error.argument})" if known else str(error))
        except KeyboardInterrupt:
            trains = "resume" in values
            again = " The same command goes on from the last checkpoint."
            print(f"\nStopped.{again if trains else ''}", file=sys.stderr)
            sys.exit(stopping.exit_code())
        except BrokenPipeError:
            # Whoever read the output has gone, as `head` does.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except OSError as error:
            # A disk that is full, a file that vanished: the user's to mend, too.
            if error.strerror is None:
                raise
            fail(f"{error.strerror}: {error.filename}")
        except Exception as error:
            if full := full_disk(error):
                fail(f"{full.strerror}")
            if not _is_lost_worker(error, values):
                raise
            # TensorFlow can't join a cluster twice from one process.
            print("A worker is lost. Waiting for it to come back.", flush=True)
            os.execv(sys.executable, sys.orig_argv)

    before = flagsaver.save_flag_values(values)
    try:
        app.run(
            guarded, None if argv is None else [sys.argv[0], *argv], flags_parser=parse
        )
    finally:
        values.unparse_flags()
        flagsaver.restore_flag_values(before, values)


def invocation(app_name: str) -> str:
    """Returns how an app is called where this process was called.

    Args:
        app_name: The app's name, for example "train_classifier".
    """
    if pathlib.Path(sys.argv[0]).name == "kerasapps":
        return f"kerasapps {app_name.replace('_', '-')}"
    return f"python -m apps.{app_name}"


def flagfiles(app_name: str) -> dict[str, pathlib.Path]:
    """Returns the flagfiles of an app that come with the suite, by their bare names.

    Args:
        app_name: The app's name, for example "train_classifier".
    """
    return {path.stem: path for path in sorted(_FLAGFILES.glob(f"{app_name}/*.flags"))}


class _Help(flags.BooleanFlag):
    """Prints what the app does and its flags, and ends the process."""

    def __init__(self, name, short_name, text):
        super().__init__(name, False, "Show this.", short_name=short_name)
        self._text = text

    def parse(self, arg):
        super().parse(arg)
        if self.value:
            print(self._text())
            sys.exit(0)


def _is_lost_worker(error, values):
    """Returns whether another worker is gone, or is back before that was noticed."""
    if "strategy" not in values or values.strategy != "multi_worker":
        return False
    # Imported only now, as it takes seconds: help and errors come at once.
    from tensorflow import errors

    return isinstance(
        error, (errors.UnavailableError, errors.AbortedError, errors.CancelledError)
    )


def _define_help(values, main):
    def text():
        about = inspect.getmodule(main).__doc__ or ""
        return f"{about.strip()}\n\nFlags:\n{values.get_help()}"

    for name, short_name in (("help", "?"), ("helpshort", None), ("helpfull", None)):
        if name not in values:
            flags.DEFINE_flag(_Help(name, short_name, text), values, "absl.app")


def _with_flagfiles(arguments: Sequence[str], app_name: str) -> Iterator[str]:
    """Yields the arguments; of a flagfile that has a bare name its path."""
    is_flagfile = False
    for argument in arguments:
        flag, equals, name = argument.partition("=")
        if is_flagfile:
            yield str(_flagfile(argument, app_name))
        elif flag.lstrip("-") == "flagfile" and equals:
            yield f"{flag}={_flagfile(name, app_name)}"
        else:
            yield argument
        is_flagfile = not equals and flag in ("-flagfile", "--flagfile")


def _flagfile(name, app_name):
    path = pathlib.Path(name).expanduser()
    known = flagfiles(app_name)
    # As a path it may have come from a folder where the suite is checked out.
    bare = path.stem
    if path.is_file():
        return path
    if bare in known and name in (bare, f"{bare}.flags"):
        return known[bare]
    near = difflib.get_close_matches(bare, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"apps.{app_name} has none"
    raise InputError(f"no flagfile {name!r}; {hint}")


def _explain(error, values):
    """Returns a flag's error, with what the flag takes where absl leaves that out."""
    message = " ".join(str(error).removeprefix("ERROR:: ").split())
    flag = re.match(r"flag --(\w+)=", message)
    if flag and message.endswith("must have a value other than None."):
        # Of a flag that can be given again, absl says so in a line of its own.
        about, _, _ = values[flag[1]].help.partition(";\n")
        return f"--{flag[1]} is missing: {' '.join(about.split())}"
    takes = values[flag[1]].parser.syntactic_help if flag else ""
    return message if takes in message else f"{message}; it takes {takes}"


def fail(message: str) -> NoReturn:
    """Ends the process with one line and exit code 1."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)
