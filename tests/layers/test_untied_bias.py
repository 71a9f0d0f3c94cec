import numpy as np

from kerasapps.layers import UntiedBias


def test_each_unit_has_its_own():
    layer = UntiedBias()
    x = np.ones((2, 3, 4, 5), "float32")
    np.testing.assert_array_equal(layer(x), x)  # biases start at zero
    bias = np.arange(60, dtype="float32").reshape(3, 4, 5)
    layer.set_weights([bias])
    np.testing.assert_array_equal(layer(x), [1 + bias, 1 + bias])
