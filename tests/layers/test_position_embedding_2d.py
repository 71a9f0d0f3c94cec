import keras
import numpy as np
import pytest

from kerasapps.layers import PositionEmbedding2D


def test_adds_a_vector_of_the_column_beside_one_of_the_row():
    layer = PositionEmbedding2D()
    layer.build((None, 2, 3, 4))
    x = np.array([[1, 2], [3, 4], [5, 6]])
    y = np.array([[-1, -2], [-3, -4]])
    layer.set_weights([x, y])
    images = np.zeros((2, 2, 3, 4), "float32")
    images[1] = 100
    added = [[[*x[c], *y[r]] for c in range(3)] for r in range(2)]
    np.testing.assert_array_equal(layer(images), images + np.array(added))
    assert layer.multiply_adds(images.shape) == 0


def test_starts_normal():
    layer = PositionEmbedding2D()
    assert layer(keras.Input((20, 30, 256))).shape == (None, 20, 30, 256)
    for embedding, size in zip(layer.get_weights(), (30, 20), strict=True):
        assert embedding.shape == (size, 128)
        assert 0.018 < embedding.std() < 0.022


def test_odd_channels():
    with pytest.raises(ValueError, match="must be even, not 5"):
        PositionEmbedding2D().build((None, 2, 2, 5))
