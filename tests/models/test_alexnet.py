import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.models import AlexNet, AlexNetCIFAR
from kerasapps.models.alexnet import GroupedConv2D
from kerasapps.weights.blueprint import blueprint

SMALL = {"filters": (4, 6, 8, 4), "units": 8, "num_classes": 3}


def parameters(model):
    counts = {
        layer.name: sum(math.prod(w.shape) for w in layer.trainable_weights)
        for layer in model.layers
    }
    return {name: count for name, count in counts.items() if count}


def test_parameters_of_each_layer(paper_blueprint):
    both = {
        "conv1": 11 * 11 * 3 * 96 + 96,
        "conv3": 3 * 3 * 256 * 384 + 384,
        "fc6": 6 * 6 * 256 * 4096 + 4096,
        "fc7": 4096 * 4096 + 4096,
        "fc8": 4096 * 1000 + 1000,
    }
    assert parameters(paper_blueprint(AlexNet)) == both | {
        "conv2": 5 * 5 * 48 * 256 + 256,
        "conv4": 3 * 3 * 192 * 384 + 384,
        "conv5": 3 * 3 * 192 * 256 + 256,
    }
    ungrouped = parameters(blueprint(AlexNet, groups=1))
    assert ungrouped == both | {
        "conv2": 5 * 5 * 96 * 256 + 256,
        "conv4": 3 * 3 * 384 * 384 + 384,
        "conv5": 3 * 3 * 384 * 256 + 256,
    }
    assert sum(ungrouped.values()) == 62_378_344


def test_maps_are_those_of_figure_2(paper_blueprint):
    model = paper_blueprint(AlexNet)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["conv1"] == shapes["norm1"] == (55, 55, 96)
    assert shapes["pool1"] == (27, 27, 96)
    assert shapes["conv2"] == shapes["norm2"] == (27, 27, 256)
    assert shapes["pool2"] == (13, 13, 256)
    assert shapes["conv3"] == shapes["conv4"] == (13, 13, 384)
    assert shapes["conv5"] == (13, 13, 256)
    assert shapes["pool5"] == (6, 6, 256)
    convolutions = 55**2 * 11**2 * 3 * 96 + 27**2 * 5**2 * 48 * 256
    convolutions += 13**2 * 3**2 * (256 * 384 + 192 * 384 + 192 * 256)
    dense = 9216 * 4096 + 4096 * 4096 + 4096 * 1000
    assert multiply_adds(model) == convolutions + dense == 724_406_816


def test_the_last_kernels_reach_three_zeros_past_the_image():
    model = AlexNet(input_shape=(64, 68, 3), **SMALL)
    conv1 = keras.Model(model.input, model.get_layer("conv1").output)
    image = np.random.default_rng(0).normal(size=(1, 64, 68, 3)).astype("float32")
    padded = np.pad(image, ((0, 0), (0, 3), (0, 3), (0, 0)))
    kernel, bias = model.get_layer("conv1").get_weights()
    expected = tf.nn.relu(tf.nn.conv2d(padded, kernel, 4, "VALID") + bias)
    assert expected.shape == (1, 15, 16, 4)  # ceil((64 - 11) / 4) + 1, and 16
    np.testing.assert_allclose(conv1(image), expected, atol=1e-6)


def gradients(layer, x, direction):
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = tf.reduce_sum(tf.cast(y, "float32") * direction)
    return y, *tape.gradient(loss, [x, layer.kernel.value, layer.bias.value])


