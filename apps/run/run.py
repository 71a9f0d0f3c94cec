"""The run that every training app is: build, fit, evaluate, draw, export.

An app makes its data and its model and hands them to a `Run`:

    run = Run("train_classifier", export_name)
    with run.strategy.scope():
        model = ...
        run.compile(model, data.steps_per_epoch, loss=..., metrics=...)
    history = run.fit(model, data, ...)
    model = run.keep(model)
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import hashlib
import math
import os
import pathlib
import re
import sys
from collections.abc import Sequence

import keras
import tensorflow as tf
from absl import flags

from kerasapps.errors import InputError
from kerasapps.figures.saving import save
from kerasapps.replacing import replacing
from kerasapps.serving.versions import check_writable
from kerasapps.training import distribution, fit_repair
from kerasapps.training.checkpoint import Checkpoint
from kerasapps.training.optimizers import make_optimizer
from kerasapps.training.schedules import learning_rate_schedule
from kerasapps.weights import keras_file

FLAGS = flags.FLAGS

# Flags that don't change what is trained.
_NOT_COMPARED = {
    *("run_dir", "resume", "checkpoint_every", "data_dir"),
    *("export_dir", "export_dtype", "gif"),
    *("beam_size", "length_penalty", "replace_unknown"),
}


def _data_name():
    """Returns --dataset without its version, or of a folder only its name."""
    folder = FLAGS.dataset.startswith("folder:")
    return FLAGS.dataset if folder else FLAGS.dataset.partition(":")[0]


def _plain(name):
    """Returns `name` as fits for a folder; of `folder:PATH` the folder's own."""
    if name.startswith("folder:"):
        name = os.path.basename(name.removeprefix("folder:").rstrip("/"))
    return "".join(c if c.isalnum() or c in "_.-" else "_" for c in name.lower())


def _lines_of(name, lines):
    """Returns the lines of a flagfile that set a flag, or say that it isn't set."""
    return [line for line in lines if re.match(rf"(# )?--(no)?{name}\b", line)]


