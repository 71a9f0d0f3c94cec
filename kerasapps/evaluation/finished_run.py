"""What a training leaves in its run directory, read again."""

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import keras

import kerasapps.models  # noqa: F401 - what a file may hold
from kerasapps import json_file
from kerasapps.errors import InputError
from kerasapps.weights import keras_file


class FinishedRun(NamedTuple):
    """A training that came to its end.

    Attributes:
        directory: The run directory.
        metrics: What `metrics.json` holds, of the kind that was asked for.
        network: The network of `model.keras`.
    """

    directory: pathlib.Path
    metrics: Any
    network: keras.Model


def read(
    directory: str | pathlib.Path,
    task: str,
    kind: Callable[[keras.Model], type],
    argument: str = "model",
) -> FinishedRun:
    """Returns what a run directory holds.

    Args:
        directory: The run directory.
        task: The task of the network, as in "classifier".
        kind: From the network to what `metrics.json` is to hold, as in
            `json_file.read`.
        argument: The argument that gave the directory, as in `InputError`.

    Raises:
        InputError: If it is no directory of a finished run of that task.
    """
    path = pathlib.Path(directory)
    name = "metrics.json"
    try:
        metrics = json_file.read(path / name)
    except InputError as error:
        raise not_finished(directory, task, f"its {error}", argument) from error
    if not (path / "model.keras").is_file():
        raise not_finished(directory, task, "it has no model.keras", argument)
    network = read_network(path / "model.keras", argument)
    own = getattr(network, "task", "another")
    if own != task:
        reason = f"its model.keras is a {type(network).__name__}, for the task {own}"
        raise not_finished(directory, task, reason, argument)
    try:
        json_file.check(metrics, kind(network), name)
    except InputError as error:
        raise not_finished(directory, task, f"its {error}", argument) from error
    return FinishedRun(path, metrics, network)


def read_network(path: pathlib.Path, argument: str = "model") -> keras.Model:
    """Returns the network of a file in a run directory.

    Args:
        path: The file.
        argument: The argument that gave the directory, as in `InputError`.

    Raises:
        InputError: If it is no whole file of a network of the suite.
    """
    try:
        return keras_file.load(path)
    except InputError as error:
        raise InputError(str(error), argument) from error


def not_finished(
    directory: str | pathlib.Path, task: str, reason: str, argument: str = "model"
) -> InputError:
    """Returns the error for a directory that holds no finished run.

    Args:
        directory: The run directory.
        task: The task of the network, as in "classifier".
        reason: What is missing or wrong in it.
        argument: The argument that gave the directory, as in `InputError`.
    """
    return InputError(
        f"{directory} holds no finished run of train_{task}: {reason}; give a folder "
        f"in runs/train_{task}",
        argument,
    )
