import numpy as np
import pytest

from kerasapps.models import LeNet5
from kerasapps.models.resnet import ResNet
from kerasapps.weights.transfer import start_from


def small(num_classes=3):
    return ResNet((1, 1), (4, 6), False, "A", "cifar", num_classes, (8, 8, 3))


def weights(model, name):
    return model.get_layer(name).get_weights()


def test_everything_fits_a_twin():
    model, source = small(), small()
    fresh = start_from(model, source)
    assert not any(name.startswith("conv") and "bn" not in name for name in fresh)
    for ours, theirs in zip(model.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_another_number_of_classes_keeps_its_head():
    model, source = small(5), small(3)
    before = weights(model, "fc")
    assert "fc" in start_from(model, source)
    np.testing.assert_array_equal(weights(model, "fc")[0], before[0])
    np.testing.assert_array_equal(
        weights(model, "conv3_1_2")[0], weights(source, "conv3_1_2")[0]
    )


def test_another_class():
    with pytest.raises(
        ValueError, match="lenet5 is a LeNet5; give a ResNet, as resnet is"
    ):
        start_from(small(), LeNet5())


def test_nothing_fits():
    other = ResNet((1,), (5,), False, "A", "cifar", 2, (8, 8, 1))
    for weight in other.weights:
        weight.assign(weight + 1)
    with pytest.raises(ValueError, match="none of the weights of resnet fit resnet;"):
        start_from(small(), other)
