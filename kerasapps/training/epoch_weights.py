"""What a network is like after an epoch, in a file of a run."""

import os
import pathlib

import keras
import numpy as np

from kerasapps.errors import InputError
from kerasapps.replacing import replacing


def save(model: keras.Model, path: pathlib.Path) -> None:
    """Writes all weights of a model, whole or not at all, and makes the folder.

    Args:
        model: The model.
        path: The file, an npz.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial, open(partial, "wb") as file:
        np.savez(file, *model.get_weights())


def load(path: str | os.PathLike, model: keras.Model) -> list[np.ndarray]:
    """Returns weights as `set_weights` takes them.

    Args:
        path: The file.
        model: What they are for.

    Raises:
        InputError: If there is no such file, or it is damaged or of another model.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = [arrays[f"arr_{n}"] for n in range(len(arrays.files))]
        reason = ""
    # A damaged zip fails anywhere.
    except Exception as error:
        found, reason = [], getattr(error, "strerror", None) or "it is damaged"
    shapes = [tuple(weight.shape) for weight in model.weights]
    if not reason and [array.shape for array in found] != shapes:
        reason = "it is of another model"
    if not reason and not all(np.isfinite(array).all() for array in found):
        reason = "a weight isn't finite"
    if reason:
        raise InputError(
            f"{path} can't be read: {reason}; its epoch's weights are lost, so train "
            "anew"
        )
    return found
