import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.layers import Maxout


def test_each_unit_is_its_largest_sum():
    layer = Maxout(3, 2)
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    layer.build(x.shape)
    layer.bias.assign(np.arange(6) / 10)
    sums = x @ keras.ops.convert_to_numpy(layer.kernel) + np.arange(6) / 10
    expected = np.maximum(sums[:, ::2], sums[:, 1::2])
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)
    assert layer.count_params() == 4 * 6 + 6


def test_two_pieces_can_be_a_rectifier_or_the_absolute_value():
    layer = Maxout(2, 2)
    layer.build((None, 1))
    layer.kernel.assign([[1, 0, 1, -1]])
    np.testing.assert_array_equal(layer(np.array([[-3.0], [2.0]])), [[0, 3], [2, 2]])


@pytest.mark.parametrize("arguments", [(0, 2), (2, 0)])
def test_nothing_is_an_error(arguments):
    with pytest.raises(InputError, match="pieces"):
        Maxout(*arguments)


def test_configuration():
    layer = Maxout(3, 2, kernel_initializer="he_normal", name="h")
    again = Maxout.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert isinstance(again.kernel_initializer, keras.initializers.HeNormal)
