"""What a network is like after an epoch, in a file of a run."""

import os
import pathlib

import keras
import numpy as np

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


def load(path: str | os.PathLike) -> list[np.ndarray]:
    """Returns the weights as `set_weights` takes them.

    Args:
        path: The file.
    """
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[f"arr_{n}"] for n in range(len(arrays.files))]
