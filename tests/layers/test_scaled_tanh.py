import keras
import numpy as np

from kerasapps.layers import scaled_tanh


def test_values():
    x = np.array([-1e6, -1.0, 0.0, 1.0, 1e6], "float32")
    expected = [-1.7159, -1, 0, 1, 1.7159]
    np.testing.assert_allclose(scaled_tanh(x), expected, atol=1e-5)


def test_keeps_16_bits():
    x = keras.ops.ones((2,), "bfloat16")
    assert keras.backend.standardize_dtype(scaled_tanh(x).dtype) == "bfloat16"


def test_serialises_as_an_activation():
    layer = keras.layers.Dense(2, activation=scaled_tanh)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.activation is scaled_tanh
