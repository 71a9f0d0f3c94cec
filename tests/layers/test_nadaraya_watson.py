"""Regression with a kernel, and that it is attention."""

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.layers import NadarayaWatson, scaled_dot_product_attention


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_equals_the_formula():
    queries, x, y = random(3, 1), random(6, 1, seed=1), random(6, 2, seed=2)
    estimates, weights = NadarayaWatson(w=1.7)(queries, x, y)
    for i, query in enumerate(queries):
        kernel = np.exp(-(((query - x[:, 0]) * 1.7) ** 2) / 2)
        np.testing.assert_allclose(weights[i], kernel / kernel.sum(), rtol=1e-5)
        expected = sum(k * value for k, value in zip(kernel, y, strict=True))
        np.testing.assert_allclose(estimates[i], expected / kernel.sum(), rtol=1e-4)


def test_a_narrow_kernel_gives_the_nearest_example_and_a_wide_one_the_mean():
    x, y = np.float32([[0], [1], [2]]), np.float32([[5], [7], [12]])
    queries = np.float32([[0.9], [1.8]])
    narrow, _ = NadarayaWatson(w=50.0)(queries, x, y)
    np.testing.assert_allclose(narrow, [[7], [12]], rtol=1e-5)
    wide, _ = NadarayaWatson(w=1e-3)(queries, x, y)
    np.testing.assert_allclose(wide, [[8], [8]], rtol=1e-4)


def test_it_is_scaled_dot_product_attention():
    """The square, multiplied out; |q|^2 is the same for all examples and drops out.

    -w^2 |q - x|^2 / 2 = w^2 q x - w^2 |x|^2 / 2 + ..., the product of (w^2 q, 1) and
    (x, -w^2 |x|^2 / 2), which attention divides by sqrt(features + 1).
    """
    w, features = 1.3, 2
    queries, x, y = random(4, features), random(7, features, seed=1), random(7, 3)
    scale = np.sqrt(features + 1).astype("float32")
    query = np.concatenate([w**2 * queries, np.ones((4, 1))], axis=1) * scale
    key = np.concatenate([x, -(w**2) / 2 * np.sum(x**2, axis=1, keepdims=True)], axis=1)
    attended = scaled_dot_product_attention(
        query.astype("float32"), key.astype("float32"), y
    )
    for ours, theirs in zip(NadarayaWatson(w)(queries, x, y), attended, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_w_is_learned_or_stays():
    queries, x, y = random(4, 1), random(7, 1, seed=1), random(7, 1, seed=2)
    layer = NadarayaWatson(w=0.5)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(queries, x, y)[0] ** 2)
    (weight,) = layer.trainable_weights
    found = tape.gradient(loss, weight.value)

    def loss_at(w):
        return np.sum(np.square(NadarayaWatson(w)(queries, x, y)[0], dtype="float64"))

    expected = (loss_at(0.51) - loss_at(0.49)) / 0.02
    assert expected != pytest.approx(0, abs=1e-2)
    assert float(found) == pytest.approx(expected, rel=1e-2)
    still = NadarayaWatson(trainable=False)
    still(queries, x, y)
    assert not still.trainable_weights


def test_configuration():
    layer = NadarayaWatson(w=2.0, trainable=False, name="a")
    again = NadarayaWatson.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.start == 2.0
    assert not again.trainable
