"""From a trained image classifier to a SavedModel that takes images as they come."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kerasapps.data.images.dataset import MAX_PIXELS
from kerasapps.errors import InputError
from kerasapps.serving import decoding
from kerasapps.serving.digest import digest
from kerasapps.serving.folding import fold_batch_normalization
from kerasapps.serving.versions import newest_version, write_version
from kerasapps.serving.warmup import write_warmup_requests

_CLASS_NAMES = Path("assets.extra", "class_names.json")


def check_class_names(export_dir: str, class_names: Sequence[str]) -> None:
    """Checks that a model's next version has the classes of its newest one.

    Whoever asks a server for a model gets its newest version. Meant to be called before
    a training whose export would otherwise be refused.

    Args:
        export_dir: The model's folder, for example "saved_models/lenet".
        class_names: Names of the classes, in the order of the logits.

    Raises:
        InputError: If the newest version has other classes. What it has isn't known
            where it is damaged, or no classifier.
    """
    version = newest_version(export_dir)
    before = _class_names_of(version) if version else None
    if before is None or before == list(class_names):
        return
    pairs = zip(before, class_names, strict=False)
    differs = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if differs:
        difference = f"{differs[0]!r} where this model has {differs[1]!r}"
    else:
        difference = f"{len(before)} where this model has {len(class_names)}"
    raise InputError(
        f"the newest version in {str(export_dir)!r} is of other classes: {difference}; "
        "export to another folder",
        argument="export_dir",
    )


def _class_names_of(version):
    """Returns the names of a version's classes; None where they aren't to be had."""
    try:
        names = json.loads((version / _CLASS_NAMES).read_text(encoding="utf-8"))
        return names if isinstance(names, list) else None
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError):
        return None
    # Versions that were exported before the names were written beside them.
    try:
        loaded = tf.saved_model.load(str(version))
        answer = loaded.signatures["pixels"](pixels=tf.zeros([1, 8, 8, 3], tf.uint8))
        return [name.decode() for name in answer["class_names"][0].numpy()]
    except (OSError, tf.errors.OpError, ValueError, TypeError, KeyError):
        return None


def export_classifier(
    model: keras.Model,
    preprocess: Callable[[tf.Tensor], tf.Tensor],
    class_names: Sequence[str],
    export_dir: str,
    dtype: str = "float32",
    max_pixels: int = MAX_PIXELS,
) -> str:
    """Exports a classifier, its preprocessing and its class names as one SavedModel.

    The signatures, in all of which the batch is free:

    - `serving_default` takes `image_bytes`, string [batch]: encoded images as
      `decoding.decode` takes them, each of its own size.
    - `pixels` takes `pixels`, uint8 [batch, height, width, channels] with 1, 3 or 4
      channels (grey, RGB, RGBA), of any size.

    Alpha is dropped. Batch normalization is folded into the layers before it, see
    `fold_batch_normalization`. Both return, in the order of the classes:

    - `class_names`, string [batch, classes], the same for each image,
    - `probabilities`, float32 [batch, classes],
    - `logits`, float32 [batch, classes].

    Args:
        model: Takes float32 [batch, height, width, channels] of one fixed size,
            returns logits [batch, classes].
        preprocess: Takes uint8 [batch, height, width, channels] of any size with 1
            (grey) or 3 (RGB) channels, returns what `model` takes. Of core TensorFlow
            ops alone, without variables.
        class_names: Names of the classes, in the order of the logits.
        export_dir: The model's folder, for example "saved_models/lenet": its name is
            the name to serve under, and it gets the next numbered version.
        dtype: "float32" or "bfloat16": what the network computes in, whatever it was
            trained in. A model that can't be folded keeps its own.
        max_pixels: Height times width at most of an encoded image. A larger one gets an
            error before it is decoded.

    Returns:
        The path of the version's folder; where the same was exported before, of that.

    Raises:
        InputError: If `export_dir` can't be written, or its newest version has other
            classes.
    """
    check_class_names(export_dir, class_names)
    model_name = os.path.basename(os.path.abspath(export_dir))
    network = fold_batch_normalization(model, dtype)

    def classify(images):
        logits = tf.cast(network(images, training=False), tf.float32)
        names = tf.constant(class_names, tf.string)[tf.newaxis]
        return {
            "class_names": tf.tile(names, [tf.shape(logits)[0], 1]),
            "probabilities": tf.nn.softmax(logits),
            "logits": logits,
        }

    def classify_encoded(image_bytes):
        shape = model.input_shape[1:]
        return classify(
            decoding.decode_and_preprocess(image_bytes, preprocess, shape, max_pixels)
        )

    def classify_pixels(pixels):
        return classify(decoding.preprocess(pixels, preprocess))

    # It finds the variables by itself; tracked as well, they would be written twice.
    archive = keras.export.ExportArchive()
    archive.add_endpoint(
        "serving_default",
        classify_encoded,
        [tf.TensorSpec([None], tf.string, "image_bytes")],
    )
    archive.add_endpoint(
        "pixels",
        classify_pixels,
        [tf.TensorSpec([None, None, None, None], tf.uint8, "pixels")],
    )

    image = np.zeros([32, 32, 3], np.uint8)
    warmup_requests = {
        "serving_default": {"image_bytes": tf.io.encode_png(image)[tf.newaxis]},
        "pixels": {"pixels": image[np.newaxis]},
    }

    def write(folder):
        archive.write_out(folder, verbose=False)
        write_warmup_requests(folder, model_name, warmup_requests)
        names = json.dumps(list(class_names))
        Path(folder, _CLASS_NAMES).write_text(names, encoding="utf-8")

    # What preprocessing does shows in what it makes of an image.
    probe = np.random.default_rng(0).integers(0, 256, [1, 40, 50, 3], np.uint8)
    preprocessed = keras.ops.convert_to_numpy(preprocess(probe))
    facts = [[dtype, str(max_pixels), *class_names], preprocessed]
    return write_version(export_dir, write, digest([model], *facts))
