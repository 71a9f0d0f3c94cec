import functools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.models import GoogLeNet
from kerasapps.weights.blueprint import blueprint
from tests.checks import two_replicas

# Table 1: the output's size and channels, the parameters in K and the operations in M.
TABLE_1 = {
    "conv1": ((112, 112, 64), 2.7, 34),
    "pool1": ((56, 56, 64), None, None),
    "conv2": ((56, 56, 192), 112, 360),
    "pool2": ((28, 28, 192), None, None),
    "inception_3a": ((28, 28, 256), 159, 128),
    "inception_3b": ((28, 28, 480), 380, 304),
    "pool3": ((14, 14, 480), None, None),
    "inception_4a": ((14, 14, 512), 364, 73),
    "inception_4b": ((14, 14, 512), 437, 88),
    "inception_4c": ((14, 14, 512), 463, 100),
    "inception_4d": ((14, 14, 528), 580, 119),
    "inception_4e": ((14, 14, 832), 840, 170),
    "pool4": ((7, 7, 832), None, None),
    "inception_5a": ((7, 7, 832), 1072, 54),
    "inception_5b": ((7, 7, 1024), 1388, 71),
    "pool5": ((1024,), None, None),
    "dropout": ((1024,), None, None),
    "classifier": ((1000,), 1000, 1),
}

# The weights of each row without biases, by its other columns:
# inputs * (1x1 + 3x3 reduce + 5x5 reduce + projection)
# + 3x3 reduce * 3x3 * 9 + 5x5 reduce * 5x5 * 25.
WEIGHTS = {
    "conv1": 7 * 7 * 3 * 64,
    "conv2": 64 * 64 + 3 * 3 * 64 * 192,
    "inception_3a": 192 * (64 + 96 + 16 + 32) + 96 * 128 * 9 + 16 * 32 * 25,
    "inception_3b": 256 * (128 + 128 + 32 + 64) + 128 * 192 * 9 + 32 * 96 * 25,
    "inception_4a": 480 * (192 + 96 + 16 + 64) + 96 * 208 * 9 + 16 * 48 * 25,
    "inception_4b": 512 * (160 + 112 + 24 + 64) + 112 * 224 * 9 + 24 * 64 * 25,
    "inception_4c": 512 * (128 + 128 + 24 + 64) + 128 * 256 * 9 + 24 * 64 * 25,
    "inception_4d": 512 * (112 + 144 + 32 + 64) + 144 * 288 * 9 + 32 * 64 * 25,
    "inception_4e": 528 * (256 + 160 + 32 + 128) + 160 * 320 * 9 + 32 * 128 * 25,
    "inception_5a": 832 * (256 + 160 + 32 + 128) + 160 * 320 * 9 + 32 * 128 * 25,
    "inception_5b": 832 * (384 + 192 + 48 + 128) + 192 * 384 * 9 + 48 * 128 * 25,
    "classifier": 1024 * 1000,
}

# Where the table's parameters, with K = 1024, aren't those of the row's own columns:
# what they are instead, in K.
MISPRINTED_PARAMETERS = {
    "conv1": 9.2,
    "inception_3b": 379.0,
    "inception_4a": 366.8,
    "inception_4b": 438.0,
    "inception_4c": 497.5,
    "inception_4d": 590.5,
    "inception_4e": 847.0,
    "inception_5a": 1018.0,
    "inception_5b": 1409.0,
}
# The same of the operations, in millions.
MISPRINTED_OPERATIONS = {"conv1": 118.0, "inception_5a": 51.1}


@pytest.fixture(scope="module")
def network():
    return blueprint(GoogLeNet)


def layers_of(network, row):
    prefixes = (row, "conv2_reduce") if row == "conv2" else (row,)
    return [layer for layer in network.layers if layer.name.startswith(prefixes)]


def kernels_of(network, row):
    return [
        (layer.kernel.shape, layer.output.shape)
        for layer in layers_of(network, row)
        if hasattr(layer, "kernel")
    ]


