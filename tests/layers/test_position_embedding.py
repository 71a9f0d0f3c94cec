import keras
import numpy as np

from kerasapps.layers import PositionEmbedding


def test_adds_a_vector_to_each_place():
    layer = PositionEmbedding()
    layer.build((None, 3, 2))
    layer.set_weights([np.array([[1, 2], [3, 4], [5, 6]])])
    x = np.array([np.zeros((3, 2)), np.full((3, 2), 10.0)])
    expected = [[[1, 2], [3, 4], [5, 6]], [[11, 12], [13, 14], [15, 16]]]
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.multiply_adds((None, 3, 2)) == 0


def test_starts_normal():
    layer = PositionEmbedding()
    assert layer(keras.Input((100, 64))).shape == (None, 100, 64)
    (embedding,) = layer.get_weights()
    assert embedding.shape == (100, 64)
    assert 0.019 < embedding.std() < 0.021
