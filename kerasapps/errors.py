"""The error that a user can mend."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input: one line that says what is wrong and what would be right.

    The apps print its message alone, without a traceback, and exit with 1. They add the
    flag that gives `argument`, for the message itself speaks of no flag.

    Args:
        message: The line.
        argument: The name of the argument that is wrong, where it is one.
    """

    def __init__(self, message: str, argument: str | None = None):
        super().__init__(message)
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
