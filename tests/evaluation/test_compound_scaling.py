import itertools

import keras
import numpy as np
import pytest

from kerasapps import models
from kerasapps.evaluation.compound_scaling import (
    Coefficients,
    Cost,
    cost,
    curves,
    grid,
    scaled_cost,
)
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.models.alexnet import AlexNet
from kerasapps.models.densenet import DenseNet
from kerasapps.models.efficientnet import EfficientNet
from kerasapps.models.resnet import ResNet
from kerasapps.models.vgg import VGG
from kerasapps.models.vit import ViT
from kerasapps.weights.blueprint import blueprint


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


# As small as they can be; AlexNet takes 64x64 images, all others 32x32.
BASELINES = {
    "resnet": lambda: ResNet((1, 2), (16, 24), input_shape=(32, 32, 3)),
    "densenet": lambda: DenseNet((2, 2), 12, 16, input_shape=(32, 32, 3)),
    "efficientnet": lambda: EfficientNet(
        stages=((1, 16, 1, 1, 3), (6, 16, 2, 2, 5)), input_shape=(32, 32, 3)
    ),
    "vgg": lambda: VGG((1, 1), (16, 24), units=32, input_shape=(32, 32, 3)),
    "alexnet": lambda: AlexNet(
        filters=(16, 16, 16, 16, 16), units=32, input_shape=(64, 64, 3)
    ),
    "vit": lambda: ViT(4, 2, 48, 96, 3, input_shape=(32, 32, 3)),
}


@pytest.mark.parametrize("family", BASELINES)
def test_networks_that_are_really_built(family):
    baseline = BASELINES[family]()
    every = itertools.product((1.0, 1.2), repeat=3)
    for factors in every if family == "vit" else [(1.2, 1.2, 1.2)]:
        network = baseline.scaled(*factors)
        # The numbers that the layers really put out.
        layers = keras.Model(network.input, [n.output for n in network.layers])
        outputs = layers(np.zeros((1, *network.input_shape[1:]), "float32"))
        counted = (
            multiply_adds(network),
            sum(weight.numpy().size for weight in network.trainable_weights),
            sum(np.size(output) for output in outputs),
        )
        assert scaled_cost(baseline, *factors) == pytest.approx(counted, rel=0.02)


def test_attention_grows_with_width_and_resolution():
    # 4 patches of 4x4 and the class token; three heads of 16 channels become 4 of 16.
    baseline = ViT(4, 1, 48, 96, 3, num_classes=5, input_shape=(8, 8, 3))
    scaled = baseline.scaled(1, 4 / 3, 2)
    assert (scaled.hidden_size, scaled.mlp_size) == (64, 128)
    patches = 16 * (4 * 4 * 3) * 64
    attention = 17 * 4 * 64 * 64 + 2 * 17 * 17 * 64
    mlp = 17 * 2 * 64 * 128
    assert (
        scaled_cost(baseline, 1, 4 / 3, 2).multiply_adds
        == patches + attention + mlp + 64 * 5
    )


def test_curves():
    trained = []

    def train(*factors):
        trained.append(factors)
        return 0.5

    baseline = blueprint(models.ResNet20)
    found = curves(baseline, Coefficients(1.25, 1.2, 1.0), 1, train)
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
        assert curve[0][1:] == (multiply_adds(baseline), 0.5)
        assert 1.4 < curve[1][1] / curve[0][1] < 2.5