@pytest.mark.parametrize("row", TABLE_1)
def test_output_sizes_of_table_1(network, row):
    names = {layer.name for layer in network.layers}
    layer = network.get_layer(row if row in names else f"{row}_output")
    assert layer.output.shape[1:] == TABLE_1[row][0]


@pytest.mark.parametrize("row", WEIGHTS)
def test_parameters_of_table_1(network, row):
    weights = sum(math.prod(kernel) for kernel, _ in kernels_of(network, row))
    assert weights == WEIGHTS[row]
    printed = TABLE_1[row][1]
    if row in MISPRINTED_PARAMETERS:
        assert round(weights / 1024, 1) == MISPRINTED_PARAMETERS[row]
        assert int(weights / 1024) != printed
    else:
        assert int(weights / 1024) == printed  # 159.5 is printed as 159


@pytest.mark.parametrize("row", WEIGHTS)
def test_operations_of_table_1(network, row):
    operations = sum(
        math.prod(kernel) * math.prod(output[1:-1])
        for kernel, output in kernels_of(network, row)
    )
    printed = TABLE_1[row][2]
    if row in MISPRINTED_OPERATIONS:
        assert round(operations / 1e6, 1) == MISPRINTED_OPERATIONS[row]
        assert abs(operations / 1e6 - printed) > 1
    else:
        assert abs(operations / 1e6 - printed) < 1


def test_first_row_of_table_1_is_of_a_separable_convolution():
    # 7x7 with a depth multiplier of 8, then 1x1: both columns are printed so. The text
    # and figure 3 have a plain convolution, and so have we.
    weights = 7 * 7 * 3 * 8 + 3 * 8 * 64
    assert round(weights / 1000, 1) == TABLE_1["conv1"][1]
    assert round(weights * 112 * 112 / 1e6) == TABLE_1["conv1"][2]


def test_parameters_at_inference(network):
    biases = 64 + 64 + 192 + 1000  # of the convolutions before, and the classifier
    modules = [
        network.get_layer(f"{row}_{path}").bias.shape[0]
        for row in WEIGHTS
        if row.startswith("inception")
        for path in ("1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool_proj")
    ]
    inference = sum(WEIGHTS.values()) + biases + sum(modules)
    assert inference == 6_998_552
    # Each auxiliary classifier: 1x1 convolution, hidden layer, linear layer.
    first, second = (
        c * 128 + 128 + 4 * 4 * 128 * 1024 + 1024 + 1024 * 1000 + 1000
        for c in (512, 528)
    )
    assert network.count_params() == inference + first + second
    assert blueprint(GoogLeNet, auxiliary_classifiers=False).count_params() == inference


def test_multiply_adds_are_those_of_inference(network):
    alone = blueprint(GoogLeNet, auxiliary_classifiers=False)
    rows = {"conv1": 112**2, "conv2": 56**2, "classifier": 1}
    rows |= {
        row: {"3": 28, "4": 14, "5": 7}[row[10]] ** 2 for row in WEIGHTS if "_" in row
    }
    expected = sum(WEIGHTS[row] * positions for row, positions in rows.items())
    assert multiply_adds(network) == multiply_adds(alone) == expected


def test_order_of_the_first_layers(network):
    # Figure 3, from below.
    assert [layer.name for layer in network.layers[:8]] == [
        *("image", "conv1", "pool1", "norm1"),
        *("conv2_reduce", "conv2", "norm2", "pool2"),
    ]


def test_auxiliary_classifiers_stand_on_4a_and_4d(network):
    first, second = network.auxiliary_classifiers
    for head, channels in ((first, 512), (second, 528)):
        assert head.input.shape == (None, 14, 14, channels)
        sizes = [layer.output.shape[1:] for layer in head.layers[1:]]
        assert sizes == [
            *((4, 4, channels), (4, 4, 128), (2048,), (1024,), (1024,), (1000,))
        ]
    drops = [head.get_layer(f"{head.name}_dropout").rate for head in (first, second)]
    assert [network.get_layer("dropout").rate, *drops] == [0.4, 0.7, 0.7]


