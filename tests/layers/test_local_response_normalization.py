import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.layers import LocalResponseNormalization


def formula(a, n=5, k=2.0, alpha=1e-4, beta=0.75):
    """Section 3.3, map by map."""
    last = a.shape[-1] - 1
    b = np.empty_like(a)
    for i in range(last + 1):
        total = 0.0
        for j in range(max(0, i - n // 2), min(last, i + n // 2) + 1):
            total = total + a[..., j] ** 2
        b[..., i] = a[..., i] / (k + alpha * total) ** beta
    return b


@pytest.mark.parametrize("channels", [1, 3, 11])
@pytest.mark.parametrize(
    "numbers", [(5, 2.0, 1e-4, 0.75), (3, 1.0, 0.5, 0.5), (1, 0.5, 2.0, 1.5)]
)
def test_is_the_formula(channels, numbers):
    a = np.random.default_rng(0).normal(0, 50, (2, 3, 4, channels)).astype("float32")
    layer = LocalResponseNormalization(*numbers)
    np.testing.assert_allclose(layer(a), formula(a, *numbers), rtol=1e-5)


def test_defaults_are_the_papers():
    a = np.random.default_rng(0).normal(0, 100, (1, 5, 8)).astype("float32")
    np.testing.assert_allclose(LocalResponseNormalization()(a), formula(a), rtol=1e-5)


def test_equals_the_op_of_tensorflow():
    a = np.random.default_rng(0).normal(0, 100, (2, 3, 4, 16)).astype("float32")
    theirs = tf.nn.local_response_normalization(a, 2, bias=2.0, alpha=1e-4, beta=0.75)
    np.testing.assert_allclose(LocalResponseNormalization()(a), theirs, rtol=1e-5)


def test_gradient_is_that_of_the_formula():
    random = np.random.default_rng(0)
    a = random.normal(size=(2, 7))
    direction = random.normal(size=a.shape)
    numbers = (3, 1.0, 0.7, 0.75)
    layer = LocalResponseNormalization(*numbers, dtype="float64")
    x = tf.Variable(a)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) * direction)
    expected = np.empty_like(a)
    for index in np.ndindex(a.shape):
        step = np.zeros_like(a)
        step[index] = 1e-6
        change = formula(a + step, *numbers) - formula(a - step, *numbers)
        expected[index] = np.sum(change * direction) / 2e-6
    np.testing.assert_allclose(tape.gradient(loss, x), expected, rtol=1e-6)


@pytest.mark.parametrize(("dtype", "digits"), [("bfloat16", 8), ("float16", 11)])
def test_computes_in_16_bits(dtype, digits):
    # The squares of the larger ones are past float16's range.
    a = np.random.default_rng(0).normal(0, 500, (2, 4, 4, 32)).astype("float32")
    a = keras.ops.cast(a, dtype)
    layer = LocalResponseNormalization(dtype=f"mixed_{dtype}")
    b = layer(a)
    assert keras.backend.standardize_dtype(b.dtype) == dtype
    expected = formula(np.asarray(keras.ops.cast(a, "float32")))
    b = keras.ops.cast(b, "float32")
    np.testing.assert_allclose(b, expected, rtol=4 * 2.0**-digits)


def test_config_and_shape():
    layer = LocalResponseNormalization(3, k=1.0, alpha=0.5, beta=0.5, name="norm1")
    again = LocalResponseNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    a = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")
    np.testing.assert_array_equal(again(a), layer(a))
    assert layer(keras.Input((None, None, 6))).shape == (None, None, None, 6)
    assert not layer.weights


@pytest.mark.parametrize("depth", [0, 4, -1])
def test_depth_is_odd(depth):
    with pytest.raises(InputError, match=f"odd and positive, not {depth}"):
        LocalResponseNormalization(depth)
