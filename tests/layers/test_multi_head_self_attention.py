import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.layers import MultiHeadSelfAttention


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def moved(layer, input_shape):
    """Returns the layer, built, with random weights that aren't small."""
    layer.build(input_shape)
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(0, 0.5, w.shape) for w in layer.weights])
    return layer


def test_equals_numpy():
    batch, tokens, heads, size = 2, 5, 3, 4
    x = np.random.default_rng(1).normal(size=(batch, tokens, heads * size))
    layer = moved(MultiHeadSelfAttention(heads), x.shape)
    kernel, bias, out_kernel, out_bias = layer.get_weights()
    outputs, attentions = [], []
    for sequence in x:
        query, key, value = np.split(sequence @ kernel + bias, 3, axis=-1)
        results = []
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            attention = softmax(query[:, own] @ key[:, own].T / np.sqrt(size))
            attentions.append(attention)
            results.append(attention @ value[:, own])
        outputs.append(np.concatenate(results, axis=-1) @ out_kernel + out_bias)
    x = x.astype("float32")
    np.testing.assert_allclose(layer(x), outputs, rtol=1e-4, atol=1e-4)
    expected = np.reshape(attentions, (batch, heads, tokens, tokens))
    np.testing.assert_allclose(layer.attention(x), expected, rtol=1e-4, atol=1e-5)


def test_equals_keras_in_values_and_gradients():
    heads, size = 2, 3
    channels = heads * size
    x = tf.random.stateless_normal((2, 7, channels), seed=(0, 1))
    layer = moved(MultiHeadSelfAttention(heads), x.shape)
    twin = keras.layers.MultiHeadAttention(heads, size)
    twin.build(x.shape, x.shape)
    kernel, bias, out_kernel, out_bias = layer.get_weights()
    split = []
    for k, b in zip(np.split(kernel, 3, 1), np.split(bias, 3), strict=True):
        split += [k.reshape(channels, heads, size), b.reshape(heads, size)]
    twin.set_weights([*split, out_kernel.reshape(heads, size, channels), out_bias])

    def gradients(layer, *arguments):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(*arguments)
            loss = tf.reduce_sum(tf.sin(outputs))
        weights = [w.value for w in layer.trainable_weights]
        return outputs, *tape.gradient(loss, [x, *weights])

    outputs, by_x, *ours = gradients(layer, x)
    twin_outputs, twin_by_x, *theirs = gradients(twin, x, x)
    np.testing.assert_allclose(outputs, twin_outputs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(by_x, twin_by_x, rtol=1e-3, atol=1e-5)
    kernels = [np.reshape(g, (channels, channels)) for g in (*theirs[:6:2], theirs[6])]
    biases = [np.reshape(g, channels) for g in (*theirs[1:6:2], theirs[7])]
    expected = [
        *(np.concatenate(kernels[:3], axis=1), np.concatenate(biases[:3])),
        *(kernels[3], biases[3]),
    ]
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_each_kernel_starts_as_glorot_has_it():
    layer = MultiHeadSelfAttention(2)
    layer.build((None, 3, 64))
    kernel, bias, out_kernel, out_bias = layer.get_weights()
    limit = np.sqrt(6 / (64 + 64))
    for each in (*np.split(kernel, 3, axis=1), out_kernel):
        assert 0.98 * limit < abs(each).max() <= limit
    assert not bias.any()
    assert not out_bias.any()


def test_softmax_is_float32_in_16_bits():
    x = np.random.default_rng(0).normal(size=(2, 300, 8))
    layer = moved(MultiHeadSelfAttention(2, dtype="mixed_bfloat16"), x.shape)
    assert layer(x).dtype == "bfloat16"
    attention = layer.attention(x)
    assert attention.dtype == "float32"
    np.testing.assert_allclose(np.sum(attention, axis=-1), 1, rtol=1e-5)
    plain = moved(MultiHeadSelfAttention(2), x.shape)
    np.testing.assert_allclose(tf.cast(layer(x), "float32"), plain(x), atol=0.15)


def test_multiply_adds():
    layer = MultiHeadSelfAttention(3)
    by_hand = 4 * 5 * 12 * 12 + 2 * 3 * 5 * 5 * 4
    assert layer.multiply_adds((None, 5, 12)) == by_hand
    with pytest.raises(ValueError, match="isn't fixed"):
        layer.multiply_adds((None, None, 12))


def test_any_number_of_tokens():
    tokens = keras.Input((None, 6))
    layer = MultiHeadSelfAttention(2, name="attention")
    model = keras.Model(tokens, layer(tokens))
    assert model.output.shape == (None, None, 6)
    x = np.random.default_rng(0).normal(size=(3, 4, 6)).astype("float32")
    np.testing.assert_allclose(
        model.predict(x, verbose=0), layer(x), rtol=1e-5, atol=1e-6
    )


def test_config():
    layer = MultiHeadSelfAttention(3, name="a")
    config = MultiHeadSelfAttention.from_config(layer.get_config()).get_config()
    assert config == layer.get_config()
    assert config["num_heads"] == 3


def test_heads_that_do_not_fit():
    with pytest.raises(ValueError, match="a multiple of the heads") as error:
        MultiHeadSelfAttention(3).build((None, 2, 8))
    assert "\n" not in str(error.value)
