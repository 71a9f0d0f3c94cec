import keras
import numpy as np

from kerasapps.layers import FanInUniform


def test_is_uniform_over_the_bounds():
    keras.utils.set_random_seed(0)
    kernel = np.asarray(FanInUniform()((5, 5, 4, 500)))
    limit = 2.4 / 100
    assert abs(kernel).max() <= limit
    # The moments of the uniform distribution, at 50,000 draws.
    np.testing.assert_allclose(kernel.mean() / limit, 0, atol=0.01)
    np.testing.assert_allclose(kernel.std() / limit, 3**-0.5, rtol=0.01)


def test_every_call_draws_anew_and_the_seed_repeats():
    initializer = keras.initializers.deserialize(
        keras.initializers.serialize(FanInUniform(scale=3.0))
    )
    assert initializer.scale == 3.0
    draws = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        draws.append([np.asarray(initializer((2, 3))) for _ in range(2)])
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0][0] != draws[0][1]).any()
