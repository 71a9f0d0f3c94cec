"""Two replicas train as one does, on the same global batch."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.training import distribution, fit_repair
from kerasapps.training.optimizers import make_optimizer
from tests.checks import two_replicas


@keras.saving.register_keras_serializable("tests")
class CustomStep(keras.Model):
    """Overrides `train_step`, as an adversarially trained model does."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss * replicas)
            else:
                metric.update_state(y, self(x, training=False))
        return self.get_metrics_result()


def train(replicas, model_class, validation_size, **optimizer):
    """Returns the history and the weights after three epochs."""
    strategy = tf.distribute.get_strategy()
    if replicas > 1:
        strategy = two_replicas()
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 6, 6, 1)).astype("float32")
    y = (x.mean(axis=(1, 2, 3)) > 0).astype("int64")
    examples = tf.data.Dataset.from_tensor_slices((x, y))
    data = ShuffledExamples(examples, 50, 8, lambda example, seed: example, seed=1)
    keras.utils.set_random_seed(0)
    with strategy.scope():
        image = keras.Input((6, 6, 1))
        # A bias before the normalization has a gradient of noise: Adam scales it up.
        hidden = keras.layers.Conv2D(4, 3, use_bias=False)(image)
        hidden = BatchNormalization()(hidden)
        hidden = keras.layers.Flatten()(keras.layers.ReLU()(hidden))
        model = model_class(image, keras.layers.Dense(2)(hidden))
        model.compile(
            make_optimizer(**{"name": "sgd", "learning_rate": 0.1} | optimizer),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        model.optimizer.build(model.trainable_variables)
        model.optimizer.average_statistics(model)
    if replicas > 1:
        distribution.synchronize_batch_normalization(model)
        fit_repair.repair(model)
    history = model.fit(
        distribution.training_batches(strategy, data),
        steps_per_epoch=data.steps_per_epoch,
        epochs=3,
        validation_data=distribution.evaluation_batches(
            strategy, examples.take(validation_size), validation_size, 4
        ),
        shuffle=False,
        verbose=0,
    ).history
    return history, model.get_weights()


@pytest.mark.parametrize(
    ("model_class", "validation_size", "optimizer"),
    [
        # Batches of 4: the last has one example and leaves a replica without any, or
        # the first is one that two replicas can't divide evenly.
        (keras.Model, 21, {"clip_global_norm": 0.05, "weight_decay": 0.01}),
        (CustomStep, 3, {"name": "adamw", "learning_rate": 0.01, "ema": 0.9}),
    ],
)
def test_two_replicas_train_as_one(model_class, validation_size, optimizer):
    history, weights = train(1, model_class, validation_size, **optimizer)
    other_history, other_weights = train(2, model_class, validation_size, **optimizer)
    assert history["loss"][-1] < history["loss"][0]
    assert history.keys() == other_history.keys()
    for name in history:
        np.testing.assert_allclose(history[name], other_history[name], rtol=1e-4)
    for one, other in zip(weights, other_weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_batch_must_divide_by_the_replicas():
    strategy = two_replicas()
    examples = tf.data.Dataset.range(10).map(lambda x: (x, x))
    data = ShuffledExamples(examples, 10, 3, lambda example, seed: example, seed=1)
    with pytest.raises(InputError, match="batch_size=3"):
        distribution.training_batches(strategy, data)


@pytest.mark.parametrize(
    "config",
    [
        None,
        "no json",
        "{}",
        json.dumps({"cluster": {"worker": ["a:1"]}}),
        json.dumps(
            {
                "cluster": {"worker": ["a:1"]},
                "task": {"type": "worker", "index": 1},
            }
        ),
        json.dumps(
            {
                "cluster": {"chief": ["a:1"], "worker": ["b:1"]},
                "task": {"type": "chief", "index": 0},
            }
        ),
        "[" * 100_000,
        '{"cluster": {"worker": 5}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": [1]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:99999"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": true}}',
        '{"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", '
        '"index": 0}}',
    ],
)
def test_several_workers_need_a_valid_tf_config(config, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match="TF_CONFIG"):
        distribution.make_strategy("multi_worker", 2)


def test_far_more_devices_than_there_are_cores():
    with pytest.raises(InputError, match="num_devices=500, but this machine") as error:
        distribution.make_strategy("mirrored", 500)
    assert error.value.argument == "num_devices"
