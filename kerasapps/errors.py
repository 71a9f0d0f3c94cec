"""The error that a user can mend, and what is fit to be printed in one line."""

import difflib
import re
from collections.abc import Iterable

# Control characters, what turns the direction of writing, other ends of lines, and what
# stands for bytes that aren't UTF-8.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Returns text from elsewhere, as a file's name, fit to be printed in a line.

    Args:
        text: The text. Its control characters are written as in Python, a line feed as
            "\n"; so are the bytes of a file's name that aren't UTF-8.
    """
    return _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)


class InputError(ValueError):
    """Bad input: one line that says what is wrong and what would be right.

    The apps print its message alone, without a traceback, and exit with 1. They add the
    flag that gives `argument`, for the message itself speaks of no flag.

    Args:
        message: The line; what is not `printable` in it is escaped.
        argument: The name of the argument that is wrong, where it is one.
    """

    def __init__(self, message: str, argument: str | None = None):
        super().__init__(printable(message))
        self.argument = argument


def unknown_name(
    kind: str,
    name: str,
    choices: Iterable[str],
    place: str | None = None,
    argument: str | None = None,
) -> InputError:
    """Returns the error for a `name` that is none of the `choices`.

    Args:
        kind: What is named, for example "model".
        name: The name as the user gave it.
        choices: The names that exist.
        place: Where they exist, for example a folder.
        argument: The argument that gave the name, as in `InputError`.
    """
    choices = sorted(choices)
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    if near:
        hint = "did you mean " + " or ".join(by_lower[n] for n in near) + "?"
    else:
        named = choices if len(choices) <= 20 else [*choices[:20], "..."]
        hint = "there are: " + ", ".join(named)
    where = f" in {place!r}" if place else ""
    return InputError(f"unknown {kind} {name!r}{where}; {hint}", argument)
