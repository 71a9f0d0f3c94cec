import functools
import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from kerasapps import models
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.models.densenet import DenseNet
from kerasapps.weights.blueprint import blueprint
from tests.checks import two_replicas

IMAGENET = {
    "DenseNet121": (6, 12, 24, 16),
    "DenseNet169": (6, 12, 32, 32),
    "DenseNet201": (6, 12, 48, 32),
    "DenseNet264": (6, 12, 64, 48),
}

# Table 2: L, k, whether it is a DenseNet-BC, and parameters in millions.
CIFAR = {
    "DenseNet40K12": (40, 12, False, 1.0),
    "DenseNet100K12": (100, 12, False, 7.0),
    "DenseNet100K24": (100, 24, False, 27.2),
    "DenseNetBC100K12": (100, 12, True, 0.8),
    "DenseNetBC250K24": (250, 24, True, 15.3),
    "DenseNetBC190K40": (190, 40, True, 25.6),
}


def parameters(stem, channels, blocks, growth_rate, bottleneck, compression, classes):
    """Counts them by the paper's text; a normalization has two a map."""
    k = growth_rate
    total = stem
    for block, repeats in enumerate(blocks):
        if block:
            kept = int(channels * compression)
            total += 2 * channels + channels * kept
            channels = kept
        for _ in range(repeats):
            if bottleneck:
                total += 2 * channels + channels * 4 * k + 2 * 4 * k + 4 * k * k * 9
            else:
                total += 2 * channels + channels * k * 9
            channels += k
    return total + 2 * channels + channels * classes + classes


