import keras
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from kerasapps import models
from kerasapps.errors import InputError
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.models.vgg import VGG
from kerasapps.weights.blueprint import blueprint

# Table 1, a row a stage: the sizes of the kernels.
TABLE_1 = {
    "VGGA": "3 3 33 33 33",
    "VGGALRN": "3 3 33 33 33",
    "VGGB": "33 33 33 33 33",
    "VGGC": "33 33 331 331 331",
    "VGGD": "33 33 333 333 333",
    "VGGE": "33 33 3333 3333 3333",
}
SMALL = {"widths": (4, 6, 8), "units": 8, "num_classes": 3, "input_shape": (16, 16, 3)}


@pytest.mark.parametrize("name", TABLE_1)
def test_layers_are_those_of_table_1(name, paper_blueprint):
    model = paper_blueprint(getattr(models, name))
    layers = {layer.name: layer for layer in model.layers}
    channels, size = 3, 224
    for stage, (kernels, width) in enumerate(
        zip(TABLE_1[name].split(), (64, 128, 256, 512, 512), strict=True), start=1
    ):
        for number, kernel in enumerate(map(int, kernels), start=1):
            layer = layers.pop(f"conv{stage}_{number}")
            assert layer.kernel.shape == (kernel, kernel, channels, width)
            assert layer.output.shape == (None, size, size, width)
            assert layer.activation is keras.activations.relu
            channels = width
        size //= 2
        pooled = layers.pop(f"pool{stage}").output.shape
        assert pooled == (None, size, size, width)
    dense = [layers.pop(name).kernel.shape for name in ("fc6", "fc7", "fc8")]
    assert dense == [(7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)]
    others = {"image", "flatten", "dropout6", "dropout7"}
    assert set(layers) == others | ({"norm1_1"} if name == "VGGALRN" else set())


def test_multiply_adds_by_hand(paper_blueprint):
    stages = 224**2 * (3 * 64 + 64**2)
    stages += 112**2 * (64 * 128 + 128**2)
    stages += 56**2 * (128 * 256 + 2 * 256**2)
    stages += 28**2 * (256 * 512 + 2 * 512**2)
    stages += 14**2 * 3 * 512**2
    dense = 25_088 * 4096 + 4096**2 + 4096 * 1000
    assert multiply_adds(paper_blueprint(models.VGGD)) == 9 * stages + dense
    assert 9 * stages + dense == 15_470_264_320


