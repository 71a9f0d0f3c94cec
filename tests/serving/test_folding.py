import keras
import numpy as np
import pytest

from kerasapps.layers import BatchNormalization
from kerasapps.models import LeNet5
from kerasapps.models.resnet import ResNet
from kerasapps.serving.folding import fold_batch_normalization

Conv2D, Dense = keras.layers.Conv2D, keras.layers.Dense
DepthwiseConv2D = keras.layers.DepthwiseConv2D


def randomized(model):
    """Gives each weight a value that isn't what it starts from."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "variance" in weight.name or "gamma" in weight.name:
            value = random.uniform(0.2, 3, weight.shape)
        else:
            value = random.normal(0, 0.3, weight.shape)
        weight.assign(value)
    return model


def answers(model, size=3):
    images = np.random.default_rng(1).normal(size=(size, *model.inputs[0].shape[1:]))
    outputs = keras.tree.flatten(model(images.astype("float32"), training=False))
    return [keras.ops.convert_to_numpy(output) for output in outputs]


def assert_equal(model, other, tolerance=1e-5):
    for a, b in zip(answers(model), answers(other), strict=True):
        assert a.dtype == "float32"
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * abs(b).max())


def normalizations(model):
    """The batch normalizations of a model and of the models within."""
    if isinstance(model, keras.Model):
        return [found for layer in model.layers for found in normalizations(layer)]
    return [model] if isinstance(model, keras.layers.BatchNormalization) else []


def chain(*layers, shape=(6, 6, 4)):
    x = image = keras.Input(shape, name="image")
    for layer in layers:
        x = layer(x)
    return randomized(keras.Model(image, x, name="chain"))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Conv2D(5, 3, 2, use_bias=False),
        lambda: Conv2D(6, (3, 1), padding="same", groups=2),
        lambda: DepthwiseConv2D(3, depth_multiplier=2, use_bias=False),
        lambda: DepthwiseConv2D(3, 2, dilation_rate=1),
        lambda: Dense(5),
    ],
)
@pytest.mark.parametrize(
    "normalization",
    [
        lambda: BatchNormalization(epsilon=0.1),
        lambda: keras.layers.BatchNormalization(scale=False, axis=3),
        lambda: BatchNormalization(center=False),
    ],
)
def test_becomes_part_of_the_layer_before(layer, normalization):
    pad, layer = keras.layers.ZeroPadding2D(1), layer()
    model = chain(pad, layer, normalization(), keras.layers.ReLU())
    folded = fold_batch_normalization(model)
    assert_equal(folded, model)
    kinds = [keras.layers.InputLayer, type(pad), type(layer), keras.layers.ReLU]
    assert [type(x) for x in folded.layers] == kinds
    names = [x.name for x in model.layers]
    assert [x.name for x in folded.layers] == names[:3] + names[4:]
    assert folded.layers[2].use_bias
    assert folded.name == "chain"
    assert folded.input.name == "image"


def test_by_hand():
    layer = Dense(2)
    model = chain(layer, BatchNormalization(epsilon=1.0), shape=(1,))
    layer.set_weights([np.array([[2.0, 3.0]]), np.array([1.0, -1.0])])
    gamma, beta, mean, variance = [4.0, 6.0], [0.5, 0.0], [3.0, 1.0], [3.0, 8.0]
    model.layers[2].set_weights([np.array(x) for x in (gamma, beta, mean, variance)])
    kernel, bias = fold_batch_normalization(model).get_weights()
    # The deviations are 2 and 3, so both channels are scaled by 2.
    np.testing.assert_allclose(kernel, [[4, 6]], rtol=1e-6)
    np.testing.assert_allclose(bias, [2 * (1 - 3) + 0.5, 2 * (-1 - 1)], rtol=1e-6)


def after_a_concatenation(x):
    x = keras.layers.Concatenate()([x, Conv2D(3, 1)(x)])
    return BatchNormalization()(x)


def after_an_activation(x):
    return BatchNormalization()(Conv2D(3, 1, activation="relu")(x))


def beside_another_reader(x):
    x = Conv2D(3, 1)(x)
    return keras.layers.Add()([x, BatchNormalization()(x)])


def beside_an_output(x):
    x = Conv2D(3, 1)(x)
    return {"before": x, "after": BatchNormalization()(x)}


def of_a_shared_convolution(x):
    convolution = Conv2D(4, 1)
    return convolution(BatchNormalization()(convolution(x)))


def shared_itself(x):
    normalization = BatchNormalization()
    return normalization(Conv2D(4, 1)(normalization(Conv2D(4, 1)(x))))


def of_the_batch(x):
    return BatchNormalization()(Conv2D(4, 1)(x), training=True)


def of_another_axis(x):
    return keras.layers.BatchNormalization(axis=1)(Conv2D(4, 1)(x))


class Standardized(Conv2D):
    """What its kernel is multiplied by isn't linear in the kernel."""

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel / keras.ops.std(kernel))


def of_a_convolution_of_its_own_kind(x):
    return BatchNormalization()(Standardized(4, 1)(x))


@pytest.mark.parametrize(
    "network",
    [
        after_a_concatenation,
        after_an_activation,
        beside_another_reader,
        beside_an_output,
        of_a_shared_convolution,
        shared_itself,
        of_the_batch,
        of_another_axis,
        of_a_convolution_of_its_own_kind,
    ],
)
def test_stays(network):
    image = keras.Input((6, 6, 4))
    model = randomized(keras.Model(image, network(image)))
    folded = fold_batch_normalization(model)
    assert len(normalizations(folded)) == len(normalizations(model)) == 1
    assert folded.weights == model.weights
    assert_equal(folded, model)
    reduced = fold_batch_normalization(model, "bfloat16")
    assert len(normalizations(reduced)) == 1
    assert_equal(reduced, model, 0.05)


