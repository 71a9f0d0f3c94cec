"""From two generators between two domains to a SavedModel."""

import os

import keras
import numpy as np
import tensorflow as tf

from kerasapps.data.preprocessing import Preprocessing
from kerasapps.serving.decoding import decode_and_preprocess
from kerasapps.serving.digest import digest
from kerasapps.serving.folding import fold_batch_normalization
from kerasapps.serving.pictures import pictures
from kerasapps.serving.versions import write_version
from kerasapps.serving.warmup import write_warmup_requests


def export_translator(
    networks: dict[str, keras.Model],
    preprocessing: dict[str, Preprocessing],
    export_dir: str,
    dtype: str = "float32",
) -> str:
    """Exports DiscoGAN's generators as one SavedModel.

    Its signatures are `a_to_b`, which is `serving_default` too, and `b_to_a`. Each
    takes `image_bytes`, string `[batch]`: encoded PNG, JPEG, GIF or BMP of any size,
    and returns `pixels`, uint8 `[batch, height, width, channels]`, and `png_bytes`,
    string `[batch]`.

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

    def endpoint(name, network):
        source, _, target = name.partition("_to_")

        def translate(image_bytes):
            images = decode_and_preprocess(image_bytes, preprocessing[source])
            made = tf.cast(network(images), tf.float32)
            return pictures(made, preprocessing[target])

        return translate

    takes = tf.TensorSpec([None], tf.string, "image_bytes")
    example = tf.io.encode_png(np.zeros([32, 32, 3], np.uint8))[tf.newaxis]
    facts = [preprocessing[domain].to_config() for domain in "ab"]
    return _export(networks, endpoint, takes, example, export_dir, dtype, facts)


def export_points(
    networks: dict[str, keras.Model], export_dir: str, dtype: str = "float32"
) -> str:
    """Exports generators between domains of points.

    The signatures are those of `export_translator`, but take `points` and return
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

    def endpoint(_, network):
        return lambda points: {"points": tf.cast(network(points), tf.float32)}

    takes = tf.TensorSpec([None, dimensions], tf.float32, "points")
    example = np.zeros([1, dimensions], np.float32)
    return _export(networks, endpoint, takes, example, export_dir, dtype, [])


def _export(networks, endpoint, takes, example, export_dir, dtype, facts):
    """Exports what `endpoint` makes of each network's name and of the network."""
    archive = keras.export.ExportArchive()
    folded = {
        n: fold_batch_normalization(network, dtype) for n, network in networks.items()
    }
    names = {"serving_default": "a_to_b"} | {name: name for name in folded}
    for signature, name in names.items():
        archive.add_endpoint(signature, endpoint(name, folded[name]), [takes])

    def write(folder):
        archive.write_out(folder, verbose=False)
        name = os.path.basename(os.path.abspath(export_dir))
        requests = {signature: {takes.name: example} for signature in names}
        write_warmup_requests(folder, name, requests)

    return write_version(export_dir, write, digest(folded.values(), *facts, dtype))
