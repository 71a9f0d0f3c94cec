import keras
import numpy as np

from kerasapps.layers import TrainableSubsampling, scaled_tanh


def test_sums_scales_and_shifts_each_map():
    layer = TrainableSubsampling()
    # Two maps of 3 x 5, of which the last row and column are left out.
    x = np.arange(30, dtype="float32").reshape(1, 3, 5, 2)
    layer.build(x.shape)
    layer.set_weights([np.array([2.0, -1.0]), np.array([0.5, 0.0])])
    # First map: 0 + 2 + 10 + 12 = 24, and 4 + 6 + 14 + 16 = 40; the second is 4 more.
    expected = [[[24 * 2 + 0.5, -28], [40 * 2 + 0.5, -44]]]
    np.testing.assert_allclose(layer(x)[0], expected)
    assert layer(keras.Input((3, 5, 2))).shape == (None, 1, 2, 2)


def test_starts_as_a_unit_with_four_inputs():
    layer = TrainableSubsampling()
    layer.build((None, 4, 4, 1000))
    coefficient, bias = layer.get_weights()
    assert 0.55 < abs(coefficient).max() <= 0.6
    assert coefficient.min() < 0 < coefficient.max()
    assert not bias.any()


def test_config():
    layer = TrainableSubsampling(activation=scaled_tanh, name="S2")
    again = TrainableSubsampling.from_config(layer.get_config())
    x = np.ones((1, 2, 2, 1), "float32")
    for each in (layer, again):
        each.build(x.shape)
        each.set_weights([np.array([0.25]), np.array([0.0])])
        np.testing.assert_allclose(each(x), np.ones((1, 1, 1, 1)), atol=1e-5)
    assert keras.layers.serialize(again) == keras.layers.serialize(layer)