class Run:
    """One training, from the flags to the export.

    Sets up devices, seeds and precision, so it comes before any use of TensorFlow.

    Args:
        app_name: The app's name, for example "train_classifier".
        export_name: The name of the export, for example "resnet20".
        task: Names of what is done with the data set, if there is more than one thing
            to do, for the name of the export.

    Attributes:
        strategy: The distribution strategy; make the model in its scope.
        directory: The run directory.
        is_chief: Whether this process writes figures, metrics and exports.

    Raises:
        InputError: If the devices can't be had as the flags ask for them.
    """

    def __init__(self, app_name: str, export_name: str, task: Sequence[str] = ()):
        self.app_name = app_name
        if FLAGS.strategy == "multi_worker":
            print("Waiting for all workers.", flush=True)
        self.strategy = distribution.make_strategy(FLAGS.strategy, FLAGS.num_devices)
        if FLAGS.jit_compile and self.strategy.num_replicas_in_sync > 1:
            raise InputError(
                "--jit_compile compiles a step for one device; leave it out, or give "
                "--num_devices=1"
            )
        worker = distribution.worker_index(self.strategy)
        self.is_chief = worker == 0
        if not self.is_chief:
            print(f"Worker {worker} trains; worker 0 tells how it goes.", flush=True)
        keras.utils.set_random_seed(FLAGS.seed)
        if FLAGS.deterministic:
            tf.config.experimental.enable_op_determinism()
        keras.config.set_dtype_policy(FLAGS.dtype_policy)
        self.directory = pathlib.Path(FLAGS.run_dir or self._default_directory())
        self.export_dir = FLAGS.export_dir
        if self.export_dir is None:
            other = FLAGS["dataset"].value != FLAGS["dataset"].default
            names = [export_name, *([_data_name()] if other else []), *task]
            self.export_dir = "saved_models/" + "_".join(map(_plain, names))
        self._checkpoints = self.directory / "checkpoints" / f"worker-{worker}"
        self._is_open = False

    def _training_flags(self):
        """Returns the flags that determine the result, as they are written."""
        return {
            flag.name: flag
            for flag in sorted(
                FLAGS.get_key_flags_for_module(sys.argv[0]), key=lambda f: f.name
            )
            if flag.name not in _NOT_COMPARED
        }

    def _default_directory(self):
        name = f"{_plain(FLAGS.model)}_{_plain(_data_name())}"
        shown = {"model", "dataset"} if _data_name() == FLAGS.dataset else {"model"}
        changed = [
            flag.serialize()
            for flag in self._training_flags().values()
            if flag.value != flag.default and flag.name not in shown
        ]
        if changed:
            digest = hashlib.sha256("\n".join(changed).encode()).hexdigest()
            name = f"{name}-{digest[:6]}"
        return f"runs/{self.app_name}/{name}"

    def _open_directory(self):
        """Makes the directories, or checks that the run's holds this very run."""
        if self._is_open:
            return
        self._is_open = True
        if self.export_dir and self.is_chief:
            check_writable(self.export_dir)
        path = self.directory / f"{self.app_name}.flags"
        lines = {
            name: flag.serialize() or f"# --{name} is not set"
            for name, flag in self._training_flags().items()
        }
        places = [FLAGS["data_dir"].serialize(), FLAGS["export_dir"].serialize()]
        text = [
            f"# python -m apps.{self.app_name} --flagfile={path}",
            *lines.values(),
            "# Where things are; it may change when the run is resumed.",
            f"--run_dir={self.directory}",
            *filter(None, places),
        ]
        try:
            # By each worker, as each may have a disk of its own.
            self._checkpoints.mkdir(parents=True, exist_ok=True)
            (self.directory / "tensorboard").mkdir(exist_ok=True)
            begun = list(self._checkpoints.rglob("checkpoint-*.npz"))
            # Only in a folder that is a run's: another may hold anything.
            if path.exists() and not (FLAGS.resume and begun):
                self._remove_earlier_run(begun)
            elif begun and path.exists():
                before = path.read_text().splitlines()
                changed = [
                    name
                    for name, text in lines.items()
                    if _lines_of(name, before) != text.splitlines()
                ]
                if changed:
                    raise InputError(
                        f"{self.directory} holds a run with another --{changed[0]}; "
                        "give another --run_dir, or --noresume to start anew"
                    )
            with replacing(path) as partial:
                partial.write_text("\n".join(text) + "\n")
        except OSError as error:
            raise InputError(
                f"cannot write the run directory {self.directory}: {error.strerror}; "
                "give another --run_dir"
            ) from error

    def _remove_earlier_run(self, checkpoints):
        for checkpoint in checkpoints:
            checkpoint.unlink()
        if self.is_chief:
            for left in (
                *self.directory.glob("metrics.json"),
                *(self.directory / "samples").glob("*.npz"),
                *(self.directory / "tensorboard").rglob("events.*"),
            ):
                left.unlink()

    def make_optimizer(self, steps_per_epoch: int, ema: bool = True):
        """Returns a new optimizer, as the flags ask for it.

        Args:
            steps_per_epoch: Steps in an epoch, in which the schedules count.
            ema: Whether it may keep the moving average that --ema asks for.
        """
        rate = learning_rate_schedule(
            FLAGS.schedule,
            FLAGS.learning_rate,
            steps_per_epoch,
            FLAGS.epochs,
            FLAGS.warmup_epochs,
            [float(e) for e in FLAGS.decay_epochs],
            FLAGS.decay_rate,
            FLAGS.warmup_rate,
        )
        return make_optimizer(
            FLAGS.optimizer,
            rate,
            FLAGS.momentum,
            FLAGS.weight_decay,
            FLAGS.clip_norm,
            FLAGS.ema if ema else None,
            FLAGS.nesterov,
            FLAGS.epsilon,
            FLAGS.beta_1,
            FLAGS.beta_2,
        )

    def compile(
        self, model: keras.Model, steps_per_epoch: int, ema: bool = True, **arguments
    ) -> None:
        """Compiles `model` with the optimizer that the flags ask for.

        Args:
            model: The model, made in the strategy's scope, where this is called too.
            steps_per_epoch: Steps in an epoch, in which the schedules count.
            ema: Whether the optimizer may keep the moving average that --ema asks for.
            **arguments: Other arguments of the model's `compile`, as loss and metrics.
        """
        optimizer = self.make_optimizer(steps_per_epoch, ema)
        model.compile(optimizer, jit_compile=FLAGS.jit_compile, **arguments)
        # A model of several networks has built it on those that it trains.
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
            optimizer.average_statistics(model)
        if self.strategy.num_replicas_in_sync > 1:
            distribution.synchronize_batch_normalization(model)
            fit_repair.repair(model)

    def fit(
        self,
        model: keras.Model,
        data,
        data_facts: dict,
        validation=None,
        validation_size: int = 0,
        callbacks=(),
        stage: str = "",
    ) -> dict[str, list[float]]:
        """Trains, from the last checkpoint on if there is one.

        Args:
            model: The compiled model.
            data: A `kerasapps.data.pipeline.TrainingData`.
            data_facts: What the data is like, fit for JSON: a run isn't resumed on data
                of which it is not true.
            validation: Data set of single examples as `evaluate` takes them, if any.
            validation_size: Their number.
            callbacks: Further callbacks, which may not have a state.
            stage: Name of this training in a run that consists of several, one after
                the other. Those that are done are only restored.

        Returns:
            The history: for each metric a list with a value for each epoch.

        Raises:
            InputError: If the run directory is another run's, or an output can't be
                written.
            NonFiniteError: If the loss or a weight is no longer finite.
        """
        self._open_directory()
        # Made before all else, as it knows whether the batch fits the devices.
        training = distribution.training_batches(self.strategy, data)
        if validation is not None:
            validation = distribution.evaluation_batches(
                self.strategy, validation, validation_size, FLAGS.batch_size
            )
            # Makes the metrics' variables, which a checkpoint holds too.
            model.evaluate(validation, steps=1, verbose=0)
        history = keras.callbacks.History()
        own, stateful = self._callbacks(model, stage)
        checkpoint = Checkpoint(
            self._checkpoints / stage,
            data.steps_per_epoch,
            FLAGS.checkpoint_every,
            history,
            stateful,
            data_facts,
            agree=lambda steps: distribution.common_steps(self.strategy, steps),
        )
        if checkpoint.restore(model):
            training = distribution.training_batches(
                self.strategy, data, checkpoint.epoch, checkpoint.step
            )
        if checkpoint.epoch < FLAGS.epochs:
            if checkpoint.epoch or checkpoint.step:
                self.say(
                    f"Resuming {self.directory} at epoch {checkpoint.epoch + 1}, "
                    f"step {checkpoint.step + 1}."
                )
            model.fit(
                training,
                steps_per_epoch=data.steps_per_epoch,
                initial_epoch=checkpoint.epoch,
                epochs=FLAGS.epochs,
                validation_data=validation,
                callbacks=[*callbacks, *own, history, checkpoint],
                shuffle=False,  # It is; `fit` would only warn.
                verbose=self._verbosity(),
            )
        else:
            what = f"Stage {stage} of {self.directory}" if stage else self.directory
            self.say(f"{what} is trained: nothing left to train.")
            # As `fit` does at its end: puts the averages in place.
            model.optimizer.finalize_variable_values(model.trainable_weights)
        return history.history

    def keep(self, model: keras.Model, name: str = "model") -> keras.Model:
        """Writes a trained network as `<name>.keras`.

        Returns:
            A copy of it that belongs to no strategy.
        """
        trained = type(model).from_config(model.get_config())
        trained.set_weights(model.get_weights())
        if self.is_chief:
            keras_file.save(trained, self.directory / f"{name}.keras")
        return trained

    def _callbacks(self, model, stage):
        """Returns the callbacks, and those of them that have a state."""
        optimizer = model.optimizer
        callbacks = [
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: logs.update(
                    learning_rate=float(tf.convert_to_tensor(optimizer.learning_rate))
                )
            )
        ]
        stateful = []
        if getattr(optimizer, "inner_optimizer", optimizer).use_ema:
            callbacks.append(keras.callbacks.SwapEMAWeights())
        if FLAGS.schedule == "plateau":
            plateau = keras.callbacks.ReduceLROnPlateau(
                monitor="val_accuracy",
                mode="max",
                min_delta=0,
                factor=FLAGS.decay_rate,
                patience=math.ceil(float((FLAGS.decay_epochs or [10])[0])),
            )
            callbacks.append(plateau)
            stateful.append((plateau, ("best", "wait", "cooldown_counter")))
        if self.is_chief:
            callbacks.append(
                keras.callbacks.TensorBoard(
                    str(self.directory / "tensorboard" / stage), write_graph=False
                )
            )
        return callbacks, stateful

    def _verbosity(self):
        if not self.is_chief:
            return 0
        return 1 if sys.stdout.isatty() else 2

    def say(self, text: str) -> None:
        """Prints `text`, once for all workers."""
        if self.is_chief:
            print(text, flush=True)

    def save_figure(self, name: str, figure) -> None:
        """Writes a matplotlib figure as `figures/<name>.png`."""
        save(figure, self.directory / "figures" / f"{name}.png")
