"""What generators make examples of: random vectors, and styles of them."""

import keras
import tensorflow as tf

# Of images in training, how many have the styles of two z's (StyleGAN, table 2).
MIXED = 0.9


def draw(generator: keras.Model, seed: tf.Tensor, size: int | tf.Tensor) -> tf.Tensor:
    """Returns random z, float32 of the shape of the generator's first input.

    Args:
        generator: A generator of `kerasapps.models`, which says how its z is
            distributed: evenly between `latent_bounds`, or standard normal.
        seed: int32 `[2]`; the same seed gives the same z.
        size: How many.
    """
    shape = [size, *generator.inputs[0].shape[1:]]
    if generator.latent_bounds is None:
        return tf.random.stateless_normal(shape, seed)
    low, high = generator.latent_bounds
    return tf.random.stateless_uniform(shape, seed, low, high)


def generate(
    generator: keras.Model,
    seed: tf.Tensor,
    size: int | tf.Tensor,
    part: slice,
    conditions: tf.Tensor | None,
) -> tf.Tensor:
    """Makes examples as `GANTrainer` asks for them, in training.

    Args:
        generator: The generator.
        seed: int32 `[2]`.
        size: Examples of the global batch.
        part: Which of them are this replica's.
        conditions: Their conditions, float32 `[batch, condition_size]`, or None.

    Returns:
        Examples, `[batch, ...]`.
    """
    z = draw(generator, seed, size)[part]
    given = z if conditions is None else [z, conditions]
    return generator(given, training=True)


def generate_mixed(
    generator: keras.Model,
    seed: tf.Tensor,
    size: int | tf.Tensor,
    part: slice,
    conditions: None = None,
) -> tf.Tensor:
    """The same of a `kerasapps.models.StyleGAN`, with style mixing.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, section 3.1: of most images the first layers, up to a
    random one, have the styles of one z, and the rest those of another.
    """
    del conditions
    seeds = tf.random.experimental.stateless_split(seed, 4)
    layers = generator.synthesis.input_shape[0][1]
    z = [draw(generator, seeds[number], size)[part] for number in (0, 1)]
    first, second = tf.split(generator.mapping(tf.concat(z, 0), training=True), 2)
    mixed = tf.random.stateless_uniform([size], seeds[2])[part] < MIXED
    start = tf.random.stateless_uniform([size], seeds[3], 1, layers, tf.int32)[part]
    start = tf.where(mixed, start, layers)
    late = tf.range(layers)[None] >= start[:, None]
    styles = tf.where(late[..., None], second[:, None], first[:, None])
    noises = [
        noise[part]
        for noise in noise_images(generator, seeds[3] + tf.constant([0, 1]), size)
    ]
    return generator.synthesis([styles, *noises], training=True)


def noise_images(
    generator: keras.Model, seed: tf.Tensor, size: int | tf.Tensor
) -> list[tf.Tensor]:
    """Returns the noise of a StyleGAN's layers, each float32 `[size, side, side, 1]`.

    Args:
        generator: The `kerasapps.models.StyleGAN`.
        seed: int32 `[2]`.
        size: For how many images.
    """
    _, *noises = generator.synthesis.inputs
    seeds = tf.random.experimental.stateless_split(seed, len(noises))
    return [
        tf.random.stateless_normal([size, *noise.shape[1:]], seeds[number])
        for number, noise in enumerate(noises)
    ]
