"""Features of images, between whose distributions a Fréchet distance is measured."""

import os
import pathlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier import trained as trained_classifier
from kerasapps.evaluation.gan.frechet import Moments
from kerasapps.layers.dtypes import dtype_policy

_INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"


class Features(NamedTuple):
    """What a network sees in images.

    Attributes:
        name: Name of the network, as in "inception".
        distance_name: What a Fréchet distance of these features is called: "fid" with
            Inception-v3 alone, else "fd_" and the name, of a SavedModel and its output.
        size: Number of features.
        extract: From images, uint8 `[batch, height, width, channels]` with 1, 3 or 4
            channels, to their features, float32 `[batch, size]`. Where it doesn't
            round, floats in 0 to 255 will do as well.
        rounds: Whether it takes whole grey levels only.
    """

    name: str
    distance_name: str
    size: int
    extract: Callable[[np.ndarray], np.ndarray]
    rounds: bool = False

    def moments(self, batches: Iterable[np.ndarray]) -> Moments:
        """Returns the moments of the features of any number of images.

        `features.moments(real).distance(features.moments(generated))` is their Fréchet
        distance; the real images' moments can be kept.

        Args:
            batches: uint8 `[batch, height, width, channels]` each.
        """
        moments = Moments(self.size)
        for images in batches:
            moments.update(self.extract(images))
        return moments


class Classifier(NamedTuple):
    """A trained classifier, to measure generated images with.

    Attributes:
        class_names: Names of the classes.
        features: What its last hidden layer sees.
        predict: From images, as in `Features`, to the probabilities of the classes,
            float32 `[batch, classes]`.
    """

    class_names: tuple[str, ...]
    features: Features
    predict: Callable[[np.ndarray], np.ndarray]


def inception(weights: str = "imagenet") -> Features:
    """Returns the 2,048 features before the last layer of Inception-v3.

    Their distance is the FID of Heusel et al. 2017. Images are resized to 299x299,
    bilinear and, where they get smaller, antialiased. Both this and the weights, those
    of `keras.applications`, differ from the graph of 2015 that the authors used: values
    compare with each other, and only roughly with those of papers.

    Args:
        weights: "imagenet", for what `keras.applications` downloads, or a file of it
            without its top, `.h5` or `.keras`, of which only the arrays are read.

    Raises:
        InputError: If the weights can't be had.
    """
    if weights != "imagenet" and not os.path.isfile(weights):
        raise InputError(f"no file {weights!r} with weights of InceptionV3, no top")
    try:
        with dtype_policy("float32"):
            network = keras.applications.InceptionV3(
                include_top=False,
                weights=weights,
                input_shape=(299, 299, 3),
                pooling="avg",
            )
    except Exception as error:  # Keras raises no more special one.
        reason = " ".join(str(error).split())
        if weights == "imagenet":
            home = os.path.expanduser(os.environ.get("KERAS_HOME", "~/.keras"))
            place = os.path.join(home, "models", _INCEPTION_FILE)
            raise InputError(
                f"the weights of InceptionV3 can't be downloaded ({reason}); put the "
                f"file at {place}, or give the path of one"
            ) from error
        raise InputError(
            f"{weights} holds no weights of InceptionV3 without its top: {reason}"
        ) from error
    preprocessing = Preprocessing((299, 299, 3), 127.5, 127.5)
    return Features("inception", "fid", 2048, _extractor(network, preprocessing))


def classifier(run: str) -> Classifier:
    """Returns what apps.train_classifier has trained.

    The distance of its features isn't FID, and compares only with what the same network
    measured. The features are called "lenet" with LeNet-5, and by the name of the
    network with any other.

    Args:
        run: The run's directory, with `model.keras` and `metrics.json`.

    Raises:
        InputError: If there is no finished run of a classifier.
    """
    with dtype_policy("float32"):
        trained = trained_classifier.load(run, argument="classifier")
        hidden = trained_classifier.last_hidden(trained.network)
    network = trained.network
    name = "lenet" if network.name == "lenet5" else network.name
    logits = _extractor(network, trained.preprocessing)
    return Classifier(
        trained.class_names,
        Features(
            name,
            f"fd_{name}",
            hidden.output_shape[-1],
            _extractor(hidden, trained.preprocessing),
        ),
        lambda images: tf.nn.softmax(logits(images)).numpy(),
    )


