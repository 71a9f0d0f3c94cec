"""The named variants of a family of models."""

import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import keras

_Size = TypeVar("_Size")
_Arguments = ParamSpec("_Arguments")
_Model = TypeVar("_Model", bound=keras.Model)


def variant(
    family: Callable[Concatenate[_Size, _Arguments], _Model],
    name: str,
    parameters: int,
    size: _Size,
    **defaults: Any,
) -> Callable[_Arguments, _Model]:
    """Returns a function that builds one size of a family, under the paper's name.

    Its signature is the family's without the size. Its docstring is the family's, in
    which `{name}`, `{parameters:,}` and `{size}` stand for what is given here. It has
    the attributes `paper` and `task` of the model's class, which is what the family
    says it returns.

    Args:
        family: Builds any size, which is its first argument.
        name: Name of the variant. The model's own is the same in lower case.
        parameters: Number of trainable parameters.
        size: The variant's size, as the family takes it.
        **defaults: Default arguments that aren't the family's.
    """
    signature = inspect.signature(family)
    defaults = {"name": name.lower()} | defaults
    own = signature.replace(
        parameters=[
            parameter.replace(default=defaults.get(parameter.name, parameter.default))
            for parameter in list(signature.parameters.values())[1:]
        ]
    )

    def build(*args, **kwargs):
        arguments = own.bind(*args, **kwargs)
        arguments.apply_defaults()
        return family(size, *arguments.args, **arguments.kwargs)

    doc = (inspect.getdoc(family) or "").format(
        name=name, parameters=parameters, size=size
    )
    build.__name__ = build.__qualname__ = name
    build.__module__ = family.__module__
    build.__doc__ = doc
    model = signature.return_annotation
    vars(build).update(__signature__=own, paper=model.paper, task=model.task)
    return build
