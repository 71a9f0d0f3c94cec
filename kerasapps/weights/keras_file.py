"""Trained weights in Keras's own file, `.keras`, and back."""

import inspect
import io
import itertools
import json
import math
import os
import pathlib
import sys
import warnings
import zipfile

import h5py
import keras
import numpy as np

from kerasapps.errors import InputError
from kerasapps.replacing import replacing
from kerasapps.weights.blueprint import Bound, OutOfBoundError, blueprint

# Images of up to so many pixels a side are believed of any file.
_IMAGE_SIDE = 4096
# Keras doesn't compress; a file may be by so much larger unpacked than it is.
_UNPACKED = 10


def save(model: keras.Model, path: str | os.PathLike) -> None:
    """Writes `model`, whole or not at all.

    Args:
        model: A model of `kerasapps.models`.
        path: A file whose name ends in ".keras".
    """
    path = pathlib.Path(path)
    with replacing(path) as partial:
        model.save(partial)


def load(path: str | os.PathLike) -> keras.Model:
    """Returns the network of the suite that a `.keras` file holds.

    A `.keras` file can describe layers that run any code. So the file only names one
    of the classes of `kerasapps.models` and the plain arguments of its constructor;
    nothing else of what it describes is built. The network may have no more weights
    than are really in the file.

    The classes are those that Keras has registered: `kerasapps.models` is to be
    imported before.

    Args:
        path: The file.

    Raises:
        InputError: If the file isn't a whole `.keras` file, or holds no network of the
            suite, or one that doesn't fit to the weights beside it, or a weight isn't
            a finite number.
    """
    registered_name, config = _read_config(path)
    model_class = _find_class(registered_name)
    if model_class is None:
        raise _not_a_model(path, registered_name)
    name = model_class.__name__
    former = getattr(model_class, "former_arguments", {})
    config = {former.get(n, n): value for n, value in config.items()}
    numbers = _plain_numbers(config)
    if numbers is None or not set(config) <= set(
        inspect.signature(model_class).parameters
    ):
        raise InputError(
            f"{path}: its config isn't the arguments of {name}; give a file that "
            "kerasapps wrote",
            argument="path",
        )
    too_large = InputError(
        f"{path} describes a larger {name} than it holds weights for; give a file that "
        "kerasapps wrote",
        argument="path",
    )
    shapes = _array_shapes(path)
    # Before anything is built, the sum of the config's numbers by a wide margin: widths
    # are sides of the arrays, layers have arrays, and the rest is the image's.
    limit = 4 * (_IMAGE_SIDE + len(shapes) + sum(itertools.chain(*shapes)))
    if not all(abs(n) <= limit for n in numbers) or sum(map(abs, numbers)) > limit:
        raise too_large
    # What a blueprint holds beside the arrays: a seed for each dropout layer.
    bound = Bound(2 * len(shapes) + 10, 2 * sum(map(math.prod, shapes)) + 1_000)
    bound = Bound(*map(min, bound, Bound()))
    try:
        wanted = [
            weight.shape for weight in blueprint(model_class, bound, **config).weights
        ]
        fits = sum(map(math.prod, wanted)) <= sum(map(math.prod, shapes))
        model = model_class(**config) if fits else None
    except OutOfBoundError:
        raise too_large from None
    # Arguments that don't go together may fail anywhere.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        message = f"{path}: {name} can't be built: {reason}"
        raise InputError(message, argument="path") from error
    if model is None:
        raise too_large
    _read_weights(model, path, config)
    return model


def load_weights(model: keras.Model, path: str | os.PathLike) -> None:
    """Reads the weights of a `.keras` file into a model of the same class.

    A `.keras` file can describe layers that run any code. So nothing is ever built from
    what a file describes: its class is compared, and only arrays are read.

    Args:
        model: The model.
        path: The file.

    Raises:
        InputError: If the file isn't a whole `.keras` file, or of another model, or a
            weight isn't a finite number; the weights may then be partly read.
    """
    found, config = _read_config(path)
    wanted = keras.saving.get_registered_name(type(model))
    if found != wanted:
        raise InputError(
            f"{path} holds the model {found!r}, not {wanted!r}; "
            "only weights of the same model are read",
            argument="path",
        )
    _read_weights(model, path, config)


def _not_whole(path):
    return InputError(f"{path}: not a whole .keras file", argument="path")


def _not_a_model(path, registered_name):
    """Returns the error for a file whose class isn't found."""
    advice = "which is none of kerasapps.models; give the file of one that is"
    if "kerasapps.models" not in sys.modules:
        advice = "but kerasapps.models isn't imported; import it first"
    return InputError(
        f"{path} holds the model {registered_name!r}, {advice}", argument="path"
    )


def _read_config(path):
    """Returns the registered name of the file's model, and its config."""
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise _not_whole(path)
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > _UNPACKED * path.stat().st_size or archive.testzip():
                raise _not_whole(path)
            content = json.loads(archive.read("config.json"))
        return content["registered_name"] or content["class_name"], dict(
            content["config"]
        )
    except InputError:
        raise
    except OSError as error:
        message = f"{path}: {error.strerror}; give a .keras file"
        raise InputError(message, argument="path") from error
    except (
        *(zipfile.BadZipFile, KeyError, TypeError, ValueError, RecursionError),
    ) as error:
        raise _not_whole(path) from error


def _read_weights(model, path, config):
    """Reads the arrays of a file whose model is of the same class."""
    try:
        # Keras only warns where a whole list of layers is missing.
        with warnings.catch_warnings(action="error", category=UserWarning):
            model.load_weights(path)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise _not_whole(path) from error
    except (ValueError, UserWarning) as error:
        own = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
        others = ", ".join(
            f"{name}={config[name]!r}, not {value!r}"
            for name, value in own["config"].items()
            if name != "name" and config.get(name, value) != value
        )
        raise InputError(
            f"{path} holds a {type(model).__name__} with "
            f"{others or 'other weights'}; only weights of the same model are read",
            argument="path",
        ) from error
    for weight in model.weights:
        if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
            raise InputError(
                f"{path} holds the weight {weight.path}, which isn't finite; give a "
                "file of a training that didn't diverge",
                argument="path",
            )


def _find_class(registered_name):
    """Returns the model's class that is registered under a name, or None.

    Only the suite's own are found, whatever else is registered.
    """
    found = None
    if isinstance(registered_name, str) and registered_name.startswith("kerasapps>"):
        found = keras.saving.get_registered_object(registered_name)
    if (
        inspect.isclass(found)
        and issubclass(found, keras.Model)
        and found.__module__.startswith("kerasapps.models.")
        and keras.saving.get_registered_name(found) == registered_name
    ):
        return found
    return None


def _plain_numbers(config):
    """Returns all numbers in a config, or None if it holds objects to be built."""
    numbers, rest = [], list(config.values())
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest += value
        elif isinstance(value, int | float):
            numbers.append(value)
        elif not (value is None or isinstance(value, str)):
            return None
    return numbers


def _array_shapes(path):
    """Returns the shapes of the arrays that are really in a file.

    An array may claim to be huge and take no place; such a one is left out.
    """
    shapes = []

    def visit(name, array):
        if isinstance(array, h5py.Dataset):
            stored = array.id.get_storage_size()
            if stored == array.nbytes:
                shapes.append(array.shape)

    try:
        with zipfile.ZipFile(path) as archive:
            weights = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(weights) as file:
            file.visititems(visit)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _not_whole(path) from error
    return shapes
