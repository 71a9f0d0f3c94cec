import keras
import numpy as np
import pytest

from kerasapps.layers import EqualizedConv2D, EqualizedDense

RANDOM = np.random.default_rng(0)


def test_a_dense_layer_multiplies_its_weights_by_hes_constant():
    layer = EqualizedDense(3, gain=2.0, rate=0.1)
    x = RANDOM.normal(size=(5, 16)).astype("float32")
    layer.build(x.shape)
    kernel, bias = map(keras.ops.convert_to_numpy, layer.weights)
    np.testing.assert_array_equal(bias, 0)
    layer.bias.assign([5, 5, 5])
    expected = x @ kernel * (2 / 4 * 0.1) + 0.5
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)


def test_a_convolution_multiplies_its_kernels_by_hes_constant():
    layer = EqualizedConv2D(2, 3, gain=3.0)
    twin = keras.layers.Conv2D(2, 3, padding="same")
    x = RANDOM.normal(size=(2, 5, 6, 4)).astype("float32")
    layer.build(x.shape)
    twin.build(x.shape)
    twin.set_weights([np.asarray(layer.kernel) * (3 / np.sqrt(3 * 3 * 4)), np.ones(2)])
    layer.bias.assign([1, 1])
    np.testing.assert_allclose(layer(x), twin(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_the_variance_passes_from_the_start(rate):
    x = RANDOM.normal(size=(200, 400)).astype("float32")
    y = EqualizedDense(300, gain=1.0, rate=rate)(x)
    assert abs(float(keras.ops.std(y)) - 1) < 0.03


@pytest.mark.parametrize(
    "layer",
    [
        EqualizedDense(3, gain=2.0, rate=0.1, name="a"),
        EqualizedConv2D(2, 3, gain=3.0, use_bias=False, name="b"),
    ],
)
def test_configuration(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
