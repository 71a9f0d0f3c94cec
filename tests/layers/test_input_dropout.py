import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.layers import InputDropout

UNITS = np.array([[1, -2, 3, 4]], "float32")
NOISE = np.array([[0.19, 0.2, 0.9, 0]], "float32")


def test_units_of_small_noise_are_dropped_and_the_others_grow():
    layer = InputDropout(0.2)
    for training in (False, True):
        kept = layer([UNITS, NOISE], training=training)
        np.testing.assert_allclose(kept, [[0, -2.5, 3.75, 0]], rtol=1e-6)


def test_expectations_stay():
    units = np.ones((100, 1_000), "float32")
    noise = np.random.default_rng(0).uniform(size=units.shape).astype("float32")
    kept = keras.ops.convert_to_numpy(InputDropout(0.3)([units, noise]))
    assert abs(kept.mean() - 1) < 0.01
    assert abs((kept == 0).mean() - 0.3) < 0.01


def test_in_16_bits():
    layer = InputDropout(0.5, dtype="mixed_bfloat16")
    kept = layer([keras.ops.cast(UNITS, "bfloat16"), NOISE])
    assert kept.dtype == "bfloat16"
    np.testing.assert_array_equal(keras.ops.cast(kept, "float32"), [[0, 0, 6, 0]])


def test_configuration():
    layer = InputDropout(0.25, name="dropped")
    again = InputDropout.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.compute_output_shape([(2, 3), (2, 3)]) == (2, 3)


@pytest.mark.parametrize("rate", [-0.1, 1, float("nan")])
def test_other_rates_are_errors(rate):
    with pytest.raises(InputError, match="from 0 to below 1"):
        InputDropout(rate)
