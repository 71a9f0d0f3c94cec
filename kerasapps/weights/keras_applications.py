"""Weights of `keras.applications`, taken over by the networks of the suite."""

import contextlib
import os
import re
import warnings
import zipfile
from typing import Any, TypeAlias, TypeVar

import h5py
import keras
import numpy as np

from kerasapps.errors import InputError

TWINS = {
    "vggd": "VGG16",
    "vgge": "VGG19",
    **{f"resnet{depth}": f"ResNet{depth}" for depth in (50, 101, 152)},
    **{f"densenet{depth}": f"DenseNet{depth}" for depth in (121, 169, 201)},
    **{f"efficientnetb{number}": f"EfficientNetB{number}" for number in range(8)},
}
"""The function of `keras.applications` by the name of the suite's network."""

Weights: TypeAlias = keras.Model | str | os.PathLike | None
"""What `take_weights` takes weights from."""

_Model = TypeVar("_Model", bound=keras.Model)

# In the path of an array, with the number that Keras gives a layer's second copy.
_NORMALIZATION = re.compile(r"(^|/)normalization(_\d+)?/")
_IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
_IMAGENET_STD = np.array([0.229, 0.224, 0.225])


def preprocessing(name: str, weights: str | os.PathLike = "imagenet") -> dict[str, Any]:
    """Returns how images become the input that a twin's weights expect.

    VGG and ResNet come from Caffe: blue, green, red, minus the mean colour. DenseNet
    and EfficientNet take red, green, blue, and divide by the deviations, too.

    EfficientNet's twin does so inside, in three layers: it divides by 255, subtracts
    the means and divides by the square roots of the deviations (its file has the
    deviations where the layer takes variances), and divides by these square roots once
    more. The suite's network takes what comes out of them. A twin that was made
    without ImageNet's weights divides by 255 alone; which of the two a file is of, its
    arrays tell.

    Args:
        name: A key of `TWINS`, such as "resnet50".
        weights: "imagenet", or a file as for `take_weights`.

    Returns:
        The keyword arguments `mean`, `std` and `channel_order` of
        `kerasapps.data.images.preprocessing.Preprocessing`; the values are per channel,
        in units of 0 to 255.

    Raises:
        InputError: If the file can't be read.
    """
    if TWINS[name].startswith(("VGG", "ResNet")):
        return {
            "mean": [103.939, 116.779, 123.68],
            "std": [1.0, 1.0, 1.0],
            "channel_order": "bgr",
        }
    if weights != "imagenet" and not _normalizes(str(weights), TWINS[name]):
        return {"mean": [0.0] * 3, "std": [255.0] * 3, "channel_order": "rgb"}
    return {
        "mean": (255 * _IMAGENET_MEAN).tolist(),
        "std": (255 * _IMAGENET_STD).tolist(),
        "channel_order": "rgb",
    }


def take_weights(model: _Model, weights: Weights, twin: str) -> _Model:
    """Gives a network all weights of its twin in `keras.applications`.

    The two then compute the same function up to the logits; of the twin's softmax and,
    in EfficientNet, of its normalization of the images, the network has nothing. Its
    images are to be prepared as the twin's were: for ImageNet, see `preprocessing`.

    The twins of ResNet have biases before batch normalization, which subtracts them
    again: they go into its moving mean. What differs in its epsilon goes into the
    moving variance. Where the twin has another number of classes, the last layer stays
    as it is, to be fine-tuned.

    Args:
        model: A built network of the suite.
        weights: None, for the network as it is; "imagenet", for what
            `keras.applications` downloads; the twin itself, a `keras.Model` with
            `include_top=True` and any number of classes; or a file of it, `.keras`,
            `.weights.h5` or `.h5`, of which only the arrays are read.
        twin: Name of the twin, such as "ResNet50".

    Returns:
        `model`.

    Raises:
        InputError: If the weights can't be had, or aren't those of a twin; the network
            is then as it was.
    """
    if weights is None:
        return model
    if isinstance(weights, keras.Model):
        source = weights
    elif weights == "imagenet":
        source = _download(twin)
    else:
        source = _read(model, str(weights), twin)
    values = list(_values(model, source, twin))
    for variable, value in values:
        variable.assign(value)
    return model


def twin_layers(
    model: keras.Model, source: keras.Model, twin: str
) -> list[tuple[keras.layers.Layer, keras.layers.Layer]]:
    """Pairs the layers with weights of a network and of its twin.

    Args:
        model: A network of the suite.
        source: Its twin.
        twin: Name of the twin, such as "ResNet50".

    Returns:
        Pairs of a layer of `model` and the one of `source` whose weights it takes, in
        the order of `model`.

    Raises:
        InputError: If only one of the two has a layer.
    """
    to_twin = next(to for family, to in _NAMES.items() if twin.startswith(family))
    theirs = {
        layer.name: layer
        for layer in source.layers
        if layer.weights and not isinstance(layer, keras.layers.Normalization)
    }
    ours = {to_twin(layer.name): layer for layer in model.layers if layer.weights}
    if odd := sorted(ours.keys() ^ theirs.keys()):
        raise InputError(
            f"{model.name} can't take the weights of {source.name}: only one of them "
            f"has a layer {odd[0]}; give those of {twin}"
        )
    return [(layer, theirs[name]) for name, layer in ours.items()]


def _download(twin):
    try:
        return getattr(keras.applications, twin)(weights="imagenet")
    except Exception as error:  # Keras raises no more special one.
        raise InputError(
            f"weights='imagenet': the weights of {twin} can't be downloaded "
            f"({' '.join(str(error).split())}); give a file of them"
        ) from error


