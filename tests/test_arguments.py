"""What no constructor of a model takes, found in its annotations."""

import inspect
import sys
import typing

import keras
import pytest

from kerasapps import models
from kerasapps.errors import InputError

EXPORTED = {name: model for name, model in vars(models).items() if callable(model)}
CLASSES = {
    name: value
    for module in {model.__module__ for model in EXPORTED.values()}
    for name, value in vars(sys.modules[module]).items()
    if inspect.isclass(value) and issubclass(value, keras.Model)
}
CONSTRUCTORS = EXPORTED | CLASSES
# What none of the kinds of arguments is.
WRONG = {
    int: [0, -1, 10**20, 1.5, "many", None, True, [3], {}],
    float: [-0.1, float("nan"), float("inf"), 1e999, "much", None, True],
    bool: [2, "yes", None],
    str: [3, None],
}


def wrong_values(argument, hint):
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return ["other", "", 7, [], {}]
    if origin is tuple and argument != "input_shape":
        return [[1], [1] * 20, [0] * len(typing.get_args(hint)), 3, "text"]
    if origin is tuple:
        return [(8, 8), (8, 8, 0), (8, 8, None), (0, 8, 3), (8, -1, 3), 8, "8,8,3"]
    if origin is not None:
        return [[0], [-1], [1.5], "text", 3, {}, []]
    return WRONG[hint]


@pytest.mark.parametrize("name", sorted(CONSTRUCTORS))
def test_wrong_values_are_named(name):
    constructor = CONSTRUCTORS[name]
    parameters = inspect.signature(constructor).parameters
    assert parameters
    for argument, parameter in parameters.items():
        if argument == "weights":  # A file, which says itself what is wrong with it.
            continue
        for value in wrong_values(argument, parameter.annotation):
            with pytest.raises(InputError, match=rf"^\w+: {argument} is ") as error:
                constructor(**{argument: value})
            assert "\n" not in str(error.value)
            assert error.value.argument == argument


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_unknown_arguments_are_named(name):
    with pytest.raises(InputError, match=f"argument of {name} 'nam'; did you mean nam"):
        CLASSES[name](nam="x")
    with pytest.raises(InputError, match=f"^{name}: too many positional arguments"):
        CLASSES[name](*range(20))