def trainable(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


@pytest.mark.parametrize("name", IMAGENET)
def test_table_1(name, paper_blueprint):
    model = paper_blueprint(getattr(models, name))
    stem = 7 * 7 * 3 * 64 + 2 * 64
    expected = parameters(stem, 64, IMAGENET[name], 32, True, 0.5, 1000)
    assert trainable(model) == expected
    # Two convolutions a layer, three transitions, the first and the linear layer. The
    # paper's 264 are 265.
    depth = 2 * sum(IMAGENET[name]) + 3 + 2
    assert depth == {"DenseNet264": 265}.get(name, int(name.removeprefix("DenseNet")))
    sizes = [("stem_relu", 112), ("stem_pool", 56)]
    for block, size in enumerate((56, 28, 14, 7), 1):
        sizes.append((f"dense_block{block}_{IMAGENET[name][block - 1]}_concat", size))
    for layer, size in sizes:
        assert model.get_layer(layer).output.shape[1:3] == (size, size)


def test_multiply_adds_of_densenet121(paper_blueprint):
    # Of 224x224 images, by the sizes of table 1.
    total, channels = 112**2 * 7 * 7 * 3 * 64, 64
    for repeats, size in zip(IMAGENET["DenseNet121"], (56, 28, 14, 7), strict=True):
        if size < 56:
            total += (2 * size) ** 2 * channels * channels // 2
            channels //= 2
        for _ in range(repeats):
            total += size**2 * (channels * 128 + 9 * 128 * 32)
            channels += 32
    assert multiply_adds(paper_blueprint(models.DenseNet121)) == total + channels * 1000


@pytest.mark.parametrize("name", CIFAR)
def test_table_2(name, paper_blueprint):
    model = paper_blueprint(getattr(models, name))
    depth, k, bc, millions = CIFAR[name]
    channels = 2 * k if bc else 16
    layers = (depth - 4) // (6 if bc else 3)
    expected = parameters(
        27 * channels, channels, (layers,) * 3, k, bc, 0.5 if bc else 1, 10
    )
    assert trainable(model) == expected
    assert round(expected / 1e6, 1) == millions
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    assert len(convolutions) + 1 == depth
    assert model.get_layer("final_relu").output.shape[1:3] == (8, 8)


def test_dropout_follows_each_convolution_but_the_first():
    model = blueprint(models.DenseNetBC100K12, dropout_rate=0.2)
    layers = model.layers
    after = [
        following.rate if isinstance(following, keras.layers.Dropout) else None
        for layer, following in itertools.pairwise(layers)
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert after[0] is None
    assert set(after[1:]) == {0.2}
    drops = sum(isinstance(layer, keras.layers.Dropout) for layer in layers)
    assert drops == 100 - 2


SMALL = {
    "blocks": (2, 2),
    "growth_rate": 3,
    "stem_channels": 4,
    "stem": "cifar",
    "num_classes": 3,
    "input_shape": (8, 9, 2),
}


def moved(**arguments):
    """Builds a network with weights other than at the start, equal for equal ones."""
    keras.utils.set_random_seed(0)
    model = DenseNet(**arguments)
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(weight + random.uniform(0, 0.2, weight.shape))
    for i, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign([7, i])
    return model


@functools.cache
def data():
    random = np.random.default_rng(1)
    images = random.normal(size=(4, 8, 9, 2)).astype("float32")
    return images, np.array([0, 1, 2, 1])


def test_equals_the_twin_of_keras_applications():
    # keras.applications makes networks of the papers' sizes alone; this is what it
    # makes them with.
    from keras.src.applications.densenet import DenseNet as Twin

    twin = Twin(
        [1, 2, 1, 1],
        weights=None,
        input_shape=(40, 33, 3),
        classes=5,
        classifier_activation=None,
    )
    model = moved(blocks=(1, 2, 1, 1), num_classes=5, input_shape=(40, 33, 3))
    twin.set_weights(model.get_weights())
    images = np.random.default_rng(2).normal(size=(2, 40, 33, 3)).astype("float32")
    np.testing.assert_allclose(model(images), twin(images), rtol=1e-4, atol=1e-4)


def test_without_bottleneck_equals_numpy():
    model = moved(**SMALL, bottleneck=False)
    weights = iter(model.get_weights())

    def convolve(x):
        kernel = next(weights)
        size = kernel.shape[0]
        x = np.pad(x, ((0, 0), (size // 2,) * 2, (size // 2,) * 2, (0, 0)))
        windows = sliding_window_view(x, (size, size), axis=(1, 2))
        return np.einsum("bhwcij,ijco->bhwo", windows, kernel)

    def norm_relu(x):
        gamma, beta, mean, variance = (next(weights) for _ in range(4))
        x = (x - mean) / np.sqrt(variance + 1.001e-5) * gamma + beta
        return np.maximum(x, 0)

    def dense_block(x):
        for _ in range(2):
            x = np.concatenate([x, convolve(norm_relu(x))], axis=-1)
        return x

    x = dense_block(convolve(data()[0]))
    x = convolve(norm_relu(x))  # 4 + 2 * 3 maps, halved
    assert x.shape == (4, 8, 9, 5)
    x = x[:, :, :8].reshape(4, 4, 2, 4, 2, 5).mean(axis=(2, 4))
    x = norm_relu(dense_block(x)).mean(axis=(1, 2))
    logits = x @ next(weights) + next(weights)
    assert next(weights, None) is None
    np.testing.assert_allclose(model(data()[0]), logits, rtol=1e-4, atol=1e-4)


def step(model, images, labels):
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        losses = keras.ops.sparse_categorical_crossentropy(labels, logits, True)
        loss = tf.reduce_mean(losses)
    return loss, tape.gradient(loss, [w.value for w in model.trainable_weights])


@pytest.mark.parametrize(
    ("policy", "compiled"),
    [("float32", False), ("float32", True), ("mixed_bfloat16", True)],
)
def test_recomputation_changes_nothing(policy, compiled):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        plain, recomputed = (
            moved(**SMALL, dropout_rate=0.3, recompute=recompute)
            for recompute in (False, True)
        )
    finally:
        keras.config.set_dtype_policy(before)
    start = plain.get_weights()
    run = tf.function(step) if compiled else step
    for _ in range(2):  # with other seeds the second time
        loss, gradients = run(plain, *data())
        again, gradients_again = run(recomputed, *data())
        assert float(again) == pytest.approx(float(loss), rel=1e-6)
        for a, b in zip(gradients_again, gradients, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
            assert np.asarray(b).any()
    # Moving averages and seeds moved, and once a step.
    for a, b in zip(recomputed.variables, plain.variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
    changed = [(a != b).any() for a, b in zip(start, plain.get_weights(), strict=True)]
    assert changed == [not weight.trainable for weight in plain.weights]


def test_recomputation_leaves_frozen_layers_alone():
    plain, recomputed = (
        moved(**SMALL, recompute=recompute) for recompute in (False, True)
    )
    for model in (plain, recomputed):
        for layer in model.layers[:12]:
            layer.trainable = False
    frozen = [layer.get_weights() for layer in recomputed.layers[:12]]
    loss, gradients = step(plain, *data())
    again, gradients_again = step(recomputed, *data())
    assert float(again) == pytest.approx(float(loss), rel=1e-6)
    for a, b in zip(gradients_again, gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    for layer, weights in zip(recomputed.layers[:12], frozen, strict=True):
        for a, b in zip(layer.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(a, b)


def fitted(recompute, scope=None):
    def build():
        model = moved(**SMALL, recompute=recompute)
        model.compile(
            keras.optimizers.SGD(0.05),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        return model

    if scope is None:
        model = build()
    else:
        with scope:
            model = build()
    images, labels = data()
    if scope is not None:
        # Two replicas with the same images each have the statistics of one.
        images, labels = np.tile(images, (2, 1, 1, 1)), np.tile(labels, 2)
    model.fit(
        images, labels, batch_size=len(images), epochs=2, shuffle=False, verbose=0
    )
    return model.get_weights()


def test_recomputation_on_two_replicas():
    single = fitted(True)
    for a, b in zip(fitted(True, two_replicas().scope()), single, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    for a, b in zip(fitted(False), single, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_scaled(paper_blueprint):
    baseline = paper_blueprint(models.DenseNet121)
    model = blueprint(baseline.scaled, depth=1.2, width=1.5, resolution=1.25)
    assert model.blocks == (8, 15, 29, 20)
    assert (model.growth_rate, model.stem_channels) == (48, 96)
    assert model.input_shape == (None, 280, 280, 3)
    same = DenseNet(**SMALL, dropout_rate=0.2, recompute=True)
    assert same.scaled().get_config() == same.get_config()


def test_free_size():
    for recompute in (False, True):
        arguments = SMALL | {"input_shape": (None, None, 2), "recompute": recompute}
        model = DenseNet(**arguments)
        for shape in ((1, 8, 9, 2), (2, 12, 5, 2)):
            images = np.ones(shape, "float32")
            for training in (False, True):
                assert model(images, training=training).shape == (shape[0], 3)


@pytest.mark.parametrize(
    ("stem", "least"), [("imagenet", 29), ("cifar", 8)], ids=["imagenet", "cifar"]
)
def test_smallest_images(stem, least):
    def build(size):
        return blueprint(
            DenseNet, blocks=(1, 1, 1, 1), stem=stem, input_shape=(40, size, 3)
        )

    assert build(least).get_layer("final_relu").output.shape[2] == 1
    with pytest.raises(
        ValueError, match=f"at least {least}x{least}, not 40x{least - 1}"
    ):
        build(least - 1)


@pytest.mark.parametrize("compression", [0, 1.5])
def test_bad_compression(compression):
    with pytest.raises(ValueError, match="above 0 and at most 1, not"):
        DenseNet(compression=compression)
