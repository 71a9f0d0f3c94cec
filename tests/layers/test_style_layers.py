"""The smaller layers of StyleGAN."""

import keras
import numpy as np
import pytest
import scipy.ndimage

from kerasapps.errors import InputError
from kerasapps.layers import (
    AdaptiveInstanceNormalization,
    Blur2D,
    FadeIn,
    LearnedConstant,
    MinibatchStandardDeviation,
    NoiseImage,
    NoiseInjection,
    PixelNormalization,
)


def _random(*shape):
    return np.random.default_rng(0).normal(1, 2, shape).astype("float32")


def test_pixels_are_normalized_to_unit_power():
    x = _random(2, 3, 3, 5)
    expected = x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True))
    np.testing.assert_allclose(PixelNormalization()(x), expected, rtol=1e-5)


def test_adain_gives_the_deviations_and_means_of_the_style():
    layer = AdaptiveInstanceNormalization()
    maps, style = _random(2, 4, 5, 3), _random(2, 6)
    y = keras.ops.convert_to_numpy(layer([maps, style]))
    kernel, _ = map(np.asarray, layer.weights)
    scale, bias = np.split(style @ kernel / np.sqrt(6), 2, axis=1)
    np.testing.assert_allclose(y.mean(axis=(1, 2)), bias, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        y.std(axis=(1, 2)), np.abs(scale + 1), rtol=1e-4, atol=1e-4
    )
    assert layer.multiply_adds([maps.shape, style.shape]) == 6 * 6


def test_adain_takes_its_statistics_in_float32():
    maps = (1000 + _random(2, 8, 8, 3)).astype("float32")
    style = _random(2, 6)
    layer = AdaptiveInstanceNormalization(dtype="mixed_bfloat16")
    y = layer([keras.ops.cast(maps, "bfloat16"), keras.ops.cast(style, "bfloat16")])
    assert y.dtype == "bfloat16"
    assert np.isfinite(np.asarray(keras.ops.cast(y, "float32"))).all()


def test_noise_is_added_by_the_factor_of_each_map():
    layer = NoiseInjection()
    maps, noise = _random(2, 4, 4, 3), _random(2, 4, 4, 1)
    np.testing.assert_array_equal(layer([maps, noise]), maps)
    layer.factors.assign([0, 1, -2])
    expected = maps + noise * np.array([0, 1, -2])
    np.testing.assert_allclose(layer([maps, noise]), expected, rtol=1e-5, atol=1e-6)


def test_noise_is_drawn_anew_for_each_example_and_call():
    layer = NoiseImage(20, 30, seed=1)
    first, second = (np.asarray(layer(np.ones((8, 2)))) for _ in range(2))
    assert first.shape == (8, 20, 30, 1)
    assert abs(first.std() - 1) < 0.05
    assert (first != second).all()
    assert (first[0] != first[1]).all()


def test_the_constant_is_learned_and_the_same_for_all():
    layer = LearnedConstant((4, 4, 3))
    y = layer(np.zeros((5, 7)))
    np.testing.assert_array_equal(y, np.ones((5, 4, 4, 3)))
    assert layer.count_params() == 48


def test_blur_is_the_binomial_filter():
    x = _random(2, 6, 7, 3)
    row = np.array([1, 2, 1]) / 4
    expected = scipy.ndimage.convolve(
        x, np.outer(row, row)[None, :, :, None], mode="constant"
    )
    np.testing.assert_allclose(Blur2D()(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("batch", "size"), [(8, 4), (4, 4), (6, 6), (3, 3)])
def test_the_deviation_over_a_group_is_one_more_map(batch, size):
    x = _random(batch, 3, 3, 5)
    y = keras.ops.convert_to_numpy(MinibatchStandardDeviation(4)(x))
    np.testing.assert_array_equal(y[..., :5], x)
    for i in range(batch):
        first = i // size * size
        group = x[first : first + size]
        np.testing.assert_allclose(
            y[i, ..., 5], group.std(axis=0).mean(), rtol=1e-4, atol=1e-5
        )


def test_an_empty_group_is_an_error():
    with pytest.raises(InputError, match="group"):
        MinibatchStandardDeviation(0)


def test_fading_in_moves_from_the_old_to_the_new():
    layer = FadeIn()
    old, new = _random(2, 4, 4, 1), _random(2, 4, 4, 1) + 3
    np.testing.assert_array_equal(layer([old, new]), old)
    layer.share.assign(0.25)
    np.testing.assert_allclose(
        layer([old, new]), 0.75 * old + 0.25 * new, rtol=1e-5, atol=1e-6
    )
    layer.share.assign(1)
    np.testing.assert_allclose(layer([old, new]), new, rtol=1e-6)
    assert not layer.trainable_weights


@pytest.mark.parametrize(
    "layer",
    [
        AdaptiveInstanceNormalization(epsilon=1e-4),
        LearnedConstant((2, 3)),
        MinibatchStandardDeviation(3),
        NoiseImage(2, 3, seed=4),
        PixelNormalization(epsilon=1e-4),
    ],
)
def test_configuration(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