# Wide enough that some ReLU of each convolution is open.
ROW = (16,) * 6
SMALL = {
    "num_classes": 3,
    "input_shape": (65, 66, 1),
    "stem": (16, 16, 16),
    "inception": ((ROW,), (ROW, ROW, ROW), (ROW,)),
}


@functools.cache
def data():
    random = np.random.default_rng(0)
    images = random.normal(size=(4, 65, 66, 1)).astype("float32")
    return images, np.array([0, 1, 2, 1])


# As few modules as there can be, for what is computed in graphs.
FEWEST = {"inception": ((ROW,), (ROW,))}


def small(**options):
    keras.utils.set_random_seed(1)
    model = GoogLeNet(**SMALL | options)
    # Without dropout a step can be computed again.
    for layer in [model.get_layer("dropout"), *dropouts(model)]:
        layer.rate = 0.0
    return model


def dropouts(model):
    heads = model.auxiliary_classifiers
    return [head.get_layer(f"{head.name}_dropout") for head in heads]


def compiled(model):
    model.compile(
        keras.optimizers.SGD(0.1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def numpy_cross_entropy(logits, labels):
    logits = np.asarray(logits, "float64")
    log_sum = np.log(np.exp(logits).sum(axis=-1))
    return (log_sum - logits[np.arange(len(labels)), labels]).mean()


def test_training_drops_units_of_all_three_classifiers():
    model = GoogLeNet(**SMALL)
    images, _ = data()
    first, second = (model(images, training=True) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.abs(np.asarray(one) - np.asarray(other)).max() > 1e-6


def test_training_puts_out_three_logits_by_hand():
    model = small()
    images, labels = data()
    outputs = model(images, training=True)
    taps = [model.get_layer(f"inception_4{letter}_output").output for letter in "ab"]
    maps = keras.Model(model.input, taps)(images)
    np.testing.assert_allclose(outputs[0], model(images), atol=1e-6)
    for head, output, m in zip(
        model.auxiliary_classifiers, outputs[1:], maps, strict=True
    ):
        # The maps are 5x5: their one window is all of them.
        weights = [np.asarray(w) for w in head.weights]
        x = np.asarray(m).mean(axis=(1, 2))
        x = np.maximum(x @ weights[0][0, 0] + weights[1], 0)
        x = np.maximum(x @ weights[2] + weights[3], 0)
        np.testing.assert_allclose(output, x @ weights[4] + weights[5], atol=1e-5)
    compiled(model)
    loss = model.compute_loss(images, labels, outputs)
    one, two, three = (numpy_cross_entropy(logits, labels) for logits in outputs)
    assert float(loss) == pytest.approx(one + 0.3 * two + 0.3 * three, rel=1e-5)


def test_fit_learns_by_all_and_measures_by_its_own():
    model = compiled(small(**FEWEST))
    images, labels = data()
    outputs = [np.asarray(x) for x in model(images, training=True)]
    losses = [numpy_cross_entropy(logits, labels) for logits in outputs]
    before = model.get_weights()
    history = model.fit(images, labels, batch_size=4, verbose=0).history
    assert history["loss"] == [
        pytest.approx(losses[0] + 0.3 * sum(losses[1:]), rel=1e-4)
    ]
    accuracy = (outputs[0].argmax(axis=-1) == labels).mean()
    assert history["accuracy"] == [pytest.approx(accuracy)]
    moved = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(moved)
    # Evaluation has the loss of the network's own logits alone.
    loss, _ = model.evaluate(images, labels, verbose=0)
    assert loss == pytest.approx(numpy_cross_entropy(model(images), labels), rel=1e-4)


def test_auxiliary_losses_reach_the_layers_below():
    model = small()
    images, _ = data()
    below = [model.get_layer(n).kernel for n in ("conv1", "inception_4a_1x1")]
    above = [model.get_layer(n).kernel for n in ("inception_4b_1x1", "classifier")]
    with tf.GradientTape() as tape:
        first = model(images, training=True)[1]
    gradients = tape.gradient(first, [w.value for w in below + above])
    assert all(np.asarray(g).any() for g in gradients[:2])
    assert gradients[2:] == [None, None]


def test_inference_does_not_compute_the_auxiliary_classifiers():
    model = small()
    images, _ = data()
    before = np.asarray(model(images))
    for weight in model.auxiliary_classifiers[0].weights:
        weight.assign(np.full(weight.shape, np.nan))
    np.testing.assert_array_equal(model(images), before)
    np.testing.assert_array_equal(model.predict(images, verbose=0), before)
    assert np.isnan(model(images, training=True)[1]).all()


def test_saving_keeps_the_auxiliary_classifiers(tmp_path):
    model = small()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(again.weights) == len(model.weights)
    for a, b in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    names = [weight.path for weight in model.weights]
    assert len(names) == len(set(names))


def test_export_holds_no_auxiliary_weights(tmp_path):
    model = small(**FEWEST)
    model.export(str(tmp_path / "1"), verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "1"))
    shapes = [v.shape.as_list() for v in exported.variables if v.dtype.is_floating]
    alone = small(auxiliary_classifiers=False, **FEWEST)
    assert sorted(shapes) == sorted(list(weight.shape) for weight in alone.weights)
    np.testing.assert_allclose(exported.serve(data()[0]), model(data()[0]), atol=1e-6)


def test_two_replicas_learn_as_one():
    one = compiled(small(**FEWEST))
    with two_replicas().scope():
        two = compiled(small(**FEWEST))
    two.set_weights(one.get_weights())
    images, labels = data()
    histories = [
        model.fit(images, labels, batch_size=4, epochs=2, shuffle=False, verbose=0)
        for model in (one, two)
    ]
    for name in ("loss", "accuracy"):
        single, double = (history.history[name] for history in histories)
        np.testing.assert_allclose(double, single, rtol=1e-5)
    for a, b in zip(two.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_scaled_repeats_modules_and_widens():
    baseline = blueprint(GoogLeNet)
    model = blueprint(baseline.scaled, depth=1.2, width=1.5, resolution=1.25)
    assert model.input_shape == (None, 280, 280, 3)
    assert [len(stage) for stage in model.inception] == [3, 6, 3]
    assert model.stem == (96, 96, 288)
    # 64 * 1.5, 96 * 1.5, 128 * 1.5, 16 * 1.5, 32 * 1.5 twice.
    assert model.inception[0][0] == (96, 144, 192, 24, 48, 48)
    assert model.inception[0][0] == model.inception[0][1] != model.inception[0][2]
    assert model.auxiliary_classifiers[1].input.shape[-1] == sum(
        model.inception[1][-2][i] for i in (0, 2, 4, 5)
    )
    same = small()
    assert same.scaled().get_config() == same.get_config()


def test_any_depth_has_names():
    row = (1, 1, 1, 1, 1, 1)
    inception = ((row,) * 28, (row,))
    model = blueprint(
        GoogLeNet, inception=inception, stem=(1, 1, 1), auxiliary_classifiers=False
    )
    assert model.get_layer("inception_3bb_output") is not None


@pytest.mark.parametrize("size", [(64, 65), (65, 64), (None, None)])
def test_too_small_for_auxiliary_classifiers(size):
    with pytest.raises(ValueError, match="at least 65x65, not ") as error:
        GoogLeNet(input_shape=(*size, 3))
    assert "\n" not in str(error.value)


def test_auxiliary_classifiers_need_a_second_stage():
    with pytest.raises(ValueError, match="give auxiliary_classifiers=False"):
        GoogLeNet(inception=((ROW,),))


def test_free_size_without_auxiliary_classifiers():
    arguments = SMALL | {"input_shape": (None, None, 1)}
    model = GoogLeNet(**arguments, auxiliary_classifiers=False)
    for size in ((1, 40, 33, 1), (2, 65, 66, 1)):
        assert model(np.ones(size, "float32")).shape == (size[0], 3)
        assert model(np.ones(size, "float32"), training=True).shape == (size[0], 3)
