"""What a training leaves in its run directory, read again."""

import json
import pathlib
from collections.abc import Iterable
from typing import NamedTuple

import keras

import kerasapps.models  # noqa: F401 - what a file may hold
from kerasapps.errors import InputError
from kerasapps.weights import keras_file


class FinishedRun(NamedTuple):
    """A training that came to its end.

    Attributes:
        directory: The run directory.
        metrics: What `metrics.json` holds.
        network: The network of `model.keras`.
    """

    directory: pathlib.Path
    metrics: dict
    network: keras.Model


def read(
    directory: str | pathlib.Path,
    task: str,
    keys: Iterable[str],
    argument: str = "model",
) -> FinishedRun:
    """Returns what a run directory holds.

    Args:
        directory: The run directory.
        task: The task of the network, as in "classifier".
        keys: What `metrics.json` has where the run is of that task.
        argument: The argument that gave the directory, as in `InputError`.

    Raises:
        InputError: If it is no directory of a finished run of that task.
    """
    path = pathlib.Path(directory)
    try:
        metrics = json.loads((path / "metrics.json").read_text())
        reason = ""
    except OSError as error:
        reason = f"its metrics.json can't be read ({error.strerror})"
    except (ValueError, RecursionError):
        reason = "its metrics.json is no JSON"
    if not reason:
        reason = _lacks(path, metrics, keys)
    if reason:
        raise not_finished(directory, task, reason, argument)
    return FinishedRun(path, metrics, keras_file.load(path / "model.keras"))


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


def _lacks(path, metrics, keys):
    """Returns what a finished run has and this one hasn't; nothing if it has all."""
    if not isinstance(metrics, dict):
        return "its metrics.json is no JSON object"
    for key in keys:
        if key not in metrics:
            return f"its metrics.json has no {key!r}"
    return "" if (path / "model.keras").is_file() else "it has no model.keras"
