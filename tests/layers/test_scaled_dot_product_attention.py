"""Scaled dot-product attention."""

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.layers import scaled_dot_product_attention


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def by_hand(query, key, value, mask):
    """One query after the other, over the keys that are left to it."""
    outputs, weights = np.zeros((len(query), value.shape[1])), np.zeros(mask.shape)
    for i, q in enumerate(query):
        left = np.flatnonzero(mask[i])
        powers = np.exp([q @ key[j] / np.sqrt(len(q)) for j in left])
        weights[i, left] = powers / powers.sum()
        outputs[i] = sum(weights[i, j] * value[j] for j in left)
    return outputs, weights


@pytest.mark.parametrize("kind", ["none", "padding", "causal"])
def test_equals_the_formula(kind):
    queries, keys = (4, 4) if kind == "causal" else (3, 5)
    query, key, value = random(queries, 6), random(keys, 6, seed=1), random(keys, 2)
    mask = {
        "none": np.ones((queries, keys), bool),
        "padding": np.arange(keys) < np.full((queries, 1), keys - 2),
        "causal": np.tril(np.ones((queries, keys), bool)),
    }[kind]
    outputs, weights = scaled_dot_product_attention(
        *(query, key, value), None if kind == "none" else mask
    )
    expected, expected_weights = by_hand(query, key, value, mask)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights, expected_weights, rtol=1e-5, atol=1e-7)
    assert not np.asarray(weights)[~mask].any()


def test_a_mask_holds_for_all_axes_before():
    query, key, value = random(2, 3, 4, 6), random(2, 3, 5, 6), random(2, 3, 5, 2)
    mask = np.arange(5) < np.array([3, 5])[:, None, None, None]
    outputs, weights = scaled_dot_product_attention(query, key, value, mask)
    for i in range(2):
        for j in range(3):
            expected = by_hand(
                query[i, j], key[i, j], value[i, j], np.tile(mask[i, 0], (4, 1))
            )
            np.testing.assert_allclose(outputs[i, j], expected[0], rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(weights[i, j], expected[1], rtol=1e-4, atol=1e-6)


def test_softmax_is_float32_in_16_bits():
    query, key = (tf.cast(random(4, 8, seed=s), "bfloat16") for s in (0, 1))
    value = tf.cast(random(4, 3), "bfloat16")
    outputs, weights = scaled_dot_product_attention(query, key, value)
    assert outputs.dtype == "bfloat16"
    assert weights.dtype == "float32"
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1, rtol=1e-6)


def test_dropout_comes_between_weights_and_values():
    query, key, value = random(3, 4), random(3, 4, seed=1), random(3, 2)
    plain, weights = scaled_dot_product_attention(query, key, value)
    outputs, kept = scaled_dot_product_attention(
        query, key, value, dropout=lambda weights: 2 * weights
    )
    np.testing.assert_allclose(outputs, 2 * plain, rtol=1e-5)
    np.testing.assert_array_equal(kept, weights)
