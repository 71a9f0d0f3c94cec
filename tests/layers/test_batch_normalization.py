import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.layers import BatchNormalization
from tests.checks import two_replicas

TOLERANCES = {"float32": 1e-5, "mixed_bfloat16": 2e-2, "mixed_float16": 2e-3}


def twins(**arguments):
    """Our layer and Keras's with equal, non-trivial weights, for 6 channels."""
    layers = (
        BatchNormalization(**arguments),
        keras.layers.BatchNormalization(**arguments),
    )
    random = np.random.default_rng(0)
    weights = None
    for layer in layers:
        layer.build((None,) * 3 + (6,))
        weights = weights or [random.uniform(0.5, 2, w.shape) for w in layer.weights]
        layer.set_weights(weights)
    return layers


def images(shape=(4, 5, 3, 6), mean=1.0, seed=0):
    return np.random.default_rng(seed).normal(mean, 2, shape).astype("float32")


def ops(layer, x, training, **function):
    """The kinds of op that the layer's graph has."""
    graph = tf.function(lambda x: layer(x, training=training), **function)
    return {op.type for op in graph.get_concrete_function(x).graph.get_operations()}


def is_fused(layer, x, training=True, **function):
    return "FusedBatchNormV3" in ops(layer, x, training, **function)


def run(layer, x, training):
    """Output, gradients (of the input first) and then the weights."""
    x = tf.cast(x, layer.compute_dtype)
    direction = np.random.default_rng(9).normal(size=x.shape)
    variables = [weight.value for weight in layer.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
    gradients = tape.gradient(y, [x, *variables], tf.cast(direction, y.dtype))
    assert y.dtype == gradients[0].dtype == x.dtype
    results = [y, *gradients, *layer.weights]
    return [np.asarray(tf.cast(result, tf.float64)) for result in results]


def assert_equal(layer, twin, x, training, tolerance=1e-5):
    results = run(layer, x, training), run(twin, x, training)
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * abs(b).max())


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"scale": False, "momentum": 0.7, "epsilon": 1e-5},
        {"center": False, "axis": 3, "synchronized": True},
        {"trainable": False},
    ],
)
def test_equals_keras(arguments, dtype, training):
    layer, twin = twins(dtype=dtype, **arguments)
    x = tf.cast(images(), layer.compute_dtype)
    assert is_fused(layer, x, training)
    assert not is_fused(twin, x, training)
    moves = training and layer.trainable
    before = layer.moving_variance.numpy()
    for _ in range(2):
        assert_equal(layer, twin, x, training, TOLERANCES[dtype])
    assert (before != layer.moving_variance.numpy()).all() == moves


def test_equals_numpy():
    layer, _ = twins(momentum=0.9, epsilon=0.01)
    gamma, beta, old_mean, old_variance = layer.get_weights()
    x = images().astype("float64")
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    y = gamma * (x - mean) / np.sqrt(variance + 0.01) + beta
    np.testing.assert_allclose(layer(x, training=True), y, atol=1e-5)
    mean, variance = 0.9 * old_mean + 0.1 * mean, 0.9 * old_variance + 0.1 * variance
    np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-6)
    y = gamma * (x - mean) / np.sqrt(variance + 0.01) + beta
    np.testing.assert_allclose(layer(x), y, atol=1e-5)


