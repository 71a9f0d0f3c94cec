import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.models import LeNet1989
from kerasapps.training.optimizers import OPTIMIZERS, decays, make_optimizer
from kerasapps.training.schedules import learning_rate_schedule
from tests.checks import two_replicas

STEPS = 4
RANDOM = np.random.default_rng(0)
# A kernel, which decays, and a bias, which doesn't; the gradients of each step.
START = [RANDOM.normal(size=[3, 2]), RANDOM.normal(size=[2])]
GRADIENTS = [[RANDOM.normal(size=w.shape) for w in START] for _ in range(STEPS)]
DECAYS = [True, False]


def train(optimizer, gradients=GRADIENTS):
    """The weights after the steps."""
    weights = [keras.Variable(w, dtype="float32") for w in START]
    for step in gradients:
        optimizer.apply([tf.constant(g, tf.float32) for g in step], weights)
    return [w.numpy() for w in weights]


def clipped(gradients, largest):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1, largest / norm) for g in gradients]


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("clip", [None, 2.0])
def test_sgd_adds_the_decayed_weights_to_the_clipped_gradient(clip):
    norms = [np.sqrt(sum((g**2).sum() for g in step)) for step in GRADIENTS]
    assert min(norms) < 2.0 < max(norms)
    expected = []
    for i, decay in enumerate(DECAYS):
        w, velocity = START[i], 0
        for step in GRADIENTS:
            g = step[i] if clip is None else clipped(step, clip)[i]
            velocity = 0.8 * velocity - 0.1 * (g + 0.3 * w * decay)
            w = w + velocity
        expected.append(w)
    optimizer = make_optimizer(
        "sgd", 0.1, momentum=0.8, weight_decay=0.3, clip_global_norm=clip
    )
    assert_close(train(optimizer), expected)


def test_nesterov_looks_ahead():
    """As DenseNet's Torch: v = m v + g, then w -= rate (g + m v)."""
    expected = []
    for i, decay in enumerate(DECAYS):
        w, velocity = START[i], 0
        for step in GRADIENTS:
            g = step[i] + 0.3 * w * decay
            velocity = 0.8 * velocity + g
            w = w - 0.1 * (g + 0.8 * velocity)
        expected.append(w)
    optimizer = make_optimizer(
        "sgd", 0.1, momentum=0.8, weight_decay=0.3, nesterov=True
    )
    assert_close(train(optimizer), expected)


def test_rmsprop_as_efficientnet_has_it():
    """TensorFlow 1's: decay 0.9, momentum 0.9, and 1e-3 under the root.

    The mean square starts at 1, by which the first steps are the shorter ones.
    """
    small = [[0.01 * g for g in step] for step in GRADIENTS]
    expected = []
    for i in range(2):
        w, mean_square, velocity = START[i], 1, 0
        for step in small:
            mean_square = 0.9 * mean_square + 0.1 * step[i] ** 2
            velocity = 0.9 * velocity + 0.1 * step[i] / np.sqrt(mean_square + 1e-3)
            w = w - velocity
        expected.append(w)
    assert_close(train(make_optimizer("rmsprop", 0.1, epsilon=1e-3), small), expected)


def test_adadelta_of_a_mean_over_words_is_that_of_a_sum():
    """What the flagfiles of RNNsearch and RNNencdec turn the papers' numbers into."""
    words, papers = 30.0, {"learning_rate": 1.0, "epsilon": 1e-6, "clip_global_norm": 1}
    of_sums = make_optimizer("adadelta", **papers)
    of_means = make_optimizer(
        "adadelta", words, epsilon=1e-6 / words**2, clip_global_norm=1 / words
    )
    means = [[g / words for g in step] for step in GRADIENTS]
    found = np.concatenate([w.ravel() for w in train(of_means, means)])
    moved = found - np.concatenate([w.ravel() for w in START])
    sums = np.concatenate([w.ravel() for w in train(of_sums)])
    np.testing.assert_allclose(found, sums, rtol=1e-6)
    assert (np.abs(moved) > 5e-4).all()


def test_adam_has_epsilon_beside_the_root():
    expected = []
    for w, step in zip(START, GRADIENTS[0], strict=True):
        # After one step both moments are those of the gradient itself.
        rate = 0.1 * np.sqrt(0.001) / 0.1
        expected.append(w - rate * 0.1 * step / (np.sqrt(0.001) * np.abs(step) + 0.5))
    for name in ("adam", "adamw"):
        optimizer = make_optimizer(name, 0.1, epsilon=0.5)
        assert_close(train(optimizer, GRADIENTS[:1]), expected)


