import types

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from kerasapps.models import GAN, ConditionalGAN, PointGAN, StyleGAN
from kerasapps.training.gan import latents

SEED = tf.constant([3, 4])


@pytest.mark.parametrize(
    ("generator", "distribution"),
    [
        (PointGAN(1, 50, 4), scipy.stats.uniform(-1, 2)),
        (ConditionalGAN(2, 1, 47, 1, 1, 1, 1), scipy.stats.uniform(0, 1)),
        (GAN(2, 1, 50, 2), scipy.stats.norm()),
    ],
)
def test_z_is_distributed_as_the_generator_says(generator, distribution):
    z = latents.draw(generator, SEED, 200).numpy()
    assert z.shape == (200, 50)
    assert z.dtype == "float32"
    assert scipy.stats.kstest(z.ravel(), distribution.cdf).pvalue > 0.01
    # Neither z's nor their numbers are alike.
    assert abs(np.corrcoef(z) - np.eye(200)).max() < 0.75
    assert abs(np.corrcoef(z.T) - np.eye(50)).max() < 0.4


def test_the_same_seed_gives_the_same_z():
    generator = PointGAN(1, 3, 4)
    z = latents.draw(generator, SEED, 5)
    np.testing.assert_array_equal(z, latents.draw(generator, SEED, 5))
    for other in ([3, 5], [4, 4]):
        assert (z != latents.draw(generator, tf.constant(other), 5)).numpy().all()


def tiny_stylegan(size=8):
    """All weights are moved from where they start: the noise counts."""
    generator = StyleGAN(size, 1, 8, 2, fmap_base=32, fmap_max=8)
    random = np.random.default_rng(0)
    for weight in generator.trainable_variables:
        weight.assign(weight + random.normal(0, 0.3, weight.shape))
    return generator


@pytest.mark.parametrize(
    ("generate", "make"),
    [
        (latents.generate, lambda: PointGAN(2, 3, 32)),
        (latents.generate_mixed, tiny_stylegan),
    ],
)
def test_a_replica_makes_its_part_of_the_global_batch(generate, make):
    keras.utils.set_random_seed(0)
    generator = make()
    whole = generate(generator, SEED, 8, slice(0, 8), None).numpy()
    part = generate(generator, SEED, 8, slice(2, 5), None)
    np.testing.assert_allclose(part, whole[2:5], rtol=1e-4, atol=1e-5)
    flat = whole.reshape(8, -1)
    assert len(np.unique(flat.round(5), axis=0)) == 8


def test_conditions_go_with_their_z():
    z, condition = keras.Input((3,)), keras.Input((2,))
    joined = keras.layers.Concatenate()([z, condition])
    generator = keras.Model([z, condition], joined)
    generator.latent_size, generator.latent_bounds = 3, None
    conditions = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    made = latents.generate(generator, SEED, 5, slice(3, 5), conditions)
    np.testing.assert_array_equal(made[:, 3:], conditions)
    np.testing.assert_array_equal(made[:, :3], latents.draw(generator, SEED, 5)[3:])


def test_generating_is_in_training():
    z = keras.Input((3,))
    generator = keras.Model(z, keras.layers.BatchNormalization()(z))
    generator.latent_size, generator.latent_bounds = 3, (4.0, 5.0)
    made = latents.generate(generator, SEED, 50, slice(0, 50), None)
    np.testing.assert_allclose(np.mean(made, axis=0), 0, atol=1e-4)


class Synthesis:
    """Keeps what it is given."""

    def __init__(self, synthesis):
        self.input_shape, self.inputs = synthesis.input_shape, synthesis.inputs

    def __call__(self, given, training):
        assert training
        self.styles, *self.noises = (np.asarray(x) for x in given)
        return self.styles


def mix(size, images, seed=SEED):
    """Returns what the synthesis network of a StyleGAN is given."""
    generator = tiny_stylegan(size)
    spy = types.SimpleNamespace(
        mapping=generator.mapping,
        synthesis=Synthesis(generator.synthesis),
        inputs=generator.inputs,
        latent_bounds=None,
    )
    latents.generate_mixed(spy, seed, images, slice(0, images), None)
    return spy.synthesis


def crossovers(styles):
    """Returns where the style changes, as many as layers where it never does."""
    images, layers, _ = styles.shape
    starts = np.full(images, layers)
    for image, style in enumerate(styles):
        changes = np.flatnonzero((style[1:] != style[:-1]).any(axis=-1)) + 1
        assert len(changes) <= 1
        starts[image] = [*changes, layers][0]
    return starts


def test_without_mixing_all_layers_have_one_style(monkeypatch):
    monkeypatch.setattr(latents, "MIXED", 0.0)
    styles = mix(8, 20).styles
    assert styles.shape == (20, 4, 8)
    assert (crossovers(styles) == 4).all()
    assert len(np.unique(styles[:, 0], axis=0)) == 20


def test_mixed_styles_cross_over_anywhere(monkeypatch):
    monkeypatch.setattr(latents, "MIXED", 1.0)
    styles = mix(16, 500).styles
    counts = np.bincount(crossovers(styles), minlength=7)
    # Evenly over the layers 1 to 5 of 0 to 5.
    assert counts.sum() == counts[1:6].sum()
    assert scipy.stats.chisquare(counts[1:6]).pvalue > 0.01
    # All styles are of different z's.
    both = np.concatenate([styles[:, 0], styles[:, -1]])
    assert len(np.unique(both, axis=0)) == 1000


def test_most_images_are_mixed():
    mixed = (crossovers(mix(8, 1000).styles) < 4).mean()
    assert abs(mixed - 0.9) < 4 * np.sqrt(0.9 * 0.1 / 1000)


def test_each_layer_of_each_image_has_noise_of_its_own():
    noises = mix(8, 6).noises
    assert [x.shape for x in noises] == [(6, n, n, 1) for n in (4, 4, 8, 8)]
    flat = np.concatenate([x[:, :4, :4].reshape(6, -1) for x in noises])
    assert abs(np.corrcoef(flat) - np.eye(24)).max() < 0.95
    values = np.concatenate([x.ravel() for x in noises])
    assert scipy.stats.kstest(values, "norm").pvalue > 0.01
    assert len(np.unique(values)) == len(values)
    other = mix(8, 6, SEED + tf.constant([0, 2])).noises
    assert not np.isin(np.concatenate([x.ravel() for x in other]), values).any()
