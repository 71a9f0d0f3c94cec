"""The networks of Goodfellow et al. 2014."""

import keras
import numpy as np
import pytest

from kerasapps.models.gan import (
    GAN,
    ConvolutionalGAN,
    ConvolutionalGANDiscriminator,
    GANDiscriminator,
    PointGAN,
    PointGANDiscriminator,
)
from kerasapps.weights.blueprint import blueprint
from tests.checks import parameters, tap

RANDOM = np.random.default_rng(0)


def moved(model):
    """Moves the weights, so that biases count."""
    for weight in model.trainable_weights:
        weight.assign(RANDOM.normal(0, 0.1, weight.shape))
    return model


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def maxout(x, kernel, bias, pieces):
    return (x @ kernel + bias).reshape(len(x), -1, pieces).max(axis=-1)


def test_parameters_of_each_layer():
    assert parameters(blueprint(GAN)) == {
        "fc1": 100 * 1200 + 1200,
        "fc2": 1200 * 1200 + 1200,
        "fc3": 1200 * 784 + 784,
    }
    counts = parameters(blueprint(GANDiscriminator))
    assert counts == {
        "fc1": 784 * 240 * 5 + 240 * 5,
        "fc2": 240 * 240 * 5 + 240 * 5,
        "logit": 240 + 1,
    }
    assert sum(counts.values()) == 1_231_441


def test_the_generator_by_its_formula():
    model = moved(GAN(4, 2, latent_size=5, units=7))
    z = RANDOM.normal(size=(3, 5)).astype("float32")
    w1, b1, w2, b2, w3, b3 = model.get_weights()
    expected = sigmoid(relu(relu(z @ w1 + b1) @ w2 + b2) @ w3 + b3)
    np.testing.assert_allclose(model(z), expected.reshape(3, 4, 4, 2), atol=1e-6)


def test_the_discriminator_by_its_formula():
    model = moved(GANDiscriminator(4, 2, units=6, pieces=3))
    x = RANDOM.normal(size=(3, 4, 4, 2)).astype("float32")
    w1, b1, w2, b2, w3, b3 = model.get_weights()
    hidden = maxout(maxout(x.reshape(3, -1), w1, b1, 3), w2, b2, 3)
    np.testing.assert_allclose(model(x), hidden @ w3 + b3, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "bound"),
    [
        (GAN, 0.05),
        (GANDiscriminator, 0.005),
        (lambda: ConvolutionalGAN(units=100), 0.05),
        (ConvolutionalGANDiscriminator, 0.005),
    ],
)
def test_weights_start_uniform_in_the_published_ranges(make, bound):
    for weight in make().weights:
        if weight.name == "kernel":
            kernel = np.asarray(weight)
            assert 0.9 * bound < np.abs(kernel).max() <= bound
            if kernel.size > 1000:
                assert kernel.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)
        elif weight.name == "bias":
            assert not np.any(weight)


@pytest.mark.parametrize("model", [GANDiscriminator, ConvolutionalGANDiscriminator])
def test_a_fifth_of_the_pixels_and_half_of_the_units_are_dropped(model):
    model = blueprint(model)
    rates = [
        layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)
    ]
    # Before each layer with weights.
    assert rates == [0.2] + [0.5] * (len(parameters(model)) - 1)


def test_dropout_is_for_training():
    model = moved(GANDiscriminator(6))
    x = RANDOM.normal(size=(4, 6, 6, 1))
    np.testing.assert_array_equal(model(x), model(x))
    assert np.all(model(x, training=True) != model(x, training=True))