def test_the_decays_of_adam_are_those_given():
    expected = []
    for i, start in enumerate(START):
        w, m, v = start, 0, 0
        for t, step in enumerate(GRADIENTS, 1):
            m = 0.5 * m + 0.5 * step[i]
            v = 0.7 * v + 0.3 * step[i] ** 2
            rate = 0.1 * np.sqrt(1 - 0.7**t) / (1 - 0.5**t)
            w = w - rate * m / (np.sqrt(v) + 1e-7)
        expected.append(w)
    for name in ("adam", "adamw"):
        assert_close(train(make_optimizer(name, 0.1, beta_1=0.5, beta_2=0.7)), expected)


def test_what_an_optimizer_has_no_use_for_is_refused():
    for name in ("rmsprop", "adam", "adamw"):
        with pytest.raises(InputError, match="nesterov is for sgd"):
            make_optimizer(name, 0.1, nesterov=True)
    with pytest.raises(InputError, match="epsilon is for rmsprop, adadelta, adam"):
        make_optimizer("sgd", 0.1, epsilon=1e-3)


def test_adamw_decays_beside_the_step():
    expected = []
    for i, decay in enumerate(DECAYS):
        w, m, v = START[i], 0, 0
        for t, step in enumerate(GRADIENTS, 1):
            m = 0.9 * m + 0.1 * step[i]
            v = 0.999 * v + 0.001 * step[i] ** 2
            rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            w = w - 0.1 * 0.3 * w * decay - rate * m / (np.sqrt(v) + 1e-7)
        expected.append(w)
    assert_close(train(make_optimizer("adamw", 0.1, weight_decay=0.3)), expected)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("sgd", keras.optimizers.SGD(0.1, momentum=0.7)),
        ("adam", keras.optimizers.Adam(0.1)),
    ],
)
def test_equals_the_plain_optimizer_fed_with_the_whole_gradient(name, plain):
    weights = [keras.Variable(w, dtype="float32") for w in START]
    for step in GRADIENTS:
        clip = clipped(step, 2.0)
        plain.apply(
            [
                g + 0.3 * decay * w.numpy()
                for g, w, decay in zip(clip, weights, DECAYS, strict=True)
            ],
            weights,
        )
    ours = make_optimizer(
        name, 0.1, momentum=0.7, weight_decay=0.3, clip_global_norm=2.0
    )
    assert_close(train(ours), [w.numpy() for w in weights])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_name_is_that_optimizer_of_keras(name):
    classes = {k.lower(): v for k, v in vars(keras.optimizers).items()}
    defaults = {"weight_decay": 0.0} if name == "adamw" else {}
    if name in ("sgd", "rmsprop"):
        defaults["momentum"] = 0.9
    optimizer, plain = make_optimizer(name, 0.1), classes[name](0.1, **defaults)
    assert isinstance(optimizer, classes[name])
    # RMSProp's mean squares start elsewhere.
    if name != "rmsprop":
        assert_close(train(optimizer), train(plain))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_weight_without_gradient_stays(name):
    optimizer = make_optimizer(name, 0.1, weight_decay=0.3, clip_global_norm=1.0)
    used, unused = (keras.Variable(w, dtype="float32") for w in START)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.apply([tf.constant(START[0] + 1, tf.float32), None], [used, unused])
    np.testing.assert_array_equal(unused.numpy(), np.float32(START[1]))
    assert not np.allclose(used.numpy(), START[0])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("clip", [None, 0.5])
def test_sparse_gradients_of_an_embedding(name, clip):
    def gradient(table):
        with tf.GradientTape() as tape:
            rows = tf.gather(table.value, [2, 0, 2])
            loss = tf.reduce_sum(rows * tf.constant([[1.0, 2.0]]))
        return tape.gradient(loss, table.value)

    results = []
    for densify in (lambda g: g, tf.convert_to_tensor):
        optimizer = make_optimizer(name, 0.1, weight_decay=0.3, clip_global_norm=clip)
        table = keras.Variable(START[0], dtype="float32")
        for _ in range(3):
            sparse = gradient(table)
            assert isinstance(sparse, tf.IndexedSlices)
            optimizer.apply([densify(sparse)], [table])
        results.append(table.numpy())
    np.testing.assert_allclose(*results, rtol=1e-6)
    # The row that was not looked up has no gradient, but it decays.
    assert (np.abs(results[0][1]) < np.abs(START[0][1])).all()


def tiny_fit(optimizer, *callbacks, epochs=2):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
    model.compile(optimizer, loss="mse")
    x = np.random.default_rng(1).normal(size=[12, 3])
    model.fit(
        x,
        x[:, :2] + 1,
        batch_size=4,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )
    return model


