"""The networks of Mirza and Osindero 2014 and of Gauthier 2014."""

import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.models.conditional_gan import (
    ConditionalGAN,
    ConditionalGANDiscriminator,
    ConvolutionalConditionalGAN,
    ConvolutionalConditionalGANDiscriminator,
)
from kerasapps.models.dcgan import DCGAN, DCGANDiscriminator
from kerasapps.weights.blueprint import blueprint
from tests.checks import parameters, random_inputs

RANDOM = np.random.default_rng(0)

SMALL = [
    ConditionalGAN(6, condition_size=3),
    ConditionalGANDiscriminator(6, condition_size=3),
    ConvolutionalConditionalGAN(28, 1, condition_size=3, filters=4),
    ConvolutionalConditionalGANDiscriminator(28, 1, condition_size=3, filters=4),
]
each = pytest.mark.parametrize("model", SMALL, ids=lambda model: model.name)


def test_parameters_of_each_layer():
    assert parameters(blueprint(ConditionalGAN)) == {
        "latent": 100 * 200 + 200,
        "conditional": 10 * 1000 + 1000,
        "joint": 1200 * 1200 + 1200,
        "pixels": 1200 * 784 + 784,
    }
    counts = parameters(blueprint(ConditionalGANDiscriminator))
    assert counts == {
        "pixels": 784 * 240 * 5 + 240 * 5,
        "conditional": 10 * 50 * 5 + 50 * 5,
        "joint": (240 + 50) * 240 * 4 + 240 * 4,
        "logit": 240 + 1,
    }
    assert sum(counts.values()) == 1_224_351


def test_the_generator_by_its_formula():
    model = ConditionalGAN(4, 2, 5, 3, latent_units=6, condition_units=7, units=8)
    for weight in model.trainable_weights:
        weight.assign(RANDOM.normal(0, 0.3, weight.shape))
    z, y = RANDOM.uniform(size=(3, 5 + 13 + 8)), RANDOM.normal(size=(3, 3))
    seen, first, second = np.split(z, [5, 5 + 13], axis=1)
    (wz, bz), (wy, by), (wj, bj), (wx, bx) = (
        model.get_layer(name).get_weights()
        for name in ("latent", "conditional", "joint", "pixels")
    )
    hidden = np.maximum(np.concatenate([seen @ wz + bz, y @ wy + by], axis=1), 0)
    # Half of the units are dropped, and the others are twice as large.
    hidden = np.where(first < 0.5, 0, 2 * hidden)
    joint = np.where(second < 0.5, 0, 2 * np.maximum(hidden @ wj + bj, 0))
    expected = (1 / (1 + np.exp(-(joint @ wx + bx)))).reshape(3, 4, 4, 2)
    for training in (False, True):
        made = model([z, y], training=training)
        np.testing.assert_allclose(made, expected, atol=1e-5)


def test_without_dropout_z_is_what_the_first_layer_sees():
    model = ConditionalGAN(4, 2, 5, 3, 6, 7, 8, dropout=0)
    assert model.inputs[0].shape == (None, 5)
    full = ConditionalGAN(4, 2, 5, 3, 6, 7, 8)
    for weight in full.trainable_weights:
        weight.assign(RANDOM.normal(0, 0.3, weight.shape))
    model.set_weights(full.get_weights())
    z, y = RANDOM.uniform(0.5, 1, (3, 26)), RANDOM.normal(size=(3, 3))
    # What is above one half drops nothing: hidden units are then but twice as large.
    for name in ("joint", "pixels"):
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([2 * kernel, bias])
    np.testing.assert_allclose(model([z[:, :5], y]), full([z, y]), atol=1e-5)


