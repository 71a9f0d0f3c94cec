"""Trains what has two optimizers, as the apps do."""

import keras
import numpy as np
import tensorflow as tf

from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.training import distribution, fit_repair
from kerasapps.training.checkpoint import Checkpoint
from tests.checks import two_replicas
from tests.training.test_checkpoint import KillAt

EPOCHS, STEPS, BATCH = 2, 3, 8


def fit(make, *examples, replicas=1, directory=None, kill_at=None, callbacks=()):
    """Trains from the last checkpoint on, if there is a directory for them.

    Args:
        make: Returns the compiled model.
        *examples: Arrays, `[EPOCHS * BATCH or more, ...]`.
        replicas: 1, or 2 for those of `two_replicas`.
        directory: Where checkpoints go, after every second step.
        kill_at: Step of the whole training before which it is broken off.
        callbacks: Other callbacks.

    Returns:
        The model, its state and its optimizers' as arrays, and the history.
    """
    strategy = tf.distribute.get_strategy()
    if replicas > 1:
        strategy = two_replicas()
    data = ShuffledExamples(
        tf.data.Dataset.from_tensor_slices(examples),
        *(len(examples[0]), len(examples[0]) // STEPS),
        lambda example, seed: example if len(examples) > 1 else example[0],
        seed=1,
    )
    keras.utils.set_random_seed(7)
    with strategy.scope():
        model = make()
    if replicas > 1:
        distribution.synchronize_batch_normalization(model)
        fit_repair.repair(model)
    history = keras.callbacks.History()
    callbacks = [*callbacks, history]
    epoch = step = 0
    if directory is not None:
        checkpoint = Checkpoint(directory, data.steps_per_epoch, 2, history)
        checkpoint.restore(model)
        epoch, step = checkpoint.epoch, checkpoint.step
        callbacks.append(checkpoint)
    if kill_at is not None:
        callbacks.append(KillAt(kill_at - epoch * STEPS))
    model.fit(
        distribution.training_batches(strategy, data, epoch, step),
        steps_per_epoch=data.steps_per_epoch,
        initial_epoch=epoch,
        epochs=EPOCHS,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )
    optimizers = [model.optimizer, model.discriminator_optimizer]
    variables = model.variables + [v for o in optimizers for v in o.variables]
    return model, [v.numpy() for v in variables], history.history


def assert_close(one, other, tolerance):
    """Asserts that two results of `fit` have equal states and histories."""
    (_, state, history), (_, other_state, other_history) = one, other
    assert len(state) == len(other_state)
    for a, b in zip(state, other_state, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    assert history.keys() == other_history.keys()
    for name in history:
        np.testing.assert_allclose(
            history[name], other_history[name], rtol=tolerance, atol=tolerance
        )
