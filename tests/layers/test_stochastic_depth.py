import keras
import numpy as np
import pytest

from kerasapps.layers import StochasticDepth


def test_branches_are_dropped_whole_and_the_others_scaled():
    layer = StochasticDepth(0.2, seed=1)
    x = np.random.default_rng(0).normal(size=(5_000, 2, 1, 3)).astype("float32")
    y = keras.ops.convert_to_numpy(layer(x, training=True))
    dropped = (y == 0).all(axis=(1, 2, 3))
    np.testing.assert_allclose(y[~dropped], x[~dropped] / 0.8, rtol=1e-6)
    # 0.2 and five standard deviations, sqrt(0.2 * 0.8 / 5000).
    assert abs(dropped.mean() - 0.2) < 5 * 0.0057


def test_each_call_draws_anew():
    layer = StochasticDepth(0.5, seed=1)
    x = np.ones((64, 1), "float32")
    first, second = (layer(x, training=True) for _ in range(2))
    assert (np.asarray(first) != np.asarray(second)).any()


@pytest.mark.parametrize(("rate", "training"), [(0.5, False), (0.0, True)])
def test_identity(rate, training):
    x = np.random.default_rng(0).normal(size=(8, 2, 3)).astype("float32")
    np.testing.assert_array_equal(StochasticDepth(rate)(x, training=training), x)


def test_gradient_passes_only_where_the_branch_was_kept():
    import tensorflow as tf

    layer = StochasticDepth(0.5, seed=1)
    x = tf.ones((64, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    gradient = tape.gradient(y, x)
    np.testing.assert_array_equal(gradient, y)  # x is 1: 0 or 2 both times
    assert set(np.unique(y)) == {0, 2}


def test_any_batch_size_in_a_graph():
    image = keras.Input((4, 4, 2))
    layer = StochasticDepth(0.5)
    model = keras.Model(image, layer(image))
    assert model.output_shape == (None, 4, 4, 2)
    assert layer.compute_output_shape((3, 5)) == (3, 5)
    model.compile("sgd", "mse")
    model.fit(np.ones((5, 4, 4, 2)), np.ones((5, 4, 4, 2)), batch_size=3, verbose=0)


def test_config():
    layer = StochasticDepth(0.25, seed=7, name="drop")
    again = StochasticDepth.from_config(layer.get_config())
    assert (again.rate, again.seed, again.name) == (0.25, 7, "drop")


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5])
def test_rate_out_of_range(rate):
    with pytest.raises(ValueError, match="from 0 to below 1, not ") as error:
        StochasticDepth(rate)
    assert "\n" not in str(error.value)