@pytest.mark.parametrize(
    ("policy", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 0.03)]
)
def test_grouped_convolution_equals_that_of_keras(policy, tolerance):
    arguments = {"filters": 8, "kernel_size": 3, "strides": 2, "padding": "same"}
    ours = GroupedConv2D(**arguments, groups=2, activation="tanh", dtype=policy)
    theirs = keras.layers.Conv2D(**arguments, groups=2, activation="tanh")
    random = np.random.default_rng(0)
    x = random.normal(size=(2, 7, 6, 4)).astype("float32")
    direction = random.normal(size=(2, 4, 3, 8)).astype("float32")
    ours.build(x.shape)
    theirs.build(x.shape)
    assert ours.kernel.shape == theirs.kernel.shape == (3, 3, 2, 8)
    weights = [random.normal(0, 0.2, w.shape) for w in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    for actual, expected in zip(
        gradients(ours, x, direction), gradients(theirs, x, direction), strict=True
    ):
        error = np.abs(tf.cast(actual, "float32") - expected).max()
        assert error <= tolerance * np.abs(expected).max()


def test_conv3_sees_both_halves_and_the_others_their_own():
    model = AlexNet(input_shape=(64, 64, 3), **SMALL)
    seen = {n: model.get_layer(f"conv{n}").kernel.shape[2] for n in (2, 3, 4)}
    assert seen == {2: 4 // 2, 3: 6, 4: 8 // 2}


def test_weights_start_as_in_section_5():
    arguments = {"filters": (16, 16, 16, 16, 16), "units": 64, "num_classes": 50}
    for activation in ("relu", "tanh"):
        model = AlexNet(input_shape=(64, 64, 3), activation=activation, **arguments)
        for number in (1, 2, 3, 4, 5, 6, 7, 8):
            name = f"conv{number}" if number < 6 else f"fc{number}"
            kernel, bias = model.get_layer(name).get_weights()
            assert kernel.std() == pytest.approx(0.01, rel=0.1), name
            assert abs(kernel.mean()) < 1e-3, name
            ones = activation == "relu" and number not in (1, 3, 8)
            assert (bias == float(ones)).all(), name


def test_other_initializations():
    arguments = {"filters": (16, 16, 16), "units": 64, "input_shape": (64, 64, 3)}
    he = AlexNet(50, initialization="he", **arguments)
    glorot = AlexNet(50, initialization="glorot", **arguments)
    areas = {"conv1": 121, "conv2": 25, "conv3": 9, "fc6": 1, "fc7": 1, "fc8": 1}
    for name, area in areas.items():
        kernel = he.get_layer(name).kernel
        deviation = np.sqrt(2 / (area * kernel.shape[-2]))
        assert np.std(kernel) == pytest.approx(deviation, rel=0.1), name
        kernel = glorot.get_layer(name).kernel
        bound = np.sqrt(6 / (area * sum(kernel.shape[-2:])))
        assert 0.9 * bound < np.abs(kernel).max() <= bound, name


def test_activation():
    image = np.random.default_rng(0).normal(0, 99, (1, 64, 64, 3)).astype("float32")
    for activation in ("relu", "tanh"):
        model = AlexNet(input_shape=(64, 64, 3), activation=activation, **SMALL)
        for name in ("conv1", "conv2", "conv3", "conv4", "fc6", "fc7"):
            layer = model.get_layer(name)
            assert layer.activation is keras.activations.get(activation), name
        lowest = np.min(
            keras.Model(model.input, model.get_layer("conv1").output)(image)
        )
        assert lowest == 0 if activation == "relu" else -1 <= lowest < 0


def test_half_of_the_hidden_units_are_dropped_in_training():
    model = AlexNet(input_shape=(64, 64, 3), filters=(2, 2, 2), units=512)
    for name in ("dropout6", "dropout7"):
        dropped = model.get_layer(name)(np.ones((4, 512), "float32"), training=True)
        share = np.mean(np.asarray(dropped) == 0)
        assert 0.45 < share < 0.55


@pytest.mark.parametrize("size", [(63, 64), (64, 32), (None, 64)])
def test_too_small(size):
    with pytest.raises(InputError, match="at least 64x64, not ") as error:
        AlexNet(input_shape=(*size, 3))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": 5}, "don't fall into 5 groups"),
        ({"filters": (96, 256)}, "at least three"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        AlexNet(**arguments)


def test_scaled():
    model = blueprint(AlexNet, groups=1, activation="tanh", num_classes=7)
    assert blueprint(model.scaled).get_config() == model.get_config()
    larger = blueprint(model.scaled, depth=1.4, width=0.5, resolution=0.5)
    # Of the 3x3 convolutions there are ceil(3 * 1.4) = 5.
    assert larger.get_config() == model.get_config() | {
        "filters": (48, 128, 192, 192, 192, 192, 128),
        "units": 2048,
        "input_shape": (112, 112, 3),
    }
    assert blueprint(model.scaled, depth=0.5).filters == (96, 256, 384, 256)


def test_cifar_parameters_of_each_layer():
    assert parameters(AlexNetCIFAR()) == {
        "conv1": 5 * 5 * 3 * 32 + 32,
        "conv2": 5 * 5 * 32 * 32 + 32,
        "conv3": 5 * 5 * 32 * 64 + 64,
        "fc4": 4 * 4 * 64 * 10 + 10,
    }


def test_cifar_scaled():
    larger = blueprint(blueprint(AlexNetCIFAR).scaled, depth=1.4, width=0.5)
    assert larger.filters == (16, 16, 32, 32, 32)
    assert blueprint(larger.scaled, depth=0.2, resolution=2).get_config() == (
        larger.get_config() | {"filters": (16,), "input_shape": (64, 64, 3)}
    )


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_cifar_learns(activation):
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).normal(size=(10, 8, 8, 3))
    model = AlexNetCIFAR(10, (8, 8, 3), activation, filters=(8, 8))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    for _ in range(40):
        model.train_on_batch(images, np.arange(10))
    assert (np.argmax(model(images), axis=-1) == np.arange(10)).all()


def test_cifar_bad_arguments():
    with pytest.raises(InputError, match="fixed size"):
        AlexNetCIFAR(input_shape=(None, None, 3))
