"""From a trained generator to a SavedModel that makes examples."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.evaluation.gan.truncation import mean_style, truncate
from kerasapps.serving.digest import digest
from kerasapps.serving.folding import fold_batch_normalization
from kerasapps.serving.pictures import pictures
from kerasapps.serving.versions import write_version
from kerasapps.serving.warmup import write_warmup_requests
from kerasapps.training.gan import latents


class Conditions(NamedTuple):
    """What the conditions of a generator mean.

    Attributes:
        names: Names of the classes, or of the attributes.
        mean: Of attributes their mean in the training examples, and
        deviation: their standard deviation: the network takes what is left when both
            are taken out. None where the conditions are classes.
    """

    names: Sequence[str]
    mean: Sequence[float] | None = None
    deviation: Sequence[float] | None = None

    @property
    def are_classes(self) -> bool:
        """Whether each example has one of these names."""
        return self.mean is None

    def encode(self, given: tf.Tensor) -> tf.Tensor:
        """Returns float32 `[batch, names]` as the network takes it.

        Args:
            given: Classes, integer `[batch]`, or attributes, float32 `[batch, names]`
                in their own units.
        """
        if self.are_classes:
            count = len(self.names)
            valid = tf.logical_and(given >= 0, given < count)
            check = tf.debugging.Assert(
                tf.reduce_all(valid), [f"labels are 0 to {count - 1}, not", given]
            )
            with tf.control_dependencies([check] if check is not None else []):
                return tf.one_hot(given, count)
        return (given - tf.constant(self.mean, tf.float32)) / tf.constant(
            self.deviation, tf.float32
        )


def export_generator(
    generator: keras.Model,
    preprocessing: Preprocessing | None,
    export_dir: str,
    conditions: Conditions | None = None,
    dtype: str = "float32",
) -> str:
    """Exports a generator as a SavedModel.

    The signatures:

    - `serving_default` takes `z`, float32 as the generator does, `[batch, latent_size]`
      for most.
    - `sample` takes `seed` and `n`, int32 scalars, and draws n z's: the same from the
      same seed.

    Both return `pixels`, uint8 `[batch, height, width, channels]`, and `png_bytes`,
    string `[batch]`; or where the examples are no images, `points`, float32
    `[batch, dimensions]`.

    A conditional generator's take besides `labels`, int64 `[batch]`, or `attributes`,
    float32 `[batch, attributes]` in their own units; `sample` then makes as many
    examples as there are of these, without `n`. They return besides `class_names` or
    `attribute_names`, string `[batch, names]`, the same for each example: what the
    labels count, or the order of the attributes.

    A StyleGAN has two more, `map`, from `z` to `w`, float32
    `[batch, layers, latent_size]`, the same for each layer, and `synthesize`, from `w`,
    which may differ from layer to layer, `truncation`, a float32 scalar, and `seed`, an
    int32 scalar of the noise, to images. With a truncation of 1, w stays as it is; with
    0 it becomes the mean one. `serving_default` has the noise of seed 0.

    Args:
        generator: A generator of `kerasapps.models`.
        preprocessing: What its training images went through; None for points.
        export_dir: The model's folder, for example "saved_models/dcgan"; it gets the
            next numbered version.
        conditions: What its conditions mean, if it has any.
        dtype: "float32" or "bfloat16": what the network computes in.

    Returns:
        The path of the version's folder; where the same was exported before, of that.

    Raises:
        InputError: If `export_dir` can't be written.
    """
    styled = generator.has_styles
    archive = keras.export.ExportArchive()

    def finished(examples):
        examples = tf.cast(examples, tf.float32)
        if preprocessing is None:
            return {"points": examples}
        answer = pictures(examples, preprocessing)
        if conditions is not None:
            names = tf.constant(conditions.names, tf.string)[tf.newaxis]
            kind = "class_names" if conditions.are_classes else "attribute_names"
            answer[kind] = tf.repeat(names, tf.shape(examples)[0], axis=0)
        return answer

    if styled:
        mapping = fold_batch_normalization(generator.mapping)
        synthesis = fold_batch_normalization(generator.synthesis, dtype)
        networks = [mapping, synthesis]
        layers = generator.synthesis.input_shape[0][1]
        mean = tf.constant(mean_style(generator))

        def synthesize(w, truncation, seed):
            noise = latents.noise_images(generator, _seed(seed, 1), tf.shape(w)[0])
            return finished(synthesis([truncate(w, mean, truncation), *noise]))

        def map_z(z):
            return {"w": tf.repeat(mapping(z)[:, None], layers, axis=1)}

        def make(z, seed=0):
            return synthesize(map_z(z)["w"], 1.0, seed)

    else:
        network = fold_batch_normalization(generator, dtype)
        networks = [network]

        def make(z, seed=0):
            del seed
            return finished(network(z))

    def drawn(seed, size):
        return latents.draw(generator, _seed(seed, 0), size)

    z = tf.TensorSpec(generator.inputs[0].shape, tf.float32, "z")
    seed = tf.TensorSpec([], tf.int32, "seed")
    size = tf.TensorSpec([], tf.int32, "n")
    example = {"z": np.zeros([1, *z.shape[1:]], np.float32)}
    requests = {"serving_default": example, "sample": {"seed": np.int32(0)}}
    if conditions is None:
        archive.add_endpoint("serving_default", make, [z])
        archive.add_endpoint(
            "sample", lambda seed, n: make(drawn(seed, n), seed), [seed, size]
        )
        requests["sample"] |= {"n": np.int32(1)}
    else:
        count = len(conditions.names)
        if conditions.are_classes:
            given = tf.TensorSpec([None], tf.int64, "labels")
            requests_more = {"labels": np.zeros([1], np.int64)}
        else:
            given = tf.TensorSpec([None, count], tf.float32, "attributes")
            requests_more = {"attributes": np.zeros([1, count], np.float32)}
        archive.add_endpoint(
            "serving_default",
            lambda z, given: make([z, conditions.encode(given)]),
            [z, given],
        )
        archive.add_endpoint(
            "sample",
            lambda seed, given: make(
                [drawn(seed, tf.shape(given)[0]), conditions.encode(given)]
            ),
            [seed, given],
        )
        for request in requests.values():
            request |= requests_more
    if styled:
        w = tf.TensorSpec([None, layers, generator.latent_size], tf.float32, "w")
        truncation = tf.TensorSpec([], tf.float32, "truncation")
        archive.add_endpoint("map", map_z, [z])
        archive.add_endpoint("synthesize", synthesize, [w, truncation, seed])
        requests["map"] = example
        requests["synthesize"] = {
            "w": np.zeros([1, *w.shape[1:]], np.float32),
            "truncation": np.float32(1),
            "seed": np.int32(0),
        }

    def write(folder):
        archive.write_out(folder, verbose=False)
        name = os.path.basename(os.path.abspath(export_dir))
        write_warmup_requests(folder, name, requests)

    facts = [preprocessing and preprocessing.to_config(), conditions, dtype]
    return write_version(export_dir, write, digest(networks, *facts))


def _seed(seed, number):
    """Returns int32 `[2]` of a scalar, another for each number."""
    return tf.stack([tf.cast(seed, tf.int32), tf.constant(number, tf.int32)])
