"""The gated recurrent unit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.layers import GatedRecurrentUnit

UNITS = 4


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.fixture
def layer():
    layer = GatedRecurrentUnit(UNITS)
    layer.build()
    layer.set_weights([random(*w.shape, seed=i) for i, w in enumerate(layer.weights)])
    return layer


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_step_equals_the_formula(layer):
    """Equations 5 to 8 of Cho et al. 2014."""
    inputs, state = random(2, 3 * UNITS), random(2, UNITS, seed=1)
    gates, u = layer.get_weights()
    uz, ur = np.split(gates, 2, axis=1)
    for_z, for_r, for_s = np.split(inputs, 3, axis=1)
    z = sigmoid(for_z + state @ uz)
    r = sigmoid(for_r + state @ ur)
    candidate = np.tanh(for_s + (r * state) @ u)
    expected = z * state + (1 - z) * candidate
    np.testing.assert_allclose(layer(inputs, state), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_sequences_equal_keras_in_values_and_gradients(layer, reverse, masked):
    x, mask = tf.constant(random(3, 5, 2)), None
    if masked:
        mask = np.arange(5) < np.array([5, 3, 1])[:, None]
    kernel, bias = random(2, 3 * UNITS, seed=2), random(3 * UNITS, seed=3)
    twin = keras.layers.GRU(
        UNITS, reset_after=False, return_sequences=True, go_backwards=reverse
    )
    twin.build(x.shape)
    gates, candidate = layer.get_weights()
    twin.set_weights([kernel, np.concatenate([gates, candidate], axis=1), bias])

    @tf.function
    def ours(x):
        return layer.run(x @ kernel + bias, mask=mask, reverse=reverse)

    def theirs(x):
        states = twin(x, mask=mask)
        return tf.reverse(states, [1]) if reverse else states

    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-5)
    gradients = []
    for function, weights in ((ours, layer.weights), (theirs, twin.weights[1:2])):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(tf.sin(function(x)))
        by_x, *by_weights = tape.gradient(loss, [x, *(w.value for w in weights)])
        gradients.append((by_x, np.concatenate(by_weights, axis=1)))
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_begins_in_a_given_state(layer):
    inputs, state = random(2, 3, 3 * UNITS), random(2, UNITS, seed=1)
    states = layer.run(inputs, state)
    for i in range(3):
        state = layer(inputs[:, i], state)
        np.testing.assert_allclose(states[:, i], state, rtol=1e-5, atol=1e-6)


def test_padding_leaves_the_state_exactly_as_it_is(layer):
    inputs = 20 * random(2, 6, 3 * UNITS)
    mask = np.arange(6) < np.array([6, 2])[:, None]
    states = np.asarray(layer.run(inputs, mask=mask))
    np.testing.assert_array_equal(states[1, 2:], np.tile(states[1, 1], (4, 1)))
    assert np.asarray(layer.run(inputs, mask=mask, reverse=True))[1, 2:].any() == 0


def test_weights_start_orthogonal():
    layer = GatedRecurrentUnit(5)
    layer.build()
    gates, candidate = layer.get_weights()
    update, reset = np.split(gates, 2, axis=1)
    for matrix in (update, reset, candidate):
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(5), atol=1e-5)
    assert np.abs(update - reset).max() > 0.1


def test_configuration(layer):
    again = GatedRecurrentUnit.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.units == UNITS
