"""From generators between two domains to a SavedModel."""

import functools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.serving.decoding import decode_and_preprocess, preprocess
from kerasapps.serving.digest import digest
from kerasapps.serving.folding import fold_batch_normalization
from kerasapps.serving.pictures import pictures
from kerasapps.serving.versions import write_version
from kerasapps.serving.warmup import write_warmup_requests


def export_image_mapping(
    networks: dict[str, keras.Model],
    preprocessing: dict[str, Preprocessing],
    export_dir: str,
    dtype: str = "float32",
) -> str:
    """Exports DiscoGAN's generators as one SavedModel.

    Its signatures are `a_to_b`, which is `serving_default` too, and `b_to_a`. Each
    takes `image_bytes`, string `[batch]`: encoded PNG, JPEG, GIF or BMP of any size,
    and returns `pixels`, uint8 `[batch, height, width, channels]`, and `png_bytes`,
    string `[batch]`. `a_to_b_pixels` and `b_to_a_pixels` take `pixels` of one size with
    1, 3 or 4 channels instead.

    Args:
        networks: The generators, "a_to_b" and, if there is one, "b_to_a".
        preprocessing: What the training images of "a" and of "b" went through.
        export_dir: The model's folder, for example "saved_models/discogan"; it gets the
            next numbered version.
        dtype: "float32" or "bfloat16": what the networks compute in.

    Returns:
        The path of the version's folder; where the same was exported before, of that.

    Raises:
        InputError: If `export_dir` can't be written.
    """

    def map_images(prepare, name, network, given):
        source, _, target = name.partition("_to_")
        images = network(prepare(given, preprocessing[source]))
        return pictures(tf.cast(images, tf.float32), preprocessing[target])

    image = np.zeros([1, 32, 32, 3], np.uint8)
    inputs = [
        _Input(
            "",
            tf.TensorSpec([None], tf.string, "image_bytes"),
            tf.io.encode_png(image[0])[tf.newaxis],
            functools.partial(map_images, _decode_and_preprocess),
        ),
        _Input(
            "_pixels",
            tf.TensorSpec([None, None, None, None], tf.uint8, "pixels"),
            image,
            functools.partial(map_images, preprocess),
        ),
    ]
    facts = [preprocessing[domain].to_config() for domain in "ab"]
    return _export(networks, inputs, export_dir, dtype, facts)


def export_point_mapping(
    networks: dict[str, keras.Model], export_dir: str, dtype: str = "float32"
) -> str:
    """Exports generators between domains of points.

    The signatures are those of `export_image_mapping`, but take `points` and return
    `points`, float32 `[batch, dimensions]`.

    Args:
        networks: The generators, "a_to_b" and, if there is one, "b_to_a".
        export_dir: The model's folder; it gets the next numbered version.
        dtype: "float32" or "bfloat16": what the networks compute in.

    Returns:
        The path of the version's folder; where the same was exported before, of that.

    Raises:
        InputError: If `export_dir` can't be written.
    """
    dimensions = networks["a_to_b"].input_shape[1]

    def map_points(_, network, points):
        return {"points": tf.cast(network(points), tf.float32)}

    spec = tf.TensorSpec([None, dimensions], tf.float32, "points")
    given = _Input("", spec, np.zeros([1, dimensions], np.float32), map_points)
    return _export(networks, [given], export_dir, dtype, [])


def _decode_and_preprocess(image_bytes, preprocessing):
    return decode_and_preprocess(image_bytes, preprocessing, preprocessing.image_shape)


class _Input(NamedTuple):
    """What signatures take.

    Attributes:
        suffix: What is added to the signatures' names.
        spec: The signatures' input.
        example: One, to warm up with.
        endpoint: From a network's name, the network and the input to the outputs.
    """

    suffix: str
    spec: tf.TensorSpec
    example: Any
    endpoint: Callable


def _export(networks, inputs, export_dir, dtype, facts):
    archive = keras.export.ExportArchive()
    folded = {
        n: fold_batch_normalization(network, dtype) for n, network in networks.items()
    }
    signatures = {"serving_default": ("a_to_b", inputs[0])} | {
        name + given.suffix: (name, given) for name in folded for given in inputs
    }
    for signature, (name, given) in signatures.items():
        function = functools.partial(given.endpoint, name, folded[name])
        archive.add_endpoint(signature, function, [given.spec])

    def write(folder):
        archive.write_out(folder, verbose=False)
        name = os.path.basename(os.path.abspath(export_dir))
        requests = {
            signature: {given.spec.name: given.example}
            for signature, (_, given) in signatures.items()
        }
        write_warmup_requests(folder, name, requests)

    return write_version(export_dir, write, digest(folded.values(), *facts, dtype))
