"""What makes a `main` a command: flags, and one line for bad input."""

import contextlib
import difflib
import inspect
import io
import os
import pathlib
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from absl import app, flags, logging
from absl.testing import flagsaver

from apps.run import stopping
from kerasapps.errors import InputError, printable
from kerasapps.replacing import full_disk

_FLAGFILES = pathlib.Path(__file__).parents[1] / "flags"
# Beyond these, steps and sizes and what is computed in float32 overflow.
_GREATEST_INTEGER, _GREATEST_FLOAT = 2**31 - 1, 3.4e38
# Of these an empty value means something.
_MAY_BE_EMPTY = ("export_dir",)


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
    for stream in (sys.stdout, sys.stderr):
        # Names of files may hold what has no encoding. A stream that can't change, as
        # one whose descriptor is another by now, stays as it is.
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")
    takes_files = bool(inspect.signature(main).parameters)

    def parse(arguments):
        _define_help(values, main)
        # Those that absl itself has, of logging and debugging.
        for name in {flags.FLAGS[name].name for name in flags.FLAGS} - {*values}:
            values[name] = flags.FLAGS[name]
        flags.FLAGS.mark_as_parsed()
        try:
            rest = values([arguments[0], *_with_flagfiles(arguments[1:], app_name)])
            _check_values(values)
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
            place = "" if error.filename is None else f": {error.filename}"
            fail(f"{error.strerror}{place}")
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


def invocation(app_name: str, *arguments: str) -> str:
    """Returns how an app is called where this process was called, to be pasted.

    Args:
        app_name: The app's name, for example "train_classifier".
        *arguments: Its flags, and then the files or whatever else it takes.
    """
    if pathlib.Path(sys.argv[0]).name == "kerasapps":
        command = ["kerasapps", app_name.replace("_", "-")]
    else:
        command = ["python", "-m", f"apps.{app_name}"]
    return shlex.join([*command, *arguments])


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
        _check_flagfile(path)
        return path
    if bare in known and name in (bare, f"{bare}.flags"):
        return known[bare]
    near = difflib.get_close_matches(bare, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"apps.{app_name} has none"
    raise InputError(f"no flagfile {name!r}; {hint}")


def _check_flagfile(path, outer=()):
    """Checks that a file is text: absl would end with a traceback, or read nothing.

    Those that it names are checked, too.
    """
    if path in outer:
        raise InputError(f"the flagfile {str(path)!r} names itself: leave that out")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror
        raise InputError(f"can't read the flagfile {str(path)!r} ({reason})") from error
    except ValueError:
        text = "\0"
    if "\0" in text:
        raise InputError(f"the flagfile {str(path)!r} isn't text in UTF-8")
    if not text.strip():
        raise InputError(f"the flagfile {str(path)!r} is empty: write a flag a line")
    for inner in re.findall(r"^--?flagfile(?:=|\s+)(.+)", text, re.MULTILINE):
        _check_flagfile(pathlib.Path(inner.strip()).expanduser(), (*outer, path))


def _check_values(values):
    """Checks what any flag may be given and no app can take."""
    for flag in (values[name] for name in values):
        if flag.using_default_value or flag.value is None:
            continue
        for value in flag.value if isinstance(flag.value, list) else [flag.value]:
            wanted = _wanted(flag, value)
            if wanted:
                raise InputError(f"--{flag.name}={value}: {wanted}")


def _wanted(flag, value):
    """Returns what would be right in place of a value of a flag; None if it is."""
    if isinstance(value, str):
        if "\0" in value:
            return "leave out the character of code 0"
        empty = not value and flag.name not in _MAY_BE_EMPTY
        return "it is empty; give a value, or leave the flag out" if empty else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        greatest = getattr(flag.parser, "upper_bound", None) or _GREATEST_INTEGER
        fits = abs(value) <= greatest
        return None if fits else f"give a whole number up to {greatest:,}"
    if isinstance(value, float):
        fits = abs(value) <= _GREATEST_FLOAT or value == flag.default
        return None if fits else f"give a finite number up to {_GREATEST_FLOAT:g}"
    return None


def _explain(error, values):
    """Returns a flag's error, with what the flag takes where absl leaves that out."""
    message = " ".join(str(error).removeprefix("ERROR:: ").split())
    flag = re.match(r"flag --(\w+)=", message)
    if flag and message.endswith("must have a value other than None."):
        # Of a flag that can be given again, absl says so in a line of its own.
        about, _, _ = values[flag[1]].help.partition(";\n")
        return f"--{flag[1]} is missing: {' '.join(about.split())}"
    if flag and values[flag[1]].boolean:
        given = message.rpartition(": (")[0]
        return f"{given}: write --{flag[1]} or --no{flag[1]}, without a value"
    takes = values[flag[1]].parser.syntactic_help if flag else ""
    return message if takes in message else f"{message}; it takes {takes}"


def fail(message: str) -> NoReturn:
    """Ends the process with one line and exit code 1."""
    print(f"error: {printable(message)}", file=sys.stderr)
    sys.exit(1)
