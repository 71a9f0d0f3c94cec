"""The truncation trick in W."""

import keras
import numpy as np
import tensorflow as tf

# Of z's that the mean style is taken over.
_SAMPLES = 10_000


def mean_style(generator: keras.Model) -> np.ndarray:
    """Returns the centre of mass of W, E[f(z)], float32 `[latent_size]`.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, appendix B; over 10,000 z's, the same ones each time.

    Args:
        generator: The `kerasapps.models.StyleGAN`.
    """
    random = np.random.default_rng(0)
    z = random.normal(size=(_SAMPLES, generator.latent_size)).astype(np.float32)
    w = generator.mapping(z)
    return keras.ops.convert_to_numpy(w).astype(np.float64).mean(axis=0).astype("f")


def truncate(w: tf.Tensor, mean: tf.Tensor, psi: tf.Tensor) -> tf.Tensor:
    """Returns mean + psi (w - mean).

    Args:
        w: Styles, float32 `[..., latent_size]`.
        mean: The mean style, float32 `[latent_size]`.
        psi: 1 leaves the styles as they are, 0 makes all of them the mean one.
    """
    return mean + psi * (w - mean)
