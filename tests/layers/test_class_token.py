import keras
import numpy as np

from kerasapps.layers import ClassToken


def test_the_same_token_comes_before_each_sequence():
    layer = ClassToken()
    x = np.arange(12, dtype="float32").reshape(2, 3, 2)
    assert not np.asarray(layer(x))[:, 0].any()
    layer.set_weights([np.array([-1.0, -2.0])])
    expected = [[[-1, -2], *sequence] for sequence in x.tolist()]
    np.testing.assert_array_equal(layer(x), expected)


def test_shapes():
    assert ClassToken()(keras.Input((3, 2))).shape == (None, 4, 2)
    assert ClassToken()(keras.Input((None, 2))).shape == (None, None, 2)
