import keras
import numpy as np
import tensorflow as tf

from kerasapps.evaluation.gan.truncation import mean_style, truncate
from kerasapps.models import StyleGAN


def test_the_mean_style_is_that_of_other_z_too():
    keras.utils.set_random_seed(0)
    generator = StyleGAN(4, 1, 6, 2, fmap_base=32, fmap_max=8)
    random = np.random.default_rng(1)
    for weight in generator.mapping.trainable_variables:
        # Not at zero, where the mean style would be that of biases alone.
        weight.assign(weight + random.normal(0, 1, weight.shape))
    w = generator.mapping(random.normal(size=(10_000, 6)).astype("float32")).numpy()
    found = mean_style(generator)
    assert (found.shape, found.dtype) == ((6,), np.float32)
    error = w.std(axis=0) * np.sqrt(2 / 10_000)
    assert (abs(found - w.mean(axis=0)) < 4.5 * error).all()
    assert (abs(found) > 10 * error).any()
    np.testing.assert_array_equal(found, mean_style(generator))


def test_truncation_scales_the_deviation_from_the_mean():
    w = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
    mean = tf.constant([1.0, -2.0])
    for psi, expected in (
        (1.0, [[[1, 2], [3, 4]]]),
        (0.5, [[[1, 0], [2, 1]]]),
        (0.0, [[[1, -2], [1, -2]]]),
        (-1.0, [[[1, -6], [-1, -8]]]),
    ):
        np.testing.assert_allclose(truncate(w, mean, psi), expected, rtol=1e-6)
