"""Attention with several heads, to other tokens or the same."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.layers import MultiHeadAttention

CHANNELS, HEADS, SIZE = 6, 2, 3


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def moved(layer, *shapes):
    """Returns the layer, built, with random weights that aren't small."""
    layer.build(*shapes)
    layer.set_weights([random(*w.shape, seed=i) for i, w in enumerate(layer.weights)])
    return layer


def matrices(layer):
    """Returns W^Q, W^K, W^V and W^O, each with all heads side by side."""
    weights = layer.get_weights()
    if len(weights) == 2:
        return [*np.split(weights[0], 3, axis=1), weights[1]]
    return [weights[0], *np.split(weights[1], 2, axis=1), weights[2]]


def twin_of(layer, query_shape, memory_shape):
    """Returns Keras's layer with the same weights, its biases zero."""
    twin = keras.layers.MultiHeadAttention(HEADS, SIZE)
    twin.build(query_shape, memory_shape)
    *inputs, output = matrices(layer)
    weights = []
    for matrix in inputs:
        weights += [matrix.reshape(-1, HEADS, SIZE), np.zeros((HEADS, SIZE))]
    twin.set_weights([*weights, output.reshape(HEADS, SIZE, -1), np.zeros(CHANNELS)])
    return twin


def gradient(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(tf.sin(function(x)))
    return tape.gradient(loss, x)


def test_cross_attention_equals_keras_in_values_and_gradients():
    query, memory = random(2, 3, CHANNELS), random(2, 5, 4, seed=1)
    layer = moved(MultiHeadAttention(HEADS), query.shape, memory.shape)
    twin = twin_of(layer, query.shape, memory.shape)
    mask = np.arange(5) < np.array([5, 2])[:, None, None]
    outputs, weights = layer(query, memory, mask[:, None])
    expected, scores = twin(
        query, memory, attention_mask=mask, return_attention_scores=True
    )
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights, scores, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        gradient(lambda x: layer(query, x, mask[:, None])[0], memory),
        gradient(lambda x: twin(query, x, attention_mask=mask), memory),
        rtol=1e-3,
        atol=1e-5,
    )


def test_causal_self_attention_equals_keras_in_values_and_gradients():
    x = random(2, 4, CHANNELS)
    layer = moved(MultiHeadAttention(HEADS), x.shape)
    twin = twin_of(layer, x.shape, x.shape)
    causal = np.tril(np.ones((4, 4), bool))
    outputs, weights = layer(x, attention_mask=causal)
    expected, scores = twin(x, x, use_causal_mask=True, return_attention_scores=True)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights, scores, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        gradient(lambda x: layer(x, attention_mask=causal)[0], x),
        gradient(lambda x: twin(x, x, use_causal_mask=True), x),
        rtol=1e-3,
        atol=1e-5,
    )


def test_equals_the_formula():
    """Section 3.2.2, one head after the other."""
    query, memory = random(3, CHANNELS), random(5, CHANNELS, seed=1)
    layer = moved(MultiHeadAttention(HEADS), (1, *query.shape), (1, *memory.shape))
    wq, wk, wv, wo = matrices(layer)
    heads = []
    for head in range(HEADS):
        own = slice(head * SIZE, (head + 1) * SIZE)
        powers = np.exp(query @ wq[:, own] @ (memory @ wk[:, own]).T / np.sqrt(SIZE))
        weights = powers / powers.sum(axis=-1, keepdims=True)
        heads.append(weights @ memory @ wv[:, own])
    outputs, _ = layer(query[None], memory[None])
    expected = np.concatenate(heads, axis=-1) @ wo
    np.testing.assert_allclose(outputs[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("memory_channels", [None, 6, 8])
def test_parameters(memory_channels):
    """No biases: W^Q and W^O take the query's channels, W^K and W^V the memory's."""
    layer = MultiHeadAttention(HEADS)
    if memory_channels is None:
        layer.build((None, 3, CHANNELS))
    else:
        layer.build((None, 3, CHANNELS), (None, 4, memory_channels))
    own = memory_channels or CHANNELS
    assert layer.count_params() == 2 * CHANNELS * CHANNELS + 2 * own * CHANNELS


def test_each_matrix_starts_as_glorot_has_it():
    layer = MultiHeadAttention(4)
    layer.build((None, 3, 64), (None, 4, 128))
    wq, wk, wv, wo = matrices(layer)
    for matrix, fans in ((wq, 128), (wk, 192), (wv, 192), (wo, 128)):
        limit = np.sqrt(6 / fans)
        assert 0.98 * limit < abs(matrix).max() <= limit
        assert matrix.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)


def test_a_projected_memory_gives_the_same():
    query, memory = random(2, 3, CHANNELS), random(2, 5, 4, seed=1)
    layer = moved(MultiHeadAttention(HEADS), query.shape, memory.shape)
    keys, values = layer.project(memory)
    assert keys.shape == values.shape == (2, HEADS, 5, SIZE)
    outputs, weights = layer(query, memory)
    for i in range(3):
        one, its = layer.attend(query[:, i : i + 1], keys, values)
        np.testing.assert_allclose(one[:, 0], outputs[:, i], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(its[:, :, 0], weights[:, :, i], rtol=1e-5, atol=1e-6)


def test_steps_equal_causal_self_attention():
    x = random(2, 4, CHANNELS)
    layer = moved(MultiHeadAttention(HEADS), x.shape)
    expected, _ = layer(x, attention_mask=np.tril(np.ones((4, 4), bool)))
    # What is in the cache beyond the position doesn't count.
    keys = values = tf.fill((2, HEADS, 6, SIZE), 100.0)
    step = tf.function(layer.step)
    for i in range(4):
        one, keys, values = step(x[:, i : i + 1], tf.constant(i), keys, values)
        np.testing.assert_allclose(one[:, 0], expected[:, i], rtol=1e-4, atol=1e-5)
    assert np.all(keys[:, :, 4:] == 100.0)
    assert not np.any(keys[:, :, :4] == 100.0)


def test_dropout_of_the_weights():
    query = random(1, 200, CHANNELS)
    layer = moved(MultiHeadAttention(HEADS, dropout=0.5), query.shape)
    plain, weights = layer(query)
    np.testing.assert_array_equal(layer(query)[0], plain)
    dropped, before = layer(query, training=True)
    np.testing.assert_array_equal(before, weights)
    assert np.abs(dropped - plain).max() > 1e-2


def test_softmax_is_float32_in_16_bits():
    x = random(2, 300, CHANNELS)
    layer = moved(MultiHeadAttention(HEADS, dtype="mixed_bfloat16"), x.shape)
    outputs, weights = layer(x)
    assert outputs.dtype == "bfloat16"
    assert weights.dtype == "float32"
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1, rtol=1e-5)


def test_any_number_of_tokens():
    query, memory = keras.Input((None, CHANNELS)), keras.Input((None, 4))
    layer = MultiHeadAttention(HEADS)
    model = keras.Model([query, memory], layer(query, memory))
    arrays = random(2, 3, CHANNELS), random(2, 5, 4, seed=1)
    for one, other in zip(model(arrays), layer(*arrays), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_configuration():
    layer = MultiHeadAttention(3, dropout=0.2, name="a")
    again = MultiHeadAttention.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.num_heads, again.dropout) == (3, 0.2)


def test_heads_that_do_not_fit():
    with pytest.raises(InputError, match="a multiple of the heads"):
        MultiHeadAttention(3).build((None, 2, 8))
