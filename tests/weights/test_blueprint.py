import functools

import keras
import pytest

from kerasapps.errors import InputError
from kerasapps.models import DCGAN, LeNet5, Transformer, ViT
from kerasapps.weights.blueprint import Bound, blueprint


def test_shapes_without_values():
    model = blueprint(LeNet5, num_classes=7, output="softmax")
    shapes = [weight.shape for weight in model.weights]
    assert shapes == [weight.shape for weight in LeNet5(7, output="softmax").weights]
    # A model made afterwards doesn't fill the blueprint's.
    LeNet5()
    assert all(weight._value is None for weight in model.weights)


def test_the_policy_is_the_callers():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = blueprint(LeNet5)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.get_layer("C1").compute_dtype == "bfloat16"


def test_errors_are_the_constructors():
    with pytest.raises(ValueError, match="at least 32x32"):
        blueprint(LeNet5, input_shape=(3, 3, 1))


@pytest.mark.parametrize(
    ("model", "bound", "error"),
    [
        (LeNet5, Bound(arrays=12), "more than 12 arrays of weights: choose fewer"),
        (LeNet5, Bound(numbers=60_000), "more than 6e.04 weights: choose a smaller"),
        (functools.partial(ViT, num_layers=10**9), Bound(50), "more than 50 arrays"),
        (functools.partial(DCGAN, filters=10**9), Bound(), "more than 1.13e.15 wei"),
        (functools.partial(Transformer, d_ff=2**31 - 1), Bound(100, 10**9), "1e.09"),
    ],
    ids=str,
)
def test_building_stops_at_the_bound(model, bound, error):
    with pytest.raises(InputError, match=error) as raised:
        blueprint(model, bound)
    assert "\n" not in str(raised.value)
    assert blueprint(LeNet5, Bound(14, 70_000)).count_params() < 70_000
