"""What a trained generator makes."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from kerasapps.training.gan import latents


def generate(
    generator: keras.Model,
    z: np.ndarray,
    conditions: np.ndarray | None = None,
    seed: int = 0,
    batch_size: int = 64,
) -> np.ndarray:
    """Returns examples, float32 `[number, ...]`.

    Args:
        generator: A generator of `kerasapps.models`.
        z: float32 of the shape that the generator takes, `[number, ...]`.
        conditions: float32 `[number, condition_size]`, if it takes them.
        seed: Seed of the noise in StyleGAN's layers.
        batch_size: Examples at a time.
    """
    if generator.has_styles:
        return synthesize(generator, styles(generator, z), seed, batch_size=batch_size)

    given = [z] if conditions is None else [z, conditions]
    return _in_batches(lambda *batch: _make(generator, batch), given, batch_size)


def styles(generator: keras.Model, z: np.ndarray) -> np.ndarray:
    """Returns a StyleGAN's w, float32 `[number, layers, latent_size]`.

    Args:
        generator: The `kerasapps.models.StyleGAN`.
        z: float32 `[number, latent_size]`.
    """
    w = keras.ops.convert_to_numpy(generator.mapping(z))
    return np.repeat(w[:, None], generator.synthesis.input_shape[0][1], axis=1)


def synthesize(
    generator: keras.Model,
    w: np.ndarray,
    seed: int = 0,
    noisy_layers: Sequence[int] | None = None,
    batch_size: int = 64,
) -> np.ndarray:
    """Returns a StyleGAN's images, float32 `[number, height, width, channels]`.

    Args:
        generator: The `kerasapps.models.StyleGAN`.
        w: float32 `[number, layers, latent_size]`; it may differ from layer to layer.
        seed: Seed of the noise, which is another one for each image.
        noisy_layers: Layers that get noise, counted from 0; None for all.
        batch_size: Images at a time.
    """
    layers = w.shape[1]
    noisy = range(layers) if noisy_layers is None else noisy_layers
    shares = tf.constant([float(layer in noisy) for layer in range(layers)])
    seed = tf.constant(seed)
    return _in_batches(
        lambda w, numbers: _synthesize(generator, w, numbers, seed, shares),
        [w, np.arange(len(w), dtype=np.int32)],
        batch_size,
    )


def draw(generator: keras.Model, number: int, seed: int = 0) -> np.ndarray:
    """Returns random z, float32 of the shape that the generator takes.

    Args:
        generator: A generator of `kerasapps.models`.
        number: How many.
        seed: The same seed gives the same z.
    """
    return latents.draw(generator, tf.constant([seed, 0]), number).numpy()


# Of the module, so that each network is traced but once.
@tf.function(reduce_retracing=True)
def _make(generator, given):
    return generator(given[0] if len(given) == 1 else list(given))


@tf.function(reduce_retracing=True)
def _synthesize(generator, w, numbers, seed, shares):
    def noise_of(number):
        images = latents.noise_images(generator, tf.stack([seed, number]), size=1)
        return [image[0] for image in images]

    # One by one: the noise of an image depends on its number alone.
    signature = [tf.float32] * w.shape[1]
    noise = tf.map_fn(noise_of, numbers, fn_output_signature=signature)
    noise = [image * shares[layer] for layer, image in enumerate(noise)]
    return generator.synthesis([w, *noise])


def _in_batches(make, given, batch_size):
    made = [
        np.asarray(make(*(tf.constant(x[first : first + batch_size]) for x in given)))
        for first in range(0, len(given[0]), batch_size)
    ]
    return np.concatenate(made)