def test_ema_replaces_the_weights_when_training_ends():
    seen = []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(
            [w.numpy() for w in record.model.weights]
        )
    )
    model = tiny_fit(make_optimizer("sgd", 0.1, ema=0.7), record)
    assert len(seen) == 6
    for i, weight in enumerate(model.get_weights()):
        average = seen[0][i]
        for step in seen[1:]:
            average = 0.7 * average + 0.3 * step[i]
        np.testing.assert_allclose(weight, average, rtol=1e-5)
        assert not np.allclose(weight, seen[-1][i], rtol=1e-3)


def test_ema_averages_the_statistics_of_batch_normalization_too():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input([3]), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    )
    optimizer = make_optimizer("sgd", 0.1, ema=0.7)
    model.compile(optimizer, loss="mse")
    optimizer.build(model.trainable_variables)
    optimizer.average_statistics(model)
    seen, evaluated = [], []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(model.get_weights()),
        on_test_batch_end=lambda batch, logs: evaluated.append(model.get_weights()),
    )
    x = np.random.default_rng(1).normal(3, 2, size=[12, 3])
    model.fit(
        *(x, x[:, :2]),
        validation_data=(x, x[:, :2]),
        batch_size=4,
        epochs=2,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.SwapEMAWeights(), record],
    )
    assert (len(seen), len(evaluated)) == (6, 6)
    for i, weight in enumerate(model.get_weights()):
        averages = [seen[0][i]]
        for step in seen[1:]:
            averages.append(0.7 * averages[-1] + 0.3 * step[i])
        np.testing.assert_allclose(evaluated[0][i], averages[2], rtol=1e-5)
        np.testing.assert_allclose(weight, averages[-1], rtol=1e-5)
        assert not np.allclose(weight, seen[-1][i], rtol=1e-3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ema_does_not_change_the_steps(name):
    plain = train(make_optimizer(name, 0.1, weight_decay=0.1))
    averaged = train(make_optimizer(name, 0.1, weight_decay=0.1, ema=0.9))
    assert_close(averaged, plain)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_config(name):
    schedule = learning_rate_schedule("cosine", 0.1, 2, 5, warmup_epochs=1)
    own = {"nesterov": True} if name == "sgd" else {"epsilon": 0.1}
    optimizer = make_optimizer(
        name,
        schedule,
        momentum=0.6,
        weight_decay=0.2,
        clip_global_norm=1.0,
        ema=0.9,
        **own,
    )
    saved = json.dumps(keras.saving.serialize_keras_object(optimizer))
    restored = keras.saving.deserialize_keras_object(json.loads(saved))
    assert type(restored) is type(optimizer)
    assert json.dumps(keras.saving.serialize_keras_object(restored)) == saved
    assert_close(train(restored), train(optimizer))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_loss_scaling_changes_nothing(name):
    options = {"weight_decay": 0.3, "clip_global_norm": 2.0}
    scaled = keras.mixed_precision.LossScaleOptimizer(
        make_optimizer(name, 0.1, **options), initial_scale=8.0
    )
    eightfold = [[8 * g for g in step] for step in GRADIENTS]
    assert_close(train(scaled, eightfold), train(make_optimizer(name, 0.1, **options)))


@pytest.mark.parametrize("loss_scale", [None, 8.0])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_two_replicas_are_as_one(name, loss_scale):
    options = {"weight_decay": 0.3, "clip_global_norm": 2.0}
    strategy = two_replicas()
    with strategy.scope():
        weights = [keras.Variable(w, dtype="float32") for w in START]
        optimizer = make_optimizer(name, 0.1, **options)
        if loss_scale:
            optimizer = keras.mixed_precision.LossScaleOptimizer(
                optimizer, initial_scale=loss_scale
            )
        optimizer.build(weights)

    @tf.function
    def step(gradients):
        # Replica 0 has 3/2 of the gradient and replica 1 has -1/2 of it.
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        share = tf.where(replica == 0, 1.5, -0.5) * (loss_scale or 1.0)
        optimizer.apply([share * g for g in gradients], weights)

    for gradients in GRADIENTS:
        strategy.run(step, [[tf.constant(g, tf.float32) for g in gradients]])
    expected = train(make_optimizer(name, 0.1, **options))
    assert_close([w.numpy() for w in weights], expected)


def test_biases_do_not_decay_whatever_their_shape():
    decaying = {v.path for v in LeNet1989().trainable_variables if decays(v)}
    assert decaying == {f"{name}/kernel" for name in ("H1", "H2", "H3", "output")}
