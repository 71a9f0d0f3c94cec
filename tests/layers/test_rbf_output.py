import keras
import numpy as np

from kerasapps.layers import RBFOutput


def test_squared_distances():
    layer = RBFOutput([[1, 1], [-1, 1], [0, 0]])
    x = np.array([[1.0, 1.0], [2.0, -3.0]], "float32")
    np.testing.assert_allclose(layer(x), [[0, 4, 2], [1 + 16, 9 + 16, 4 + 9]])


def test_codes_are_not_trained():
    layer = RBFOutput(np.ones((3, 5)))
    layer.build((None, 5))
    assert not layer.trainable_weights
    assert [w.shape for w in layer.non_trainable_weights] == [(3, 5)]


def test_config():
    layer = RBFOutput(np.array([[1.0, -1.0]]), name="output")
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    again.build((None, 2))
    np.testing.assert_array_equal(again.codes, [[1, -1]])
    assert again.name == "output"
