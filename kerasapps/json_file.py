"""JSON files, held against the types of what they are to hold.

What a file is to hold is written as a `TypedDict`, of text, whole numbers, numbers,
booleans, `None`, lists, dictionaries, literals and unions of these.
"""

import json
import math
import pathlib
import reprlib
import types
import typing
from typing import Any

from kerasapps.errors import InputError

_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a finite number",
    bool: "true or false",
    types.NoneType: "null",
    list: "a list",
    dict: "an object",
}


def read(path: pathlib.Path, kind: type | None = None) -> Any:
    """Returns what a file holds.

    Args:
        path: The file.
        kind: What it is to hold, a `TypedDict`; None for any object.

    Raises:
        InputError: If it can't be read or holds something else. The message begins with
            the file's name, without its folder.
    """
    try:
        # As bytes: Unicode's encodings are told apart, with or without a mark.
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path.name} can't be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is no JSON") from error
    check(found, dict if kind is None else kind, path.name)
    return found


def check(value: Any, kind: Any, name: str) -> None:
    """Checks that a value is what it is to be. Other keys of objects are passed over.

    Args:
        value: The value, as JSON has it.
        kind: Its type.
        name: What it is called, for the error.

    Raises:
        InputError: If it is something else.
    """
    misfit = _misfit(value, kind, "")
    if misfit is None:
        return
    place, found, wanted = misfit
    if not place:
        raise InputError(f"{name} is no JSON object")
    if found is None:
        raise InputError(f"{name} has no {place!r}")
    raise InputError(f"{name} has {found} as {place!r}, which is {wanted}")


def _misfit(value, kind, place):
    """Returns where a value isn't of its kind, what is there and what is to be there.

    Nothing is there where a key is missing. Returns None where all is right.
    """
    here = place, "null" if value is None else reprlib.repr(value), _named(kind)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        misfits = [_misfit(value, part, place) for part in parts]
        # Of an object in place of an object, what is wrong in it tells more.
        inner = [m for m in misfits if m is not None and m[0] != place]
        return None if None in misfits else (*inner, here)[0]
    if typing.is_typeddict(kind):
        if not isinstance(value, dict):
            return here
        inside = typing.get_type_hints(kind)
        for name in sorted(kind.__required_keys__):
            if name not in value:
                return _inside(place, name), None, None
        pairs = [(name, value[name], inside[name]) for name in inside if name in value]
    elif origin is list:
        if not isinstance(value, list):
            return here
        pairs = [(number, part, parts[0]) for number, part in enumerate(value)]
    elif origin is dict:
        if not isinstance(value, dict) or not all(map(_is_text, value)):
            return here
        pairs = [(name, part, parts[1]) for name, part in value.items()]
    else:
        return None if _is_plain(value, kind) else here
    for name, part, of_part in pairs:
        misfit = _misfit(part, of_part, _inside(place, name))
        if misfit is not None:
            return misfit
    return None


def _inside(place, name):
    return f"{place}.{name}" if place else str(name)


def _is_plain(value, kind):
    if typing.get_origin(kind) is typing.Literal:
        return isinstance(value, str) and value in typing.get_args(kind)
    if kind is str:
        return _is_text(value)
    if kind in (int, float) and isinstance(value, bool):
        return False
    if kind is float:
        return isinstance(value, int | float) and _is_finite(value)
    return isinstance(value, kind)


def _is_text(value):
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:  # Half of a pair of surrogates.
        return False


def _is_finite(number):
    try:
        return math.isfinite(number)
    except OverflowError:  # A whole number beyond the largest float.
        return False


def _named(kind):
    parts = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(parts)
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return " or ".join(dict.fromkeys(map(_named, parts)))
    if typing.is_typeddict(kind):
        return _NAMES[dict]
    return _NAMES[typing.get_origin(kind) or kind]