def _read(model, path, twin):
    """Returns a twin with the arrays of a file; the file itself builds nothing."""
    hidden = [
        tuple(layer.kernel.shape)
        for layer in model.layers[:-1]
        if isinstance(layer, keras.layers.Dense)
    ]
    expected = f"{twin} (include_top=True, images of the size of {model.name}'s)"
    with _reading(path, expected):
        matrices = _matrices(path)
        for shape in hidden:
            matrices.remove(shape)
        ((_, classes),) = matrices
        source = getattr(keras.applications, twin)(
            weights=None,
            input_shape=(
                # Twins have no smaller and no open sizes; only to VGG does it matter.
                *(max(size or 32, 32) for size in model.input_shape[1:3]),
                model.input_shape[3],
            ),
            classes=classes,
        )
        # Keras only warns where the arrays of a layer are missing.
        with warnings.catch_warnings(action="error", category=UserWarning):
            source.load_weights(path)
    return source


@contextlib.contextmanager
def _reading(path, expected):
    """Says in one line what is wrong with a file of weights."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(
            f"weights={path!r}: there is no such file; give 'imagenet' or a file"
        ) from error
    except (OSError, KeyError, ValueError, UserWarning, zipfile.BadZipFile) as error:
        raise InputError(
            f"weights={path!r} isn't a .keras, .weights.h5 or .h5 file with the "
            f"weights of {expected}"
        ) from error


def _normalizes(path, twin):
    """Returns whether a file's twin normalizes images by more than a constant."""
    if not twin.startswith("EfficientNet"):
        return True
    deviating = []

    def look(name, array):
        # Its mean, its variance and the count of images, which were never counted.
        if _NORMALIZATION.search(name) and array.shape == (3,):
            deviating.append(np.unique(array[()]).size > 1)

    with _reading(path, twin):
        _visit(path, look)
    return any(deviating)


def _matrices(path):
    """Returns the shapes of the arrays with two axes: the kernels of dense layers."""
    shapes = []

    def look(name, array):
        if len(array.shape) == 2:
            shapes.append(array.shape)

    _visit(path, look)
    return shapes


def _visit(path, look):
    """Calls `look(name, array)` for each array of a file's model."""

    def visit(name, item):
        # A model that was trained is saved with its optimizer.
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
            look(name, item)

    if path.endswith(".keras"):
        with (
            zipfile.ZipFile(path) as archive,
            archive.open("model.weights.h5") as member,
            h5py.File(member) as file,
        ):
            file.visititems(visit)
    else:
        with h5py.File(path) as file:
            file.visititems(visit)


def _values(model, source, twin):
    """Yields each variable of a network with its new value."""
    theirs = {layer.name: layer for layer in source.layers}
    for layer, its_twin in twin_layers(model, source, twin):
        values = {
            weight.name: keras.ops.convert_to_numpy(weight).astype("float64")
            for weight in its_twin.weights
        }
        if layer is model.layers[-1] and values["bias"].shape != layer.bias.shape:
            continue
        if isinstance(layer, keras.layers.BatchNormalization):
            before = theirs.get(its_twin.name.removesuffix("_bn") + "_conv")
            if before is not None and before.bias is not None:
                values["moving_mean"] -= keras.ops.convert_to_numpy(before.bias)
            values["moving_variance"] += its_twin.epsilon - layer.epsilon
        for weight in layer.weights:
            value = values[weight.name]
            if value.shape != weight.shape:
                raise InputError(
                    f"{model.name} can't take the weights of {source.name}: in "
                    f"{its_twin.name} they have the shape {value.shape}, not "
                    f"{tuple(weight.shape)}; give those of {twin} for images of the "
                    "same size"
                )
            yield weight, value


# From the name of a layer of the suite to that of its twin's.


def _vgg(name):
    name = re.sub(r"^conv(\d)_(\d)$", r"block\1_conv\2", name)
    return {"fc6": "fc1", "fc7": "fc2", "fc8": "predictions"}.get(name, name)


def _resnet(name):
    if name == "fc":
        return "predictions"
    name = name.replace("shortcut", "0")
    name = re.sub(r"^conv(\d)_(\d+)_(\d)", r"conv\1_block\2_\3", name)
    return name if name.endswith("_bn") else f"{name}_conv"


def _densenet(name):
    if part := re.match(r"dense_block(\d)_(\d+)_(\w+)", name):
        stage, number, layer = part.groups()
        layers = {"bn1": "0_bn", "conv1": "1_conv", "bn2": "1_bn", "conv2": "2_conv"}
        return f"conv{int(stage) + 1}_block{number}_{layers[layer]}"
    if part := re.match(r"transition(\d)_(\w+)", name):
        return f"pool{int(part[1]) + 1}_{part[2]}"
    name = name.replace("stem", "conv1")
    return {"final_bn": "bn", "classifier": "predictions"}.get(name, name)


def _efficientnet(name):
    if part := re.match(r"block(\d)_(\d+)_(\w+)", name):
        stage, number, layer = part.groups()
        layers = {
            "expand": "expand_conv",
            "depthwise": "dwconv",
            "depthwise_bn": "bn",
            "se_squeeze": "se_reduce",
            "se_excite": "se_expand",
            "project": "project_conv",
        }
        letter = chr(ord("a") + int(number) - 1)
        return f"block{int(stage) - 1}{letter}_{layers.get(layer, layer)}"
    layers = {"stem": "stem_conv", "head": "top_conv", "fc": "predictions"}
    return layers.get(name, name.replace("head", "top"))


_NAMES = {
    "VGG": _vgg,
    "ResNet": _resnet,
    "DenseNet": _densenet,
    "EfficientNet": _efficientnet,
}