def test_a_model_within_stays():
    inner = chain(Conv2D(3, 1), BatchNormalization())
    model = chain(Conv2D(4, 1), BatchNormalization(), inner, Conv2D(2, 1))
    folded = fold_batch_normalization(model)
    assert normalizations(folded) == normalizations(inner)
    assert_equal(folded, model)


def test_a_model_without_comes_back_equal():
    model = randomized(LeNet5(num_classes=3))
    folded = fold_batch_normalization(model)
    assert folded.weights == model.weights
    assert_equal(folded, model)


@pytest.mark.parametrize("shortcut", ["A", "B"])
def test_resnet(shortcut):
    bottleneck, image_shape = shortcut == "B", (32, 32, 3)
    model = ResNet((1, 1), (8, 16), bottleneck, shortcut, input_shape=image_shape)
    randomized(model)
    model.compile("adam", "mse")
    folded = fold_batch_normalization(model)
    assert normalizations(model)
    assert not normalizations(folded)
    assert not folded.compiled
    assert_equal(folded, model)


def test_mobilenet():
    model = keras.applications.MobileNet((32, 32, 3), alpha=0.25, weights=None)
    randomized(model)
    folded = fold_batch_normalization(model)
    assert len(normalizations(model)) == 27
    assert not normalizations(folded)
    assert_equal(folded, model)


def test_what_no_output_needs_is_left_out():
    class Auxiliary(keras.Model):
        def __init__(self):
            image = keras.Input((6, 6, 4))
            hidden = BatchNormalization()(Conv2D(3, 1)(image))
            super().__init__(image, Conv2D(2, 1)(hidden))
            self.auxiliary = keras.Model(image, Conv2D(5, 1)(hidden))

    model = randomized(Auxiliary())
    folded = fold_batch_normalization(model)
    assert [w.shape[-1] for w in folded.weights] == [3, 3, 2, 2]
    assert_equal(folded, model)


def test_what_is_no_graph_comes_back_as_it_is():
    class Layered(keras.Model):
        def call(self, inputs):
            return inputs

    model = Layered()
    assert fold_batch_normalization(model, "bfloat16") is model


def test_a_call_for_training():
    class Doubled(keras.Model):
        def call(self, inputs, training=None):
            outputs = super().call(inputs, training=training)
            return 2 * outputs if training else outputs

    image = keras.Input((6,))
    model = randomized(Doubled(image, BatchNormalization()(Dense(2)(image))))
    folded = fold_batch_normalization(model)
    assert not normalizations(folded)
    assert_equal(folded, model)


def test_sequential():
    layers = [keras.Input((5,)), Dense(3), BatchNormalization(), Dense(2)]
    model = randomized(keras.Sequential(layers))
    folded = fold_batch_normalization(model)
    assert not normalizations(folded)
    assert_equal(folded, model)


def test_bfloat16():
    model = chain(
        Conv2D(3, 3, use_bias=False, name="first"),
        BatchNormalization(),
        Conv2D(4, 1, activation="relu", name="second"),
        BatchNormalization(name="stays"),
        keras.layers.GlobalAveragePooling2D(),
        Dense(5, name="output"),
        keras.layers.Softmax(name="softmax"),
    )
    exact = fold_batch_normalization(model)
    reduced = fold_batch_normalization(model, "bfloat16")
    computes = {layer.name: layer.compute_dtype for layer in reduced.layers[1:]}
    assert computes.pop("output") == computes.pop("softmax") == "float32"
    assert set(computes.values()) == {"bfloat16"}
    dtypes = {x.name: {w.dtype for w in x.weights} for x in reduced.layers if x.weights}
    assert dtypes == {
        "first": {"bfloat16"},
        "second": {"bfloat16"},
        "stays": {"float32"},
        "output": {"float32"},
    }
    for weight, other in zip(exact.weights, reduced.weights, strict=True):
        # Rounded once: not what was rounded is folded.
        np.testing.assert_array_equal(keras.ops.cast(weight, other.dtype), other)
    assert_equal(reduced, model, 0.02)
    assert abs(answers(reduced)[0] - answers(model)[0]).max() > 1e-6


def test_normalized_outputs_are_float32():
    model = chain(Conv2D(3, 1), Dense(4), BatchNormalization())
    reduced = fold_batch_normalization(model, "bfloat16")
    assert [x.variable_dtype for x in reduced.layers[1:]] == ["bfloat16", "float32"]
    assert_equal(reduced, model, 0.02)


@pytest.mark.parametrize("output", ["rbf", "softmax"])
def test_lenet_in_bfloat16(output):
    model = LeNet5(output=output)
    reduced = fold_batch_normalization(model, "bfloat16")
    assert {w.dtype for w in reduced.weights} == {"bfloat16", "float32"}
    assert_equal(reduced, model, 0.02)


@pytest.mark.parametrize("trained_in", ["mixed_bfloat16", "bfloat16"])
def test_float32_after_training_in_16_bits(trained_in):
    def network(policy):
        keras.config.set_dtype_policy(policy)
        try:
            return ResNet((1,), (8,), False, input_shape=(16, 16, 3))
        finally:
            keras.config.set_dtype_policy("float32")

    model = randomized(network(trained_in))
    twin = network("float32")
    twin.set_weights([np.asarray(w, "float32") for w in model.get_weights()])
    folded = fold_batch_normalization(model)
    assert {w.dtype for w in folded.weights} == {"float32"}
    assert_equal(folded, twin)
