import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from kerasapps.evaluation.gan import generation
from kerasapps.models import ConditionalGAN, PointGAN, StyleGAN
from kerasapps.training.gan import latents

RANDOM = np.random.default_rng(0)
Z = RANDOM.normal(size=(7, 8)).astype("float32")


def stylegan():
    """All weights are moved from where they start: the noise counts."""
    keras.utils.set_random_seed(0)
    generator = StyleGAN(8, 1, 8, 2, fmap_base=32, fmap_max=8)
    random = np.random.default_rng(0)
    for weight in generator.trainable_variables:
        weight.assign(weight + random.normal(0, 0.3, weight.shape))
    return generator


@pytest.mark.parametrize("batch_size", [1, 3, 7, 64])
def test_batches_are_put_together(batch_size):
    generator = PointGAN(2, 8, 4)
    made = generation.generate(generator, Z, batch_size=batch_size)
    assert made.dtype == "float32"
    np.testing.assert_allclose(made, generator.predict(Z, verbose=0), rtol=1e-5)


def test_conditions_go_with_their_z():
    generator = ConditionalGAN(4, 1, 8, 3, 5, 5, 5)
    # Above zero, as the weights are: no rectifier of the conditions is dead.
    conditions = RANDOM.uniform(0, 1, (7, 3)).astype("float32")
    generator.set_weights(
        [RANDOM.uniform(0, 0.5, w.shape) for w in generator.get_weights()]
    )
    z = RANDOM.uniform(0, 1, (7, 8 + 10 + 5)).astype("float32")
    made = generation.generate(generator, z, conditions, batch_size=3)
    expected = generator([z, conditions], training=False)
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(made[0], generator([z[:1], conditions[1:2]])[0], atol=1e-4)


def test_z_has_the_numbers_that_drop_units():
    generator = ConditionalGAN(4, 1, 8, 3, 5, 5, 5)
    z = generation.draw(generator, 2_000)
    assert z.shape == (2_000, 8 + 10 + 5)
    assert scipy.stats.kstest(z.ravel(), scipy.stats.uniform(0, 1).cdf).pvalue > 0.01


def test_generating_does_not_train():
    z = keras.Input((8,))
    generator = keras.Model(z, keras.layers.BatchNormalization()(z))
    generator.has_styles = False
    before = generator.get_weights()
    made = generation.generate(generator, Z)
    np.testing.assert_allclose(made, Z / np.sqrt(1 + 1e-3), rtol=1e-5)
    for one, other in zip(before, generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_drawn_z_are_those_of_the_seed():
    generator = PointGAN(1, 50, 4)
    z = generation.draw(generator, 100)
    assert (z.shape, z.dtype) == ((100, 50), np.float32)
    np.testing.assert_array_equal(z, generation.draw(generator, 100, seed=0))
    assert (z != generation.draw(generator, 100, seed=1)).all()
    assert scipy.stats.kstest(z.ravel(), scipy.stats.uniform(-1, 2).cdf).pvalue > 0.01


def test_styles_are_w_for_each_layer():
    generator = stylegan()
    w = generation.styles(generator, Z)
    assert w.shape == (7, 4, 8)
    for layer in range(4):
        np.testing.assert_allclose(w[:, layer], generator.mapping(Z), rtol=1e-5)


def test_the_noise_of_an_image_depends_on_seed_and_number_alone():
    generator = stylegan()
    made = generation.generate(generator, Z, batch_size=64)
    w = generation.styles(generator, Z)
    for batch_size in (1, 3, 7):
        again = generation.generate(generator, Z, batch_size=batch_size)
        np.testing.assert_allclose(made, again, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        made, generation.synthesize(generator, w), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        made[:4], generation.synthesize(generator, w[:4]), rtol=1e-4, atol=1e-5
    )
    other = generation.synthesize(generator, w, seed=1)
    assert abs(made - other).max(axis=(1, 2, 3)).min() > 1e-2
    # Of one w, so that images differ by their noise.
    alike = generation.synthesize(generator, np.repeat(w[:1], 5, axis=0), batch_size=2)
    distances = abs(alike[:, None] - alike[None]).max(axis=(2, 3, 4))
    assert (distances > 1e-2).sum() == 5 * 4


def test_only_noisy_layers_have_noise():
    generator = stylegan()
    w = RANDOM.normal(size=(2, 4, 8)).astype("float32")
    sizes = (4, 4, 8, 8)
    none = [np.zeros((2, n, n, 1), "float32") for n in sizes]
    quiet = generation.synthesize(generator, w, noisy_layers=())
    np.testing.assert_allclose(
        quiet, generator.synthesis([w, *none]), rtol=1e-4, atol=1e-5
    )
    drawn = [
        latents.noise_images(generator, tf.constant([3, number]), 1)
        for number in range(2)
    ]
    for layers in ([0], [1, 3], [0, 1, 2, 3]):
        noise = [
            np.concatenate([image[layer] for image in drawn])
            if layer in layers
            else none[layer]
            for layer in range(4)
        ]
        found = generation.synthesize(generator, w, seed=3, noisy_layers=layers)
        np.testing.assert_allclose(
            found, generator.synthesis([w, *noise]), rtol=1e-4, atol=1e-5
        )
        assert abs(found - quiet).max() > 1e-2
    np.testing.assert_array_equal(found, generation.synthesize(generator, w, seed=3))
