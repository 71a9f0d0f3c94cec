import itertools

import keras
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from kerasapps.models import LeNet5
from kerasapps.models.lenet import MAPLoss, class_codes

# Table I of the paper: rows are the maps of S2, columns those of C3.
TABLE_I = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""


def numpy_lenet5(images, weights):
    """LeNet-5 in plain NumPy; `weights` by layer, as lists."""

    def squash(a):
        return 1.7159 * np.tanh(a * 2 / 3)

    def convolve(x, kernel, bias):
        windows = sliding_window_view(x, (5, 5), axis=(1, 2))  # b h w c i j
        return np.einsum("bhwcij,ijco->bhwo", windows, kernel) + bias

    def subsample(x, coefficient, bias):
        four = [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
        return squash(sum(four) * coefficient + bias)

    x = squash(convolve(images, *weights["C1"]))
    x = subsample(x, *weights["S2"])
    maps = []
    kernels = iter(np.moveaxis(weights["C3"][0], -1, 0))
    for column, bias in zip(
        np.transpose([list(row) for row in TABLE_I.split()]),
        weights["C3"][1],
        strict=True,
    ):
        total = bias
        for channel in np.flatnonzero(column == "X"):
            kernel = next(kernels)[:, :, None, None]
            total = total + convolve(x[..., channel : channel + 1], kernel, 0)[..., 0]
        maps.append(total)
    assert next(kernels, None) is None
    x = squash(np.stack(maps, axis=-1))
    x = subsample(x, *weights["S4"])
    x = squash(convolve(x, *weights["C5"]))[:, 0, 0]
    x = squash(x @ weights["F6"][0] + weights["F6"][1])
    (codes,) = weights["output"]
    return -np.array([[sum((row - code) ** 2) for code in codes] for row in x])


def test_equals_numpy():
    model = LeNet5()
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(random.normal(0, 0.2, weight.shape))
    images = random.normal(size=(2, 32, 32, 1)).astype("float32")
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    np.testing.assert_allclose(
        model(images), numpy_lenet5(images, weights), rtol=1e-4, atol=1e-4
    )


def test_parameters_of_each_layer():
    model = LeNet5()
    trainable = {
        layer.name: sum(int(np.prod(w.shape)) for w in layer.trainable_weights)
        for layer in model.layers
    }
    assert {name: count for name, count in trainable.items() if count} == {
        "C1": 156,
        "S2": 12,
        "C3": 1_516,
        "S4": 32,
        "C5": 48_120,
        "F6": 10_164,
    }
    assert model.count_params() == 60_000 + 840  # and ten fixed codes of 84


def test_weights_start_within_2_4_over_fan_in():
    model = LeNet5(output="softmax")
    fan_ins = {"C1": 25, "S2": 4, "S4": 4, "C5": 400, "F6": 120, "output": 84}
    for name, fan_in in fan_ins.items():
        weights, biases = model.get_layer(name).get_weights()
        assert 0.5 * 2.4 / fan_in < abs(weights).max() <= 2.4 / fan_in
        assert not biases.any()
    kernels = model.get_layer("C3").get_weights()[0]
    bounds = [2.4 / 25 / n for n in [3] * 6 + [4] * 9 + [6] for _ in range(n)]
    size = abs(kernels).max(axis=(0, 1)) / bounds
    assert size.max() <= 1
    assert size.min() > 0.5


def test_softmax_changes_only_the_output_layer():
    rbf, softmax = LeNet5(), LeNet5(output="softmax")
    dense = 84 * 10 + 10
    assert softmax.count_params() == 60_000 + dense
    shapes = [[w.shape for w in m.trainable_weights] for m in (rbf, softmax)]
    assert shapes[0] == shapes[1][:-2]


def test_codes_are_bits_far_apart():
    for classes in (2, 10, 100):
        codes = class_codes(classes)
        assert codes.shape == (classes, 84)
        assert set(np.unique(codes)) == {-1, 1}
        np.testing.assert_array_equal(codes, class_codes(classes))
        for a, b in itertools.combinations(codes, 2):
            assert np.sum(a != b) >= 12


def test_codes_are_upright_digits():
    one, four, seven = class_codes(10).reshape(10, 12, 7)[[1, 4, 7]] > 0
    assert one[-1, 1:].all()  # the foot of the 1
    assert four[7].all()  # its bar
    assert seven[0].all()
    assert not seven[-1, 3:].any()


@pytest.mark.parametrize("size", [(31, 32), (32, 31), (None, 32)])
def test_too_small(size):
    with pytest.raises(ValueError, match="at least 32x32, not ") as error:
        LeNet5(input_shape=(*size, 1))
    assert "\n" not in str(error.value)


def test_map_loss_by_hand():
    # Penalties 1 and 2, the first right, j = 0.5; and 0 and 3, the second right.
    logits = np.array([[-1.0, -2.0], [0.0, -3.0]])
    first = 1 + np.log(np.exp(-0.5) + np.exp(-1) + np.exp(-2))
    second = 3 + np.log(np.exp(-0.5) + np.exp(0) + np.exp(-3))
    loss = MAPLoss(j=0.5)
    assert float(loss(np.array([0, 1]), logits)) == pytest.approx((first + second) / 2)
    column = loss(np.array([[0], [1]]), logits)
    assert float(column) == pytest.approx((first + second) / 2)
    each = MAPLoss(j=0.5, reduction=None)(np.array([0, 1]), logits)
    np.testing.assert_allclose(each, [first, second], rtol=1e-6)


def test_map_loss_is_finite_for_large_penalties():
    logits = np.array([[-2000.0, -1000.0]])
    # Nothing but the constant competes with the penalty: 2000 - j.
    assert float(MAPLoss(j=1.0)(np.array([0]), logits)) == pytest.approx(1999)


@pytest.mark.parametrize("label", [-1, 2])
def test_map_loss_refuses_a_label_out_of_range(label):
    # On a GPU it gives NaN, as Keras's own cross-entropy does.
    error = pytest.raises(Exception, match=f"Received a label value of {label}")
    with error, keras.device("cpu:0"):
        MAPLoss()(np.array([label]), np.zeros((1, 2)))


def test_map_loss_round_trips():
    loss = keras.losses.deserialize(keras.losses.serialize(MAPLoss(j=3.0)))
    assert isinstance(loss, MAPLoss)
    assert loss.j == 3.0


def test_paper_loss_learns():
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).normal(size=(8, 32, 32, 1))
    labels = np.arange(8)
    model = LeNet5()
    model.compile("adam", model.paper_loss(), metrics=["accuracy"])
    # Forty times the same batch.
    again = np.tile(images, (40, 1, 1, 1)), np.tile(labels, 40)
    model.fit(*again, batch_size=8, shuffle=False, verbose=0)
    assert model.evaluate(images, labels, verbose=0)[1] == 1
    assert LeNet5(output="softmax").paper_loss() is None
