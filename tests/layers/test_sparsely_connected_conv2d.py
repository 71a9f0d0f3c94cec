import keras
import numpy as np
import pytest

from kerasapps.layers import FanInUniform, SparselyConnectedConv2D, scaled_tanh

TABLE = ((0, 2), (1,), (3, 0, 1))


def dense_twin(layer, channels):
    """The Conv2D whose absent kernels are zero, with the weights of `layer`."""
    kernel, *bias = layer.get_weights()
    dense = np.zeros((*kernel.shape[:2], channels, len(layer.connection_table)))
    connection = 0
    for output, inputs in enumerate(layer.connection_table):
        for channel in inputs:
            dense[:, :, channel, output] = kernel[:, :, connection]
            connection += 1
    twin = keras.layers.Conv2D(
        len(layer.connection_table),
        layer.kernel_size,
        layer.strides,
        activation=layer.activation,
        use_bias=layer.use_bias,
    )
    twin.build((None, None, None, channels))
    twin.set_weights([dense, *bias])
    return twin


@pytest.mark.parametrize(
    ("kernel_size", "strides", "use_bias"),
    [(3, 1, True), ((3, 2), (2, 1), False), (2, 2, True)],
)
def test_equals_dense_convolution_with_zeros(kernel_size, strides, use_bias):
    layer = SparselyConnectedConv2D(
        TABLE, kernel_size, strides, activation=scaled_tanh, use_bias=use_bias
    )
    layer.build((None, None, None, 4))
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.weights])
    twin = dense_twin(layer, channels=4)
    for height, width in ((7, 6), (9, 11)):
        x = random.normal(size=(2, height, width, 4)).astype("float32")
        np.testing.assert_allclose(layer(x), twin(x), rtol=1e-5, atol=1e-6)
        symbolic = keras.Input((height, None, 4))
        assert layer(symbolic).shape == twin(symbolic).shape


def test_only_connections_are_weights():
    layer = SparselyConnectedConv2D(TABLE, (3, 5))
    layer.build((None, None, None, 4))
    assert [w.shape for w in layer.weights] == [(3, 5, 6), (3,)]


def test_starts_by_the_true_fan_in():
    layer = SparselyConnectedConv2D(TABLE, 10, kernel_initializer=FanInUniform())
    layer.build((None, None, None, 4))
    sizes = abs(layer.get_weights()[0]).max(axis=(0, 1))
    bounds = 2.4 / (100 * np.array([2, 2, 1, 3, 3, 3]))
    assert (sizes <= bounds).all()
    assert (sizes > 0.9 * bounds).all()


def test_a_seeded_initializer_gives_each_map_its_own_kernels():
    seeded = keras.initializers.GlorotUniform(seed=0)
    layer = SparselyConnectedConv2D([(0, 1)] * 3, 3, kernel_initializer=seeded)
    layer.build((None, None, None, 2))
    kernels = layer.get_weights()[0].reshape(9, 6)
    assert len(np.unique(kernels, axis=1)[0]) == 6


def test_config():
    layer = SparselyConnectedConv2D(
        TABLE,
        (3, 2),
        strides=(2, 1),
        activation=scaled_tanh,
        use_bias=False,
        kernel_initializer=FanInUniform(scale=3.0),
        name="C3",
    )
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert keras.layers.serialize(again) == keras.layers.serialize(layer)
    assert again.connection_table == TABLE
    assert (again.kernel_size, again.strides, again.use_bias) == ((3, 2), (2, 1), False)
    assert again.activation is scaled_tanh
    assert again.kernel_initializer.scale == 3.0


@pytest.mark.parametrize("wrong", [4, -1])
def test_input_map_that_is_not_there(wrong):
    layer = SparselyConnectedConv2D([(0,), (1, wrong)], 3)
    with pytest.raises(ValueError, match="only the input maps 0 to 3"):
        layer.build((None, 8, 8, 4))