def test_equals_numpy():
    model = VGG((1, 1, 3), **SMALL | {"input_shape": (16, 9, 3)}, pointwise=True)
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.normal(0, 0.3, weight.shape))
    images = random.normal(size=(2, 16, 9, 3)).astype("float32")
    weights = {layer.name: layer.get_weights() for layer in model.layers}

    x = images
    for name in ("conv1_1", "conv2_1", "conv3_1", "conv3_2", "conv3_3"):
        kernel, bias = weights[name]
        size = len(kernel)
        edge = (size // 2, size // 2)
        padded = np.pad(x, ((0, 0), edge, edge, (0, 0)))
        windows = sliding_window_view(padded, (size, size), axis=(1, 2))
        x = np.einsum("bhwcij,ijco->bhwo", windows, kernel) + bias
        x = np.maximum(x, 0)
        if name in ("conv1_1", "conv2_1", "conv3_3"):  # an odd last column is left out
            height, width = (n // 2 * 2 for n in x.shape[1:3])
            four = [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]
            x = np.max(four, axis=0)
    assert x.shape == (2, 2, 1, 8)
    x = x.reshape(2, -1)
    for name in ("fc6", "fc7"):
        x = np.maximum(x @ weights[name][0] + weights[name][1], 0)
    expected = x @ weights["fc8"][0] + weights["fc8"][1]
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(model(images), expected, rtol=1e-4, atol=1e-4)


def test_weights_start():
    arguments = SMALL | {"convolutions": (1, 1, 2), "widths": (32, 32, 64), "units": 64}
    for initialization in ("he", "glorot", "normal"):
        model = VGG(**arguments, initialization=initialization)
        for name in ("conv1_1", "conv2_1", "conv3_1", "conv3_2", "fc6", "fc7", "fc8"):
            kernel, bias = model.get_layer(name).get_weights()
            assert not bias.any()
            if initialization == "normal":
                assert kernel.std() == pytest.approx(0.01, rel=0.15), name
                continue
            area = 9 if name.startswith("conv") else 1
            if initialization == "he":
                deviation = np.sqrt(2 / (area * kernel.shape[-2]))
                assert kernel.std() == pytest.approx(deviation, rel=0.15), name
                continue
            bound = np.sqrt(6 / (area * sum(kernel.shape[-2:])))
            assert 0.9 * bound < np.abs(kernel).max() <= bound, name


def test_the_normalization_follows_the_first_convolution():
    keras.utils.set_random_seed(0)
    plain = VGG((1, 1, 2), **SMALL)
    normalized = VGG((1, 1, 2), normalized=True, **SMALL)
    normalized.set_weights(plain.get_weights())
    images = np.random.default_rng(0).normal(0, 99, (2, 16, 16, 3)).astype("float32")
    taps = [
        np.asarray(keras.Model(m.input, m.get_layer("pool1").output)(images))
        for m in (plain, normalized)
    ]
    a = np.asarray(keras.Model(plain.input, plain.get_layer("conv1_1").output)(images))
    # Of four maps, all are neighbours but the two outer ones.
    squares = a**2
    sums = squares.sum(axis=-1, keepdims=True) - squares[..., ::-1] * [1, 0, 0, 1]
    b = a / (2 + 1e-4 * sums) ** 0.75
    b = b.reshape(2, 8, 2, 8, 2, 4).max(axis=(2, 4))
    np.testing.assert_allclose(taps[1], b, rtol=1e-5)
    assert np.abs(taps[0] - b).max() > 1


def assert_taken(model, source, taken):
    """Asserts that `model` starts from the layers `taken` of the source only."""
    for weight in source.weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.start_from(source)
    for layer in model.layers:
        expected = before[layer.name]
        if layer.name in taken:
            expected = source.get_layer(layer.name).get_weights()
        for actual, value in zip(layer.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(actual, value)


def test_starts_from_a():
    arguments = SMALL | {"widths": (4, 6, 8, 8)}
    a, d = VGG((1, 1, 2, 2), **arguments), VGG((2, 2, 3, 3), **arguments)
    taken = {"conv1_1", "conv2_1", "conv3_1", "conv3_2", "fc6", "fc7", "fc8"}
    assert_taken(d, a, taken)


def test_starts_from_its_own_configuration_for_other_classes():
    source = VGG((1, 1, 3), **SMALL)
    model = VGG((1, 1, 3), **SMALL | {"num_classes": 4})
    taken = {"conv1_1", "conv2_1", "conv3_1", "conv3_2", "conv3_3", "fc6", "fc7"}
    assert_taken(model, source, taken)


@pytest.mark.parametrize(
    ("change", "layer"),
    [
        ({"widths": (4, 6, 10)}, "conv3_1"),
        ({"units": 9}, "fc6"),
        ({"convolutions": (1, 1, 1)}, "conv3_2"),
    ],
)
def test_does_not_start_from_what_does_not_fit(change, layer):
    source = VGG(**({"convolutions": (1, 1, 2), "name": "source"} | SMALL | change))
    model = VGG((2, 2, 3), **SMALL, name="model")
    before = model.get_weights()
    with pytest.raises(InputError, match=f"from source: .* layers {layer} "):
        model.start_from(source)
    for actual, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(actual, expected)
    with pytest.raises(InputError, match="another VGG, not from lenet5"):
        model.start_from(models.LeNet5())


def test_scaled():
    model = blueprint(VGG, convolutions=(1, 2, 3), **SMALL)
    assert blueprint(model.scaled).get_config() == model.get_config()
    larger = blueprint(model.scaled, depth=1.5, width=4.0, resolution=2.5)
    assert larger.get_config() == model.get_config() | {
        "convolutions": (2, 3, 5),
        "widths": (16, 24, 32),
        "units": 32,
        "input_shape": (40, 40, 3),
    }


@pytest.mark.parametrize("size", [(31, 32), (32, 31), (None, None)])
def test_too_small(size):
    with pytest.raises(InputError, match="at least 32x32, not ") as error:
        models.VGGA(input_shape=(*size, 3))
    assert "\n" not in str(error.value)


def test_bad_arguments():
    with pytest.raises(InputError, match="a width for each stage"):
        VGG(convolutions=(1, 1))