def test_convolutional_parameters_and_shapes():
    model = blueprint(ConvolutionalGAN)
    assert parameters(model) == {
        "fc1": 100 * 8000 + 8000,
        "fc2": 8000 * 8000 + 8000,
        "conv3": 5 * 5 * 80 * 3,
        "conv3_bias": 32 * 32 * 3,
    }
    assert model.get_layer("maps").output.shape == (None, 10, 10, 80)
    assert model.output.shape == (None, 32, 32, 3)
    model = blueprint(ConvolutionalGANDiscriminator)
    counts = parameters(model)
    assert counts == {
        "conv1": 8 * 8 * 3 * 32 * 2 + 32 * 2,
        "conv2": 8 * 8 * 32 * 32 * 2 + 32 * 2,
        "conv3": 5 * 5 * 32 * 192 * 2 + 192 * 2,
        "fc4": 5 * 5 * 192 * 500 * 5 + 500 * 5,
        "logit": 500 + 1,
    }
    assert sum(counts.values()) == 12_454_073
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    # ceil((33 - 4) / 2) + 1 = 16, ceil((15 - 4) / 2) + 1 = 7, ceil((9 - 2) / 2) + 1 = 5
    assert shapes["conv1"] == (33, 33, 64)
    assert shapes["conv1_pool"] == (16, 16, 32)
    assert shapes["conv2"] == (15, 15, 64)
    assert shapes["conv2_pool"] == (7, 7, 32)
    assert shapes["conv3"] == (9, 9, 384)
    assert shapes["conv3_pool"] == (5, 5, 192)


def test_the_convolutional_generator_by_its_formula():
    model = moved(ConvolutionalGAN(2, latent_size=4, units=5, filters=3))
    z = RANDOM.normal(size=(2, 4)).astype("float32")
    w1, b1, w2, b2, kernel, bias = model.get_weights()
    maps = sigmoid(relu(z @ w1 + b1) @ w2 + b2).reshape(2, 10, 10, 3)
    expected = np.tile(bias, (2, 1, 1, 1)).astype("float64")
    for row in range(10):
        for column in range(10):
            # Each position adds its multiples of the kernel, three pixels apart.
            expected[:, 3 * row : 3 * row + 5, 3 * column : 3 * column + 5] += (
                np.einsum("bi,hwoi->bhwo", maps[:, row, column], kernel)
            )
    np.testing.assert_allclose(model(z), expected, atol=1e-5)


def test_the_last_pooling_window_reaches_over_the_border():
    model = moved(ConvolutionalGANDiscriminator(1, filters=(2, 2, 2), units=3))
    # All sums are below the zeros that a border might have.
    bias = model.get_layer("conv1").bias
    bias.assign(0 * bias - 10)
    image = RANDOM.normal(size=(2, 32, 32, 1)).astype("float32")
    convolved = np.asarray(tap(model, "conv1")(image))
    pooled = np.asarray(tap(model, "conv1_pool")(image))
    pieces = convolved.reshape(2, 33, 33, 2, 2).max(axis=-1)
    for row in range(16):
        for column in range(16):
            window = pieces[:, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
            np.testing.assert_array_equal(
                pooled[:, row, column], window.max(axis=(1, 2))
            )


def test_points():
    assert parameters(blueprint(PointGAN)) == {
        "fc1": 128 + 128,
        "fc2": 128 * 128 + 128,
        "point": 128 + 1,
    }
    # The ring of eight Gaussians.
    ring = blueprint(PointGAN, dimensions=2, latent_size=256)
    assert parameters(ring) == {
        "fc1": 256 * 128 + 128,
        "fc2": 128 * 128 + 128,
        "point": 128 * 2 + 2,
    }
    model = moved(PointGANDiscriminator(2, units=5))
    x = RANDOM.normal(size=(3, 2)).astype("float32")
    w1, b1, w2, b2 = model.get_weights()
    assert [w.shape for w in (w1, w2)] == [(2, 5), (5, 1)]
    np.testing.assert_allclose(model(x), relu(x / 4 @ w1 + b1) @ w2 + b2, atol=1e-6)


def test_weights_of_points_start_orthogonal():
    for model in (PointGAN(2, 256), PointGANDiscriminator(2)):
        for weight in model.get_weights()[::2]:
            rows = weight if weight.shape[0] < weight.shape[1] else weight.T
            np.testing.assert_allclose(
                rows @ rows.T, 0.8**2 * np.eye(len(rows)), atol=1e-5
            )
