"""A run that is stopped anywhere and resumed ends as one that was never stopped."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.errors import InputError
from kerasapps.training import distribution, fit_repair
from kerasapps.training.checkpoint import Checkpoint, NonFiniteError
from kerasapps.training.optimizers import Adam
from tests.checks import two_replicas

EPOCHS, BATCH, SIZE = 3, 8, 45
STEPS = SIZE // BATCH


class Killed(BaseException):
    """Stands for SIGKILL: no `except Exception` catches it, no callback sees it."""


class KillAt(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.left = step

    def on_train_batch_begin(self, batch, logs=None):
        if self.left == 0:
            raise Killed
        self.left -= 1


class TwoOptimizers(keras.Model):
    """Trains its two halves by one optimizer each, as a GAN does."""

    def __init__(self):
        super().__init__()
        self.body = keras.Sequential(
            [
                keras.layers.Dense(8),
                keras.layers.BatchNormalization(synchronized=True),
                keras.layers.Dropout(0.5, seed=3),
            ]
        )
        self.head = keras.layers.Dense(3)
        self.build((None, 4))

    def build(self, input_shape):
        self.body.build(input_shape)
        self.head.build((None, 8))
        self.built = True

    def call(self, x, training=False):
        return self.head(self.body(x, training=training))

    def compile(self, body_optimizer, **kwargs):
        super().compile(**kwargs)
        self.body_optimizer = body_optimizer
        body_optimizer.build(self.body.trainable_variables)
        self.optimizer.build(self.head.trainable_variables)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape(persistent=True) as tape:
            outputs = self(x, training=True)
            loss = self.compute_loss(x, y, outputs)
        for part, optimizer in (
            (self.body, self.body_optimizer),
            (self.head, self.optimizer),
        ):
            variables = part.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss * replicas)
            else:
                metric.update_state(y, outputs)
        return self.get_metrics_result()


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def two_optimizers():
    model = TwoOptimizers()
    model.compile(
        keras.optimizers.RMSprop(0.01),
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        loss=loss(),
        metrics=["accuracy"],
    )
    return model


def functional(policy="float32"):
    keras.config.set_dtype_policy(policy)
    try:
        image = keras.Input((4,))
        x = keras.layers.Dense(8)(image)
        x = keras.layers.BatchNormalization(synchronized=True)(x)
        x = keras.layers.Dropout(0.5)(x)
        model = keras.Model(image, keras.layers.Dense(3, dtype="float32")(x))
        optimizer = Adam(
            learning_rate=0.05, use_ema=True, ema_momentum=0.9, clip_global_norm=0.5
        )
        model.compile(optimizer, loss=loss(), metrics=["accuracy"])
    finally:
        keras.config.set_dtype_policy("float32")
    model.optimizer.build(model.trainable_variables)
    optimizer.average_statistics(model)
    return model


def loss_scaling():
    return functional("mixed_float16")


def run(make_model, directory, replicas=1, kill_at=None, epochs=EPOCHS, **options):
    """Trains from the last checkpoint on; returns model, state and history."""
    keras.utils.set_random_seed(7)
    random = np.random.default_rng(0)
    x = random.normal(size=(SIZE, 4)).astype("float32")
    y = random.integers(0, 3, SIZE)
    examples = tf.data.Dataset.from_tensor_slices((x, y))

    def jitter(example, seed):
        x, y = example
        return x + tf.random.stateless_normal([4], seed) / 9, y

    data = ShuffledExamples(examples, SIZE, BATCH, jitter, seed=1)
    strategy = tf.distribute.get_strategy()
    if replicas > 1:
        strategy = two_replicas()
    with strategy.scope():
        model = make_model()
    if replicas > 1:
        fit_repair.repair(model)
    validation = distribution.evaluation_batches(strategy, examples, SIZE, 10)
    model.evaluate(validation, verbose=0)
    history = keras.callbacks.History()
    plateau = keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=0.2)
    checkpoint = Checkpoint(
        directory,
        data.steps_per_epoch,
        save_every=2,
        history=history,
        stateful=[(plateau, ("best", "wait", "cooldown_counter"))],
        **options,
    )
    checkpoint.restore(model)
    callbacks = [plateau, history, checkpoint]
    if kill_at is not None:
        done = checkpoint.epoch * STEPS + checkpoint.step
        callbacks.append(KillAt(kill_at - done + checkpoint.step))
    model.fit(
        distribution.training_batches(
            strategy, data, checkpoint.epoch, checkpoint.step
        ),
        steps_per_epoch=data.steps_per_epoch,
        initial_epoch=checkpoint.epoch,
        epochs=epochs,
        validation_data=validation,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )
    optimizers = [model.optimizer, getattr(model, "body_optimizer", model.optimizer)]
    variables = model.variables + [v for o in optimizers for v in o.variables]
    state = [
        part.numpy()
        for v in variables
        for part in strategy.experimental_local_results(v.value)
    ]
    return model, state, history.history


def assert_same(one, other):
    (_, state, history), (_, other_state, other_history) = one, other
    assert len(state) == len(other_state)
    for a, b in zip(state, other_state, strict=True):
        np.testing.assert_array_equal(a, b)
    assert history == other_history


@pytest.mark.parametrize(
    ("make_model", "replicas", "moments"),
    [
        # Before the first checkpoint, between two in mid-epoch, right after an epoch.
        (functional, 1, (1, 8, 10)),
        (loss_scaling, 1, (8,)),
        (functional, 2, (8,)),
        (two_optimizers, 2, (8,)),
    ],
)
def test_stopped_and_resumed_ends_the_same(make_model, replicas, moments, tmp_path):
    whole = run(make_model, tmp_path / "whole", replicas)
    for moment in moments:
        with pytest.raises(Killed):
            run(make_model, tmp_path / "stopped", replicas, kill_at=moment)
    assert_same(run(make_model, tmp_path / "stopped", replicas), whole)


def test_the_training_is_not_trivial(tmp_path):
    _, _, history = run(functional, tmp_path)
    assert len(set(history["loss"])) == EPOCHS
    assert history["learning_rate"][-1] < history["learning_rate"][0]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_checkpoint_is_passed_over(damage, tmp_path):
    whole = run(functional, tmp_path / "whole")
    with pytest.raises(Killed):
        run(functional, tmp_path / "run", kill_at=9)
    newest = sorted((tmp_path / "run").glob("checkpoint-*.npz"))[-1]
    content = bytearray(newest.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        content.clear()
    newest.write_bytes(content)
    assert_same(run(functional, tmp_path / "run"), whole)


def test_a_file_in_writing_is_never_picked_up(tmp_path):
    whole = run(functional, tmp_path / "whole")
    with pytest.raises(Killed):
        run(functional, tmp_path / "run", kill_at=9)
    newest = sorted((tmp_path / "run").glob("checkpoint-*.npz"))[-1]
    half = newest.read_bytes()[:1000]
    (tmp_path / "run" / "checkpoint-0000000010.partial").write_bytes(half)
    assert_same(run(functional, tmp_path / "run"), whole)


def test_only_the_last_files_are_kept(tmp_path):
    run(functional, tmp_path)
    steps = sorted(int(p.stem.split("-")[1]) for p in tmp_path.iterdir())
    assert steps == [14, 15]


def test_the_checkpoint_of_another_model_is_refused(tmp_path):
    run(functional, tmp_path, epochs=1)
    with pytest.raises(InputError, match="another model"):
        run(two_optimizers, tmp_path)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    def make_model():
        model = functional()
        model.optimizer.learning_rate = 1e30
        return model

    with pytest.raises(NonFiniteError) as stopped:
        run(make_model, tmp_path)
    message = str(stopped.value)
    assert "learning rate 1e+30" in message
    step = int(message.partition("at step ")[2].split()[0])
    assert f"(epoch {(step - 1) // STEPS + 1})" in message
    assert "checkpoint" in message
    for path in tmp_path.glob("*.npz"):
        with np.load(path) as arrays:
            assert all(np.isfinite(arrays[name]).all() for name in arrays.files)


@pytest.mark.parametrize("name", ["generator_loss", "discriminator_loss"])
def test_any_loss_that_is_not_finite_stops_the_run(name, tmp_path):
    def make_model():
        model = two_optimizers()
        step = model.train_step
        seen = model.optimizer.iterations

        def train_step(data):
            value = tf.where(seen.value < 8, 1.0, np.nan)
            return step(data) | {"right_share": np.nan, name: value}

        model.train_step = train_step
        return model

    message = f"the {name.replace('_', ' ')} is nan at step 9"
    with pytest.raises(NonFiniteError, match=message):
        run(make_model, tmp_path)


@pytest.mark.parametrize("of_another", [False, True])
def test_steps_that_loss_scaling_leaves_out_are_noticed(tmp_path, of_another):
    def make_model():
        model = loss_scaling()
        optimizer = model.optimizer
        if of_another:
            inner = keras.optimizers.SGD()
            optimizer = keras.optimizers.LossScaleOptimizer(inner)
            optimizer.build(model.trainable_variables)
            model.other_optimizer = optimizer
        optimizer.dynamic_scale.assign(1e-4)
        return model

    with pytest.raises(NonFiniteError, match="loss scale"):
        run(make_model, tmp_path)


def test_some_steps_left_out_by_loss_scaling_are_normal(tmp_path):
    def make_model():
        model = loss_scaling()
        model.optimizer.dynamic_scale.assign(2.0**30)
        return model

    model, _, history = run(make_model, tmp_path)
    assert model.optimizer.dynamic_scale < 2.0**30
    assert len(history["loss"]) == EPOCHS


def test_other_data_is_refused(tmp_path):
    run(functional, tmp_path, epochs=1, data={"size": 45})
    with pytest.raises(InputError, match="its size"):
        run(functional, tmp_path, data={"size": 46})


def test_what_lies_beyond_the_step_agreed_on_is_removed(tmp_path):
    whole = run(functional, tmp_path / "whole")
    with pytest.raises(Killed):
        run(functional, tmp_path / "run", kill_at=9)

    def only_the_first(steps):
        return steps[:1]

    with pytest.raises(Killed):
        run(functional, tmp_path / "run", kill_at=7, agree=only_the_first)
    steps = sorted(int(p.stem.split("-")[1]) for p in (tmp_path / "run").iterdir())
    assert steps == [6]
    assert_same(run(functional, tmp_path / "run"), whole)
