import math

import keras
import numpy as np
import pytest

from kerasapps import models
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.models.resnet import ResNet
from kerasapps.weights.blueprint import blueprint
from tests.checks import random_inputs


def parameters(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


@pytest.mark.parametrize(
    ("layers", "millions"),
    [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7), (1202, 19.4)],
)
def test_cifar_networks_of_table_6(layers, millions, paper_blueprint):
    n = (layers - 2) // 6
    convolutions = [
        (3, 16, 1),
        *[(16, 16, 2 * n)],
        *[(16, 32, 1), (32, 32, 2 * n - 1)],
        *[(32, 64, 1), (64, 64, 2 * n - 1)],
    ]
    by_hand = sum(count * (9 * a * b + 2 * b) for a, b, count in convolutions) + 650
    model = paper_blueprint(getattr(models, f"ResNet{layers}"))
    assert parameters(model) == by_hand
    assert f"{by_hand / 1e6:.{2 if millions < 1 else 1}f}" == str(millions)
    weighted = [x for x in model.layers if hasattr(x, "kernel")]
    assert len(weighted) == layers


@pytest.mark.parametrize(
    ("layers", "billions"), [(18, 1.8), (34, 3.6), (50, 3.8), (101, 7.6), (152, 11.3)]
)
def test_operations_of_table_1(layers, billions, paper_blueprint):
    factory = getattr(models, f"ResNet{layers}")
    # The table counts the small ones with the shortcuts A.
    small = layers < 50
    model = blueprint(factory, shortcut="A") if small else paper_blueprint(factory)
    # The table cuts 3.86 to 3.8.
    assert abs(multiply_adds(model) / 1e9 - billions) < 0.06
    weighted = [layer for layer in model.layers if hasattr(layer, "kernel")]
    main = [layer for layer in weighted if "shortcut" not in layer.name]
    assert len(main) == layers


def test_sizes_of_table_1(paper_blueprint):
    model = paper_blueprint(models.ResNet50)
    last = {"conv1": 112, "pool1": 56, "conv2_3": 56, "conv3_4": 28, "conv4_6": 14}
    for name, size in (last | {"conv5_3": 7}).items():
        name = f"{name}_relu" if name.startswith("conv") else name
        assert model.get_layer(name).output.shape[1:3] == (size, size)


def test_shortcut_options_by_their_parameters(paper_blueprint):
    # Option A has none, B projects where the shape changes, C everywhere (table 3).
    count = {s: parameters(blueprint(models.ResNet34, shortcut=s)) for s in "AC"}
    count["B"] = parameters(paper_blueprint(models.ResNet34))
    plain = parameters(paper_blueprint(models.PlainNet34))
    changing = [(64, 128), (128, 256), (256, 512)]
    all_of_them = changing + [(64, 64)] * 3 + [(128, 128)] * 3
    all_of_them += [(256, 256)] * 5 + [(512, 512)] * 2
    assert count["A"] == plain
    assert count["B"] == plain + sum(a * b + 2 * b for a, b in changing)
    assert count["C"] == plain + sum(a * b + 2 * b for a, b in all_of_them)


def test_the_plain_network_is_the_residual_one_without_shortcuts(paper_blueprint):
    plain, residual = (paper_blueprint(m) for m in (models.PlainNet20, models.ResNet20))
    adds = [x for x in residual.layers if isinstance(x, keras.layers.Add)]
    assert len(adds) == 9
    names = {layer.name for layer in residual.layers} - {a.name for a in adds}
    kept = {layer.name for layer in plain.layers}
    assert kept < names | kept
    assert all("shortcut" in x or "pad" in x for x in names ^ kept)


def convolve(x, kernel, stride):
    """A convolution in NumPy, padded alike on all sides."""
    size = kernel.shape[0]
    x = np.pad(x, ((0, 0), *[(size // 2, size // 2)] * 2, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return np.einsum("bhwcij,ijco->bhwo", windows[:, ::stride, ::stride], kernel)


@pytest.mark.parametrize("shortcut", ["A", "B", "C", None])
@pytest.mark.parametrize("bottleneck", [False, True])
def test_equals_numpy(shortcut, bottleneck):
    model = ResNet((1, 2), (4, 6), bottleneck, shortcut, "cifar", 3, (8, 7, 3))
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.uniform(0.2, 1, weight.shape) * random.choice([-1, 1]))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            variance = layer.moving_variance
            variance.assign(random.uniform(0.5, 2, variance.shape))

    def convolution(x, name, stride=1, relu=True):
        x = convolve(x, model.get_layer(name).kernel.numpy(), stride)
        gamma, beta, mean, variance = model.get_layer(f"{name}_bn").get_weights()
        x = gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta
        return np.maximum(x, 0) if relu else x

    image = random_inputs(model)
    x = convolution(image, "conv1")
    for name, stride, width in [("2_1", 1, 4), ("3_1", 2, 6), ("3_2", 1, 6)]:
        name = f"conv{name}"
        y = convolution(x, f"{name}_1", stride)
        y = convolution(y, f"{name}_2", relu=bottleneck)
        if bottleneck:
            y = convolution(y, f"{name}_3", relu=False)
        filters = width * (4 if bottleneck else 1)
        changes = stride > 1 or x.shape[-1] != filters
        if shortcut == "C" or (shortcut == "B" and changes):
            y = y + convolution(x, f"{name}_shortcut", stride, relu=False)
        elif shortcut:
            zeros = ((0, 0), (0, 0), (0, 0), (0, filters - x.shape[-1]))
            y = y + np.pad(x[:, ::stride, ::stride], zeros)
        x = np.maximum(y, 0)
    kernel, bias = model.get_layer("fc").get_weights()
    expected = x.mean(axis=(1, 2)) @ kernel + bias
    actual = model(image).numpy()
    assert abs(actual - expected).max() < 1e-5 * abs(expected).max()


def test_any_size():
    model = ResNet((1,), (4,), False, "A", "cifar", 3, (None, None, 3))
    assert model(np.zeros((2, 9, 5, 3))).shape == (2, 3)


def test_scaled():
    model = blueprint(models.ResNet50, input_shape=(224, 200, 3), num_classes=7)
    scaled = blueprint(model.scaled, depth=1.2, width=1.1, resolution=1.15)
    assert scaled.blocks == (4, 5, 8, 4)
    assert scaled.widths == (72, 144, 280, 560)
    assert scaled.input_shape == (None, 258, 230, 3)
    assert scaled.num_classes == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"blocks": (1, 2)}, "a width for each stage"),
        ({"input_shape": (7, 32, 3)}, "at least 8x8, not 7x32"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ResNet(**arguments)
