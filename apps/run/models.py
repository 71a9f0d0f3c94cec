"""The models of the suite by their names."""

import inspect
from collections.abc import Callable

import kerasapps.models
from kerasapps.errors import unknown_name


def models(suits: Callable = lambda model: True) -> dict[str, Callable]:
    """Returns the constructors that `kerasapps.models` exports.

    Args:
        suits: Says of a constructor whether it is wanted.

    Returns:
        The constructors by their names in lower case, as --model takes them.
    """
    exported = vars(kerasapps.models).items()
    return {n.lower(): m for n, m in exported if callable(m) and suits(m)}


def find(name: str, suits: Callable, kind: str = "model") -> Callable:
    """Returns the constructor of a name, in whatever case.

    Args:
        name: The name.
        suits: Says of a constructor whether it can be meant.
        kind: What those are, for the error.

    Raises:
        InputError: If there is no such model.
    """
    known = models(suits)
    if name.lower() not in known:
        raise unknown_name(kind, name, known)
    return known[name.lower()]


def has_argument(name: str) -> Callable:
    """Returns the function that says whether a constructor has an argument."""
    return lambda model: name in inspect.signature(model).parameters


def of_task(task: str) -> Callable:
    """Returns the function that says whether a constructor's models are for a task.

    Args:
        task: The task, for example "classifier".
    """
    return lambda model: model.task == task


def export_name(constructor: Callable) -> str:
    """Returns the name of a model's exports; the file's where it holds but one."""
    module = constructor.__module__
    alone = [model.__module__ for model in models().values()].count(module) == 1
    return (module.rpartition(".")[2] if alone else constructor.__name__).lower()