def test_the_discriminator_by_its_formula():
    model = ConditionalGANDiscriminator(
        4, 2, 3, image_units=6, condition_units=5, units=7
    )
    for weight in model.trainable_weights:
        weight.assign(RANDOM.normal(0, 0.3, weight.shape))
    x, y = RANDOM.normal(size=(3, 4, 4, 2)), RANDOM.normal(size=(3, 3))
    (wx, bx), (wy, by), (wj, bj), (w, b) = (
        model.get_layer(name).get_weights()
        for name in ("pixels", "conditional", "joint", "logit")
    )
    seen = (x.reshape(3, -1) @ wx + bx).reshape(3, 6, 5).max(axis=-1)
    given = (y @ wy + by).reshape(3, 5, 5).max(axis=-1)
    joint = np.concatenate([seen, given], axis=1) @ wj + bj
    expected = joint.reshape(3, 7, 4).max(axis=-1) @ w + b
    np.testing.assert_allclose(model([x, y]), expected, rtol=1e-4, atol=1e-4)


def test_half_of_the_discriminator_s_hidden_units_are_dropped_in_training():
    model = SMALL[1]
    rates = [x.rate for x in model.layers if isinstance(x, keras.layers.Dropout)]
    assert rates == [0.5, 0.5]
    inputs = random_inputs(model)
    np.testing.assert_array_equal(model(inputs), model(inputs))
    assert np.any(model(inputs, training=True) != model(inputs, training=True))


@each
def test_outputs_depend_on_each_input(model):
    first, second = random_inputs(model)
    outputs = np.asarray(model([first, second]))
    for others in ([first + 1, second], [first, second + 1]):
        differences = np.abs(model(others) - outputs).reshape(3, -1).max(axis=1)
        assert (differences > 0).all()


@pytest.mark.parametrize("model", SMALL[1::2], ids=lambda model: model.name)
def test_discriminators_can_tell_whether_image_and_condition_belong_together(model):
    for weight in model.trainable_weights:
        weight.assign(RANDOM.normal(0, 0.3, weight.shape))
    (x, other_x), (y, other_y) = (
        RANDOM.normal(size=(2, 50, *tensor.shape[1:])) for tensor in model.inputs
    )
    # It would be zero if image and condition each added something to the logit.
    together = (model([x, y]) - model([other_x, y]) - model([x, other_y])) + model(
        [other_x, other_y]
    )
    assert np.abs(together).max() > 1e-3


@pytest.mark.parametrize("size", [28, 32, 64])
def test_convolutional_ones_are_those_of_dcgan_and_conditions(size):
    unconditional = parameters(blueprint(DCGAN, image_size=size, latent_size=104))
    model = blueprint(ConvolutionalConditionalGAN, image_size=size, condition_size=4)
    assert parameters(model) == unconditional
    unconditional = parameters(blueprint(DCGANDiscriminator, image_size=size))
    model = blueprint(
        ConvolutionalConditionalGANDiscriminator, image_size=size, condition_size=4
    )
    # A 5x5 window of four more maps for each of the 64.
    unconditional["conv1"] += 5 * 5 * 4 * 64
    assert parameters(model) == unconditional


def test_convolutional_parameters():
    counts = parameters(blueprint(ConvolutionalConditionalGANDiscriminator))
    # Layers with and without batch normalization's two numbers for each map.
    first, last = (3 + 4) * 25 * 64 + 64, 4 * 4 * 256 + 1
    others = 64 * 25 * 128 + 2 * 128 + 128 * 25 * 256 + 2 * 256
    assert sum(counts.values()) == first + others + last == 1_040_129


def test_each_number_of_the_condition_is_a_map_of_the_image():
    model, image, condition = SMALL[3], *RANDOM.normal(size=(2, 2, 28, 28, 3))
    plain = DCGANDiscriminator(28, 4, filters=4)
    plain.set_weights(model.get_weights())
    image, condition = image[..., :1], condition[:, 0, 0]
    maps = np.broadcast_to(condition[:, None, None], (2, 28, 28, 3))
    np.testing.assert_allclose(
        model([image, condition]), plain(np.concatenate([image, maps], -1)), rtol=1e-5
    )


@pytest.mark.parametrize(
    "model", [ConvolutionalConditionalGAN, ConvolutionalConditionalGANDiscriminator]
)
def test_other_sizes_are_errors(model):
    with pytest.raises(InputError, match="28, 32 and 64 pixels, not 30"):
        model(30)
