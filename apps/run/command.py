"""What makes a `main` a command: flags, and one line for bad input."""

import re
import sys
from collections.abc import Callable

from absl import app, flags, logging

from kerasapps.errors import InputError


def run(main: Callable, takes_files: bool = False, stopped: str = "Stopped.") -> None:
    """Parses the flags and runs an app; bad input gives one line and exit code 1.

    Args:
        main: The app; called without arguments, or with the list of files.
        takes_files: Whether the app takes names of files after its flags.
        stopped: What is said where the user stops it, which ends with 130.
    """

    def parse(argv):
        try:
            rest = flags.FLAGS(argv)
        except flags.Error as error:
            _fail(_explain(error))
        except SystemExit:
            # Help was asked for and given, which absl ends with 1.
            sys.exit(0)
        if len(rest) > 1 and not takes_files:
            _fail(f"unexpected argument {rest[1]!r}: flags are written --name=value")
        return rest

    def guarded(argv):
        logging.set_verbosity(logging.WARNING)
        try:
            if takes_files:
                main(argv[1:])
            else:
                main()
        except InputError as error:
            _fail(str(error))
        except KeyboardInterrupt:
            print(f"\n{stopped}", file=sys.stderr)
            sys.exit(130)
        except OSError as error:
            # A disk that is full, a file that vanished: the user's to mend, too.
            if error.strerror is None:
                raise
            _fail(f"{error.strerror}: {error.filename}")

    app.run(guarded, flags_parser=parse)


def _explain(error):
    """Returns a flag's error, with what the flag takes where absl leaves that out."""
    message = " ".join(str(error).removeprefix("ERROR:: ").split())
    flag = re.match(r"flag --(\w+)=", message)
    if flag and message.endswith("must have a value other than None."):
        # Of a flag that can be given again, absl says so in a line of its own.
        about, _, _ = flags.FLAGS[flag[1]].help.partition(";\n")
        return f"--{flag[1]} is missing: {' '.join(about.split())}"
    takes = flags.FLAGS[flag[1]].parser.syntactic_help if flag else ""
    return message if takes in message else f"{message}; it takes {takes}"


def _fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)
