"""Arguments checked by their annotations."""

import collections.abc
import functools
import inspect
import math
import numbers
import reprlib
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from kerasapps.errors import InputError, unknown_name

_Function = TypeVar("_Function", bound=Callable)

# No side of a tensor is larger.
_MOST = 2**31 - 1


def checked(constructor: _Function) -> _Function:
    """Returns an `__init__` that checks its arguments before it runs.

    Each has to be what its annotation says. An integer counts something that has to be
    there, so it is at least 1; a number is finite and at least 0.

    Args:
        constructor: The `__init__`, its arguments annotated.
    """
    signature = inspect.signature(constructor)
    class_name = constructor.__qualname__.split(".")[-2]

    @functools.wraps(constructor)
    def init(self, *args, **kwargs):
        try:
            given = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            for name in kwargs:
                if name not in signature.parameters:
                    known = [*signature.parameters][1:]
                    kind = f"argument of {class_name}"
                    raise unknown_name(kind, name, known, argument=name) from error
            raise InputError(f"{class_name}: {error}") from error
        for name, hint in _hints(constructor).items():
            if name in given.arguments and not _fits(given.arguments[name], hint):
                value = reprlib.repr(given.arguments[name])
                raise InputError(
                    f"{class_name}: {name} is {_words(hint)}, not {value}",
                    argument=name,
                )
        constructor(self, *args, **kwargs)

    # Keras reads the signature where it doesn't follow `functools.wraps`.
    vars(init)["__signature__"] = signature
    return typing.cast(_Function, init)


@functools.cache
def _hints(constructor):
    return typing.get_type_hints(constructor, include_extras=True)


def _fits(value: Any, hint: Any) -> bool:
    """Returns whether a value is what an annotation says."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _fits(value, parts[1])
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return any(type(value) is type(part) and value == part for part in parts)
    if origin is collections.abc.Sequence:
        return (
            _is_list(value) and bool(value) and all(_fits(x, parts[0]) for x in value)
        )
    if origin is tuple:
        fits = _is_list(value) and len(value) == len(parts)
        return fits and all(map(_fits, value, parts))
    if hint in (int, float):
        kind = numbers.Integral if hint is int else numbers.Real
        if not isinstance(value, kind) or isinstance(value, bool):
            return False
        # NumPy's numbers are of these kinds, too.
        number = typing.cast(float, value)
        return 1 <= number <= _MOST if hint is int else 0 <= number < math.inf
    return hint is Any or isinstance(value, hint)


def _is_list(value):
    return isinstance(value, list | tuple)


def _words(hint: Any) -> str:
    """Returns what an annotation says, in words."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _words(parts[1])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_words, parts))
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin is collections.abc.Sequence:
        return f"a list, each item {_words(parts[0])}"
    if origin is tuple:
        return f"a list of {', '.join(map(_words, parts))}"
    known = {
        int: f"an integer from 1 to {_MOST}",
        float: "a finite number from 0 on",
        bool: "True or False",
        str: "text",
        types.NoneType: "None",
    }
    return known.get(hint, str(hint))
