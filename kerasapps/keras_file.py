"""Trained weights in Keras's own file, `.keras`, and back."""

import json
import os
import pathlib
import warnings
import zipfile

import keras

from kerasapps.errors import InputError


def save(model: keras.Model, path: str | os.PathLike) -> None:
    """Writes `model`, whole or not at all.

    Args:
        model: A model of `kerasapps.models`.
        path: A file whose name ends in ".keras".
    """
    path = pathlib.Path(path)
    partial = path.with_name(f".partial-{path.name}")
    model.save(partial)
    partial.replace(path)


def load_weights(model: keras.Model, path: str | os.PathLike) -> None:
    """Reads the weights of a `.keras` file into a model of the same class.

    A `.keras` file can describe layers that run any code. So nothing is ever built from
    what a file describes: its class is compared, and only arrays are read.

    Args:
        model: The model.
        path: The file.

    Raises:
        InputError: If the file isn't a whole `.keras` file, or of another model; the
            weights may then be partly read.
    """
    path = pathlib.Path(path)
    not_whole = InputError(f"--weights={path}: not a whole .keras file")
    if path.suffix != ".keras":
        raise not_whole
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip():
                raise not_whole
            content = json.loads(archive.read("config.json"))
        found = content["registered_name"] or content["class_name"]
        config = dict(content["config"])
    except InputError:
        raise
    except OSError as error:
        raise InputError(
            f"--weights={path}: {error.strerror}; give a .keras file"
        ) from error
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise not_whole from error
    wanted = keras.saving.get_registered_name(type(model))
    if found != wanted:
        raise InputError(
            f"--weights={path} holds the model {found!r}, not {wanted!r}; "
            "only weights of the same model are read"
        )
    try:
        # Keras only warns where a whole list of layers is missing.
        with warnings.catch_warnings(action="error", category=UserWarning):
            model.load_weights(path)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise not_whole from error
    except (ValueError, UserWarning) as error:
        own = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
        others = ", ".join(
            f"{name}={config[name]!r}, not {value!r}"
            for name, value in own["config"].items()
            if name != "name" and config.get(name, value) != value
        )
        raise InputError(
            f"--weights={path} holds a {type(model).__name__} with "
            f"{others or 'other weights'}; only weights of the same model are read"
        ) from error
