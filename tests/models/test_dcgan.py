"""The networks of Radford et al. 2015."""

import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.models.dcgan import DCGAN, DCGANDiscriminator
from kerasapps.weights.blueprint import blueprint
from tests.checks import parameters, tap

# Of an image size: height and width, and maps, of the generator's first layer.
FIRST = {28: (7, 256), 32: (4, 512), 64: (4, 1024)}
each_size = pytest.mark.parametrize("size", FIRST)

PARAMETERS = {
    28: (2_083_971, 216_193),
    32: (4_926_595, 1_033_729),
    64: (18_855_043, 4_315_649),
}


@each_size
def test_parameters_of_each_layer(size):
    side, maps = FIRST[size]
    # A normalization has two parameters a map; it has the convolution's biases.
    generator = {"project": side * side * 100 * maps, "project_norm": 2 * maps}
    number = 1
    while maps > 128:
        generator[f"conv{number}"] = 5 * 5 * maps * maps // 2
        generator[f"conv{number}_norm"] = maps
        maps //= 2
        number += 1
    generator[f"conv{number}"] = 5 * 5 * 128 * 3 + 3
    assert parameters(blueprint(DCGAN, image_size=size)) == generator
    discriminator = {"conv1": 5 * 5 * 3 * 64 + 64}
    maps = 64
    for layer in range(2, number + 1):
        discriminator[f"conv{layer}"] = 5 * 5 * maps * 2 * maps
        discriminator[f"conv{layer}_norm"] = 4 * maps
        maps *= 2
    discriminator["logit"] = side * side * maps + 1
    assert parameters(blueprint(DCGANDiscriminator, image_size=size)) == discriminator
    totals = sum(generator.values()), sum(discriminator.values())
    assert totals == PARAMETERS[size]


@each_size
def test_maps_are_doubled_and_halved(size):
    side, maps = FIRST[size]
    model = blueprint(DCGAN, image_size=size, channels=1)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["project"] == (side, side, maps)
    number = 1
    while 2 * side < size:
        side, maps = 2 * side, maps // 2
        assert shapes[f"conv{number}"] == (side, side, maps)
        number += 1
    assert maps == 128
    assert shapes[f"conv{number}"] == (size, size, 1)
    model = blueprint(DCGANDiscriminator, image_size=size, channels=1)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    side, maps = size // 2, 64
    for layer in range(1, number + 1):
        assert shapes[f"conv{layer}"] == (side, side, maps)
        side, maps = side // 2, 2 * maps


@each_size
def test_the_guidelines_of_section_3(size):
    generator = blueprint(DCGAN, image_size=size)
    discriminator = blueprint(DCGANDiscriminator, image_size=size)
    convolutions = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    for model in (generator, discriminator):
        weighted = [x for x in model.layers if isinstance(x, convolutions)]
        for layer in model.layers:
            # Strides instead of pooling; no fully connected hidden layers.
            assert "Pooling" not in type(layer).__name__
            assert "Sampling" not in type(layer).__name__
            assert isinstance(layer, keras.layers.Dense) == (layer.name == "logit")
        normalized = {
            layer.name.removesuffix("_norm")
            for layer in model.layers
            if isinstance(layer, BatchNormalization)
        }
        # Not the generator's outputs, nor the discriminator's inputs.
        apart = weighted[-1] if model is generator else weighted[0]
        assert normalized == {layer.name for layer in weighted} - {apart.name}
        assert all(x.strides == (2, 2) for x in weighted if x.name != "project")
        assert all(x.kernel_size == (5, 5) for x in weighted if x.name != "project")
        # And rectifiers everywhere but in the generator's outputs.
        rectified = {
            layer.name.removesuffix("_relu")
            for layer in model.layers
            if layer.name.endswith("_relu")
        }
        outputs = {weighted[-1].name} if model is generator else set()
        assert rectified == {layer.name for layer in weighted} - outputs
    for layer in generator.layers:
        if layer.name.endswith("_relu"):
            assert type(layer) is keras.layers.ReLU
    assert generator.layers[-1].activation is keras.activations.tanh
    for layer in discriminator.layers:
        if layer.name.endswith("_relu"):
            assert isinstance(layer, keras.layers.LeakyReLU)
            assert layer.negative_slope == pytest.approx(0.2)


def test_the_first_layer_is_a_matrix_product():
    model = DCGAN(28, filters=4, latent_size=5)
    z = np.random.default_rng(0).uniform(-1, 1, (3, 5)).astype("float32")
    kernel = model.get_layer("project").get_weights()[0]
    expected = np.einsum("bi,hwoi->bhwo", z, kernel)
    np.testing.assert_allclose(tap(model, "project")(z), expected, atol=1e-6)


def test_images_are_between_minus_1_and_1():
    model = DCGAN(28, filters=4)
    for weight in model.trainable_weights:
        weight.assign(weight * 50)
    z = np.random.default_rng(0).uniform(-1, 1, (3, 100))
    images = np.asarray(model(z))
    assert images.min() < -0.9
    assert images.max() > 0.9
    assert np.abs(images).max() <= 1


def test_weights_start_normal_with_deviation_0_02():
    for model in (DCGAN(28), DCGANDiscriminator(28)):
        for weight in model.trainable_weights:
            if weight.name == "kernel":
                values = np.asarray(weight)
                assert values.std() == pytest.approx(0.02, rel=0.1)
                assert abs(values.mean()) < 0.002
            elif weight.name != "gamma":
                assert not np.any(weight)


def test_batch_normalization_sees_the_batch_in_training():
    model = DCGANDiscriminator(28, filters=4)
    images = np.random.default_rng(0).normal(size=(4, 28, 28, 3)).astype("float32")
    alone = model(images[:2])
    np.testing.assert_allclose(model(images)[:2], alone, rtol=1e-4, atol=1e-6)
    together = model(images, training=True)[:2]
    assert np.abs(together - model(images[:2], training=True)).min() > 1e-5


@pytest.mark.parametrize("make", [DCGAN, DCGANDiscriminator])
def test_other_sizes_are_errors(make):
    with pytest.raises(InputError, match="28, 32 and 64 pixels, not 48"):
        make(48)
