import keras
import pytest

from kerasapps.models import LeNet5
from kerasapps.weights.blueprint import blueprint


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
