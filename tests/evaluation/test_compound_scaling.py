import itertools

import keras
import pytest

from kerasapps import models
from kerasapps.blueprint import blueprint
from kerasapps.evaluation.compound_scaling import (
    Coefficients,
    Cost,
    CostModel,
    cost,
    curves,
    grid,
)
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.models.densenet import DenseNet
from kerasapps.models.efficientnet import EfficientNet
from kerasapps.models.resnet import ResNet


def test_grid():
    # On the coarse grid of 1, 1.2, 1.4, ...; by hand:
    assert set(grid(0.2, 0.1)) == {
        (1, 1, 1.4),  # 1.96
        (1, 1.4, 1),
        (1, 1.2, 1.2),  # 2.0736
        (1.4, 1, 1.2),  # 2.016
        (1.4, 1.2, 1),
        (2, 1, 1),
    }
    papers = grid(0.05, 0.1)
    assert (1.2, 1.1, 1.15) in papers  # 1.92, section 3.3
    assert all(min(c) >= 1 and 1.9 - 1e-9 <= c.growth <= 2.1 + 1e-9 for c in papers)


def test_coefficients():
    papers = Coefficients(1.2, 1.1, 1.15)
    assert papers.growth == pytest.approx(1.2 * 1.21 * 1.3225)
    assert papers.factors(0) == (1, 1, 1)
    assert papers.factors(2) == (1.44, 1.21, 1.3225)


def test_cost_by_hand():
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 3, padding="same")(image)
    x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(5)(x)
    # The image counts among the activations: the first layer's gradient needs it.
    counted = cost(keras.Model(image, x))
    assert counted == (16 * 27 * 2 + 10, 56 + 15, 48 + 32 + 32 + 2 + 5)
    assert counted.memory() == 4 * (71 + 119)
    assert counted.memory(batch_size=10) == 4 * (71 + 1190)


def test_budget():
    network = Cost(100, 10, 20)  # 120 bytes
    assert network.fits()
    assert network.fits(100, 120)
    assert not network.fits(99)
    assert not network.fits(100, 119)
    assert not network.fits(100, 120, batch_size=2)
    assert network.fits(memory=200, batch_size=2)


def check(baseline, factors):
    model = CostModel(baseline)
    for depth, width, resolution in factors:
        scaled = blueprint(
            baseline.scaled, depth=depth, width=width, resolution=resolution
        )
        counted = cost(scaled)
        predicted = model.predict(depth, width, resolution)
        assert predicted == pytest.approx(counted, rel=0.02)
        for batch_size in (1, 32):
            assert predicted.memory(batch_size) == pytest.approx(
                counted.memory(batch_size), rel=0.02
            )


def test_efficientnet_b0():
    factors = itertools.product((1.2, 2.1), (1.1, 1.7), (1.15,))
    check(blueprint(models.EfficientNetB0), factors)


# All rounded; and large in all three ways.
@pytest.mark.parametrize("factors", [(1.2, 1.1, 1.15), (2.0, 1.5, 2.0)], ids=str)
@pytest.mark.parametrize(
    "name", ["ResNet20", "DenseNet40K12", "VGGA", "GoogLeNet", "AlexNet", "ViTB32"]
)
def test_families(name, factors):
    check(blueprint(getattr(models, name)), [factors])


def test_bottlenecks():
    resnet = blueprint(ResNet, blocks=(1, 2), widths=(16, 24))
    check(resnet, [(1.7, 1.3, 1.1)])
    densenet = blueprint(DenseNet, blocks=(2, 3), growth_rate=12)
    check(densenet, [(1.7, 1.3, 1.1)])


def test_levels_that_become_one():
    # From 12 to 6, 6, 3; from 4 to 2, 2, 1, where squeeze-and-excitation is.
    stages = ((1, 16, 1, 1, 3), (6, 16, 2, 2, 5))
    baseline = EfficientNet(0.5, stages=stages, num_classes=3, input_shape=(12, 12, 3))
    check(baseline, [(1.0, 2.0, 1 / 3)])


def test_a_network_that_is_really_built():
    baseline = blueprint(models.ResNet20)
    network = baseline.scaled(depth=1.4, width=1.2, resolution=1.25)
    predicted = CostModel(baseline).predict(1.4, 1.2, 1.25)
    assert network.count_params() > 0
    assert predicted == pytest.approx(cost(network), rel=0.02)


def test_curves():
    trained = []

    def train(*factors):
        trained.append(factors)
        return 0.5

    model = CostModel(blueprint(models.ResNet20))
    found = curves(model, Coefficients(1.25, 1.2, 1.0), 1, train)
    assert trained[:4] == [(1, 1, 1)] * 4
    # 1.25 * 1.2^2 = 1.8, and its root.
    assert trained[4:] == [
        (1.8, 1, 1),
        (1, 1.3416, 1),
        (1, 1, 1.3416),
        (1.25, 1.2, 1),
    ]
    assert [[x for x, _, _ in curve] for curve in found.values()] == [
        [1, 1.8],
        [1, 1.3416],
        [1, 1.3416],
        [0, 1],
    ]
    for curve in found.values():
        assert curve[0][1:] == (pytest.approx(multiply_adds(model.baseline)), 0.5)
        assert 1.4 < curve[1][1] / curve[0][1] < 2.5