def test_weights_of_16_bits():
    layer, twin = twins(dtype="bfloat16")
    assert_equal(layer, twin, images(), True, 2e-2)
    assert layer.moving_mean.dtype == "bfloat16"
    for a, b in zip(layer.weights, twin.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_variance_of_one_value_is_zero():
    layer, twin = twins()
    x = images((1, 1, 1, 6))
    variance = layer.moving_variance.numpy()
    assert_equal(layer, twin, x, training=True)
    np.testing.assert_allclose(layer.moving_variance, 0.99 * variance, rtol=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_an_empty_batch(training):
    layer, twin = twins()
    x = images((0, 5, 3, 6))
    assert layer(x, training=training).shape == x.shape
    twin(x, training=training)
    for a, b in zip(layer.weights, twin.weights, strict=True):
        np.testing.assert_array_equal(a, b)  # NaN in training


@pytest.mark.parametrize(
    ("shape", "arguments"),
    [
        ((8, 6), {}),
        ((4, 5, 6), {}),
        ((2, 3, 3, 3, 6), {}),
        ((4, 6, 5, 3), {"axis": 1}),
        ((4, 5, 3, 6), {"dtype": "float64"}),
        ((4, 5, 3, 6), {"renorm": True}),
    ],
)
def test_what_the_op_does_not_take_is_as_in_keras(shape, arguments):
    layer, twin = (
        cls(**arguments)
        for cls in (BatchNormalization, keras.layers.BatchNormalization)
    )
    x = tf.cast(images(shape), layer.compute_dtype)
    assert not is_fused(layer, x)
    twin.build(shape)
    twin.set_weights(layer.get_weights())
    for training in (True, False):
        assert_equal(layer, twin, x, training)


def test_masked_values_do_not_count():
    layer, twin = twins(momentum=0.0)
    x, mask = images(), np.random.default_rng(1).random((4, 5, 3)) < 0.5
    y = layer(x, training=True, mask=mask)
    np.testing.assert_allclose(y, twin(x, training=True, mask=mask), atol=1e-6)
    np.testing.assert_allclose(layer.moving_mean, x[mask].mean(axis=0), rtol=1e-5)


def test_under_xla_a_large_mean_leaves_the_variance_exact():
    layer, _ = twins(momentum=0.0)
    x = images(mean=1000.0)
    assert is_fused(layer, x)
    assert not is_fused(layer, x, jit_compile=True)
    tf.function(lambda: layer(x, training=True), jit_compile=True)()
    variance = x.astype("float64").var((0, 1, 2))
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-4)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_fit(jit_compile):
    model = keras.Sequential([keras.Input((5, 3, 6)), BatchNormalization(momentum=0)])
    model.compile("sgd", "mse", jit_compile=jit_compile)
    x = images(mean=1000.0)
    model.fit(x, x, batch_size=4, verbose=0)
    variance = x.astype("float64").var((0, 1, 2))
    np.testing.assert_allclose(model.layers[0].moving_variance, variance, rtol=1e-4)


def test_a_gradient_of_a_gradient():
    def penalty(layer):
        x = tf.constant(images())
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(layer(x, training=True) ** 3)
            loss = tf.reduce_sum(inner.gradient(y, x) ** 2)
        return outer.gradient(loss, [x, layer.gamma.value])

    for a, b in zip(*map(penalty, twins()), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * np.abs(b).max())


def test_the_backward_pass_is_one_op():
    layer, _ = twins()

    @tf.function
    def backward(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        return tape.gradient(y, [x, layer.gamma.value, layer.beta.value])

    operations = backward.get_concrete_function(images()).graph.get_operations()
    gradient = next(op for op in operations if op.type == "FusedBatchNormGradV3")
    after = operations[operations.index(gradient) + 1 :]
    assert {op.type for op in after} <= {"Identity", "NoOp"}


def on_two_replicas(layer, x):
    """Runs each half of the batch on a replica of its own; returns both outputs."""
    strategy = two_replicas()
    halves = strategy.experimental_distribute_values_from_function(
        lambda context: tf.split(x, 2)[context.replica_id_in_sync_group]
    )
    run = tf.function(lambda half: layer(half, training=True))
    outputs = strategy.run(run, [halves])
    return np.concatenate(strategy.experimental_local_results(outputs))


def test_synchronized_replicas_are_one():
    x = images()
    with two_replicas().scope():
        layer, _ = twins(synchronized=True)
    whole, _ = twins()
    np.testing.assert_allclose(
        on_two_replicas(layer, x), whole(x, training=True), rtol=1e-4, atol=1e-4
    )
    for a, b in zip(layer.weights, whole.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_other_replicas_normalize_each_for_itself():
    x = images()
    with two_replicas().scope():
        layer, twin = twins()
    y = on_two_replicas(layer, x)
    np.testing.assert_allclose(y, on_two_replicas(twin, x), atol=1e-5)
    alone, _ = twins()
    halves = [alone(half, training=True) for half in np.split(x, 2)]
    np.testing.assert_allclose(y, np.concatenate(halves), atol=1e-5)
    for a, b in zip(layer.weights, twin.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_round_trip():
    layer = BatchNormalization(momentum=0.5, epsilon=0.1, synchronized=True)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert isinstance(again, BatchNormalization)
    assert again.get_config() == layer.get_config()