def saved_model(path: str) -> Features:
    """Returns the features that a SavedModel computes.

    Its signature takes one array of images: uint8 in 0 to 255, or float in 0 to 1. They
    are resized, and get the channels, where the signature has fixed ones. A SavedModel
    is a program that TensorFlow runs: give one that you trust.

    Args:
        path: The folder, or `folder:signature:output`. Without them it is the
            signature `pixels`, if there is one, else `serving_default`, and its only
            output.

    Returns:
        The features, which have the folder's name; that of the folder above where it is
        a version's number.

    Raises:
        InputError: If there is no SavedModel, or it has no such signature or output.
    """
    folder, signature_name, output = path, None, None
    if not os.path.isdir(path) and path.count(":") >= 2:
        folder, signature_name, output = path.rsplit(":", 2)
    if not tf.saved_model.contains_saved_model(folder):
        raise InputError(f"no SavedModel in {folder!r}; give the folder of one")
    try:
        model = tf.saved_model.load(folder)
    except Exception as error:  # Of any type, down to what a missing op raises.
        reason = " ".join(str(error).split())
        raise InputError(f"the SavedModel {folder!r} can't be loaded: {reason}") from (
            error
        )
    names = sorted(model.signatures)
    if signature_name is None:
        signature_name = "pixels" if "pixels" in names else "serving_default"
    if signature_name not in names:
        raise InputError(
            f"the SavedModel {folder!r} has no signature {signature_name!r}; write one "
            f"of {', '.join(names)} in {folder}:SIGNATURE:OUTPUT"
        )
    signature = model.signatures[signature_name]
    outputs = signature.structured_outputs
    if output is None and len(outputs) == 1:
        (output,) = outputs
    if output not in outputs:
        raise InputError(
            f"signature {signature_name!r} of {folder!r} has the outputs "
            f"{', '.join(sorted(outputs))}; write one in "
            f"{folder}:{signature_name}:OUTPUT"
        )
    features = outputs[output].shape[1:]
    if not features.is_fully_defined():
        raise InputError(
            f"output {output!r} of {folder!r} has no fixed size; features need one"
        )
    inputs = signature.structured_input_signature[1]
    specs = {name: spec for name, spec in inputs.items() if _takes_images(spec)}
    if len(specs) != 1 or len(inputs) != 1:
        raise InputError(
            f"signature {signature_name!r} of {folder!r} doesn't take one array of "
            "uint8 or float images"
        )
    ((argument, spec),) = specs.items()

    def extract(images):
        # Of the model itself, which the signature alone wouldn't keep.
        answer = model.signatures[signature_name](**{argument: _fitted(images, spec)})
        return np.reshape(answer[output], [len(images), -1]).astype(np.float32)

    place = pathlib.Path(folder).resolve()
    name = place.parent.name if place.name.isdecimal() else place.name
    rounds = not spec.dtype.is_floating
    # The output too: another of the same model is another distance.
    return Features(
        name, f"fd_{name}_{output}", features.num_elements(), extract, rounds
    )


def _extractor(network, preprocessing):
    # For batches of any size, lest the last one be traced anew.
    spec = tf.TensorSpec([None, *preprocessing.image_shape])
    call = tf.function(lambda x: network(x, training=False), input_signature=[spec])
    return lambda images: call(preprocessing(images)).numpy()


def _takes_images(spec):
    return spec.shape.rank == 4 and (spec.dtype == tf.uint8 or spec.dtype.is_floating)


def _fitted(images, spec):
    """Returns images of the size, channels and dtype of an input."""
    images = tf.cast(images, tf.float32)
    height, width, channels = spec.shape[1:]
    if channels is not None:
        images = Preprocessing((1, 1, channels)).convert_channels(images)
    if height is not None and width is not None:
        images = tf.image.resize(images, (height, width), antialias=True)
    if spec.dtype == tf.uint8:
        return tf.cast(tf.round(tf.clip_by_value(images, 0, 255)), tf.uint8)
    return tf.cast(images / 255, spec.dtype)
