"""The networks of Kim et al. 2017."""

import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.models.discogan import (
    DiscoGAN,
    DiscoGANDiscriminator,
    ToyDiscoGAN,
    ToyDiscoGANDiscriminator,
)
from kerasapps.weights.blueprint import blueprint
from tests.checks import parameters, tap

RANDOM = np.random.default_rng(0)

# Of four layers; a normalization has two parameters a map.
ENCODER = {
    "conv1": 4 * 4 * 3 * 64,
    "conv2": 4 * 4 * 64 * 128,
    "conv2_norm": 2 * 128,
    "conv3": 4 * 4 * 128 * 256,
    "conv3_norm": 2 * 256,
    "conv4": 4 * 4 * 256 * 512,
    "conv4_norm": 2 * 512,
}
DECODER = {
    "deconv4": 4 * 4 * 512 * 256,
    "deconv4_norm": 2 * 256,
    "deconv3": 4 * 4 * 256 * 128,
    "deconv3_norm": 2 * 128,
    "deconv2": 4 * 4 * 128 * 64,
    "deconv2_norm": 2 * 64,
    "deconv1": 4 * 4 * 64 * 3,
}


def test_parameters_of_each_layer():
    assert parameters(blueprint(DiscoGAN)) == ENCODER | DECODER
    five = parameters(blueprint(DiscoGAN, num_layers=5))
    assert five == ENCODER | DECODER | {
        "conv5": 4 * 4 * 512 * 100,
        "conv5_norm": 2 * 100,
        "deconv5": 4 * 4 * 100 * 512,
        "deconv5_norm": 2 * 512,
    }
    counts = parameters(blueprint(DiscoGANDiscriminator))
    assert counts == ENCODER | {"conv5": 4 * 4 * 512}
    assert sum(counts.values()) == 2_765_568


@pytest.mark.parametrize("num_layers", [4, 5])
@pytest.mark.parametrize("size", [32, 64])
def test_shapes_at_each_stage(size, num_layers):
    model = blueprint(
        DiscoGAN,
        image_size=size,
        channels=1,
        target_channels=2,
        filters=8,
        num_layers=num_layers,
    )
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    for number, maps in ((1, 8), (2, 16), (3, 32), (4, 64)):
        side = size // 2**number
        assert shapes[f"conv{number}"] == (side, side, maps)
        maps = 2 if number == 1 else maps // 2
        assert shapes[f"deconv{number}"] == (2 * side, 2 * side, maps)
    if num_layers == 5:
        assert shapes["conv5"] == (1, 1, 100)
        assert shapes["deconv5"] == (size // 16, size // 16, 64)
    else:
        assert "conv5" not in shapes


def test_leaky_rectifiers_before_and_rectifiers_after_the_innermost_maps():
    model = blueprint(DiscoGAN, num_layers=5)
    for layer in model.layers:
        if layer.name.startswith("conv") and layer.name.endswith("relu"):
            assert isinstance(layer, keras.layers.LeakyReLU)
            assert layer.negative_slope == pytest.approx(0.2)
        elif layer.name.endswith("relu"):
            assert type(layer) is keras.layers.ReLU
    assert model.get_layer("deconv1").activation is keras.activations.sigmoid
    names = [layer.name for layer in model.layers if layer.name.endswith("_relu")]
    assert len(names) == 5 + 4


def test_a_convolution_has_one_row_of_zeros_on_each_side():
    model = DiscoGAN(16, 1, filters=2)
    image = RANDOM.normal(size=(1, 16, 16, 1)).astype("float32")
    maps = np.asarray(tap(model, "conv1")(image))
    kernel = model.get_layer("conv1").get_weights()[0]
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for row in range(8):
        window = padded[0, 2 * row : 2 * row + 4, 6:10]
        np.testing.assert_allclose(
            maps[0, row, 3], np.einsum("hwi,hwio->o", window, kernel), atol=1e-5
        )


def test_weights_start_within_the_root_of_the_fan_in():
    model = DiscoGANDiscriminator(32)
    for number, maps in ((1, 3), (2, 64), (3, 128), (4, 256)):
        kernel = model.get_layer(f"conv{number}").get_weights()[0]
        bound = 1 / np.sqrt(4 * 4 * maps)
        assert 0.99 * bound < np.abs(kernel).max() <= bound


def test_the_inverse_and_the_discriminators():
    model = blueprint(
        DiscoGAN,
        image_size=32,
        channels=3,
        target_channels=1,
        filters=8,
        num_layers=5,
    )
    inverse = blueprint(model.inverse, name="back")
    assert inverse.get_config() == model.get_config() | {
        "channels": 1,
        "target_channels": 3,
        "name": "back",
    }
    assert blueprint(model.discriminator).input.shape == (None, 32, 32, 1)
    other = blueprint(inverse.discriminator, filters=4)
    assert other.input.shape == (None, 32, 32, 3)
    assert other.filters == 4
    toy = ToyDiscoGAN(3, units=8)
    assert toy.inverse().get_config() == toy.get_config()
    assert toy.inverse().get_weights()[0].tolist() != toy.get_weights()[0].tolist()


def test_images_are_between_0_and_1():
    made = DiscoGAN(16, filters=4)(RANDOM.uniform(size=(2, 16, 16, 3)))
    assert np.all((made > 0) & (made < 1))


def test_toy_parameters():
    assert parameters(blueprint(ToyDiscoGAN)) == {
        "fc1": 2 * 128 + 128,
        "fc2": 128 * 128 + 128,
        "converted": 128 * 2 + 2,
    }
    counts = parameters(blueprint(ToyDiscoGANDiscriminator))
    hidden = {f"fc{number}": 128 * 128 + 128 for number in (2, 3, 4)}
    assert counts == {"fc1": 2 * 128 + 128, **hidden, "logit": 128 + 1}
    assert sum(counts.values()) == 50_049


@pytest.mark.parametrize("make", [ToyDiscoGAN, ToyDiscoGANDiscriminator])
def test_toy_networks_have_rectifiers_between_their_layers(make):
    model = make(2, units=6)
    for weight in model.trainable_weights:
        weight.assign(RANDOM.normal(0, 0.5, weight.shape))
    x = expected = RANDOM.normal(size=(4, 2))
    weights = model.get_weights()
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        expected = np.maximum(expected @ kernel + bias, 0)
    expected = expected @ weights[-2] + weights[-1]
    np.testing.assert_allclose(model(x), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DiscoGAN(40), "16, 32, 48, 64 ... pixels, not 40"),
        (lambda: DiscoGANDiscriminator(28), "pixels, not 28"),
        (lambda: DiscoGAN(num_layers=3), "4 or 5 layers, not 3"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)
