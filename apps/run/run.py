"""The run that every training app is: build, fit, evaluate, draw, export.

An app makes its data and its model and hands them to a `Run`:

    run = Run(FLAGS, "train_classifier", export_name)
    with run.strategy.scope():
        model = ...
        run.compile(model, data.steps_per_epoch, loss=..., metrics=...)
    history = run.fit(model, data, ..., monitor=Monitor("val_accuracy", "max"))
    model = run.keep(model)
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import pathlib
import shlex
import sys
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf
from absl import flags
from matplotlib.figure import Figure

from apps.run import directory
from kerasapps.data.pipeline import TrainingData
from kerasapps.errors import InputError, printable
from kerasapps.figures.saving import save
from kerasapps.replacing import naming_full_disk
from kerasapps.serving.versions import check_writable, remove_unfinished
from kerasapps.training import distribution, fit_repair
from kerasapps.training.averages import averaging
from kerasapps.training.checkpoint import Checkpoint
from kerasapps.training.footprint import check_training
from kerasapps.training.monitor import (
    BestWeights,
    EarlyStopping,
    Evaluators,
    Monitor,
    Plateau,
)
from kerasapps.training.optimizers import make_optimizer
from kerasapps.training.schedules import learning_rate_schedule
from kerasapps.weights import keras_file


class Run:
    """One training, from the flags to the export.

    Sets up devices, seeds and precision, so it comes before any use of TensorFlow.

    Args:
        values: The app's flags, those of `apps.run.common_flags` among them.
        app_name: The app's name, for example "train_classifier".
        export_name: The name of the export, for example "resnet20".
        task: Names of what is done with the data set, if there is more than one thing
            to do, for the name of the export.

    Attributes:
        strategy: The distribution strategy; make the model in its scope.
        directory: The run directory.
        export_dir: Where the export goes; empty for nowhere.
        is_chief: Whether this process writes figures, metrics and exports.

    Raises:
        InputError: If the devices can't be had as the flags ask for them.
    """

    def __init__(
        self,
        values: flags.FlagValues,
        app_name: str,
        export_name: str,
        task: Sequence[str] = (),
    ):
        self._values = values
        self.app_name = app_name
        if values.strategy == "multi_worker":
            print("Waiting for all workers.", flush=True)
        self.strategy = distribution.make_strategy(values.strategy, values.num_devices)
        if values.jit_compile and self.strategy.num_replicas_in_sync > 1:
            raise InputError(
                "--jit_compile compiles a step for one device; leave it out, or give "
                "--num_devices=1"
            )
        worker = distribution.worker_index(self.strategy)
        self.is_chief = worker == 0
        if not self.is_chief:
            print(f"Worker {worker} trains; worker 0 tells how it goes.", flush=True)
        keras.utils.set_random_seed(values.seed)
        if values.deterministic:
            tf.config.experimental.enable_op_determinism()
        keras.config.set_dtype_policy(values.dtype_policy)
        self.directory = directory.run_directory(values, app_name)
        self.export_dir = directory.export_directory(values, export_name, task)
        self._checkpoints = directory.checkpoint_folder(self.directory, worker)
        self._is_open = False

    def _open(self):
        if self._is_open:
            return
        self._is_open = True
        if self.export_dir and self.is_chief:
            check_writable(self.export_dir)
            remove_unfinished(self.export_dir)
        directory.open_run(
            self._values,
            self.app_name,
            self.directory,
            self._checkpoints,
            self.is_chief,
            distribution.worker_addresses(self.strategy),
        )

    def learning_rate(
        self, steps_per_epoch: int
    ) -> float | keras.optimizers.schedules.LearningRateSchedule:
        """Returns the learning rate, as the flags ask for it.

        Args:
            steps_per_epoch: Steps in an epoch, in which the schedules count.
        """
        return learning_rate_schedule(
            self._values.schedule,
            self._values.learning_rate,
            steps_per_epoch,
            self._values.epochs,
            self._values.warmup_epochs,
            [float(e) for e in self._values.decay_epochs],
            self._values.decay_rate,
            self._values.warmup_rate,
        )

    def make_optimizer(self, steps_per_epoch: int, ema: bool = True):
        """Returns a new optimizer, as the flags ask for it.

        Args:
            steps_per_epoch: Steps in an epoch, in which the schedules count.
            ema: Whether it may keep the moving average that --ema asks for.
        """
        return make_optimizer(
            self._values.optimizer,
            self.learning_rate(steps_per_epoch),
            self._values.momentum,
            self._values.weight_decay,
            self._values.clip_norm,
            self._values.ema if ema else None,
            self._values.nesterov,
            self._values.epsilon,
            self._values.beta_1,
            self._values.beta_2,
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
        check_training(
            model,
            self.make_optimizer(steps_per_epoch, ema),
            self._values.batch_size,
            self.strategy.num_replicas_in_sync,
        )
        model.compile(optimizer, jit_compile=self._values.jit_compile, **arguments)
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
        data: TrainingData,
        data_facts: dict,
        validation: tf.data.Dataset | None = None,
        validation_size: int = 0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        stage: str = "",
        monitor: Monitor | None = None,
        evaluators: Sequence[Callable[[keras.Model], dict[str, float]]] = (),
        epochs: int | None = None,
    ) -> dict[str, list[float]]:
        """Trains, from the last checkpoint on if there is one.

        Args:
            model: The compiled model.
            data: What it learns from.
            data_facts: What the data is like, fit for JSON: a run isn't resumed on data
                of which it is not true.
            validation: Data set of single examples as `evaluate` takes them, if any.
            validation_size: Their number.
            callbacks: Further callbacks, which may not have a state.
            stage: Name of this training in a run that consists of several, one after
                the other. Those that are done are only restored.
            monitor: What the plateau schedule, early stopping and the best weights look
                at: a metric, "val_..." of the validation, or a value of an evaluator.
            evaluators: Called with the model at the end of each epoch, each returns
                floats by their names, which join the history.
            epochs: Epochs of this training; None for those that the flags give.

        Returns:
            The history: for each metric a list with a value for each epoch.

        Raises:
            InputError: If the run directory is another run's, an output can't be
                written, or a flag needs a monitor where there is none.
            NonFiniteError: If the loss or a weight is no longer finite.
        """
        values = self._values
        epochs = epochs or values.epochs
        steered = self._steering(monitor, stage)
        self._open()
        # Made before all else, as it knows whether the batch fits the devices.
        training = distribution.training_batches(self.strategy, data)
        if validation is not None:
            validation = distribution.evaluation_batches(
                self.strategy, validation, validation_size, values.batch_size
            )
            # Makes the metrics' variables, which a checkpoint holds too.
            model.evaluate(validation, steps=1, verbose=0)
        history = keras.callbacks.History()
        checkpoint = Checkpoint(
            self._checkpoints / stage,
            data.steps_per_epoch,
            values.checkpoint_every,
            history,
            [(callback, callback.STATE) for callback in steered],
            data_facts,
            agree=lambda steps: distribution.common_steps(self.strategy, steps),
        )
        stopped = False
        if self._restore(checkpoint, model):
            stopped = any(isinstance(c, EarlyStopping) and c.is_over() for c in steered)
            training = distribution.training_batches(
                self.strategy, data, checkpoint.epoch, checkpoint.step
            )
        if checkpoint.epoch < epochs and not stopped:
            if checkpoint.epoch or checkpoint.step:
                self.say(
                    f"Resuming {self.directory} at epoch {checkpoint.epoch + 1}, "
                    f"step {checkpoint.step + 1}."
                )
            # TensorBoard's files are written by TensorFlow, which names none.
            with naming_full_disk(self.directory / "tensorboard"):
                model.fit(
                    training,
                    steps_per_epoch=data.steps_per_epoch,
                    initial_epoch=checkpoint.epoch,
                    epochs=epochs,
                    validation_data=validation,
                    callbacks=[
                        *callbacks,
                        *self._observers(model, stage, evaluators, steered),
                        history,
                        checkpoint,
                    ],
                    shuffle=False,  # It is; `fit` would only warn.
                    verbose=self._verbosity(),
                )
        else:
            what = f"Stage {stage} of {self.directory}" if stage else self.directory
            self.say(f"{what} is trained: nothing left to train.")
            # As `fit` does at its end: puts the averages in place.
            model.optimizer.finalize_variable_values(model.trainable_weights)
        for callback in steered:
            if isinstance(callback, BestWeights):
                callback.restore(model)
                self.say(f"The weights are those of {callback.best_of_all()}.")
        return history.history

    def keep(self, model: keras.Model, name: str = "model") -> keras.Model:
        """Writes a trained network as `<name>.keras`.

        Returns:
            A copy of it that belongs to no strategy.
        """
        trained = type(model).from_config(model.get_config())
        trained.set_weights(model.get_weights())
        if self.is_chief:
            keras_file.save(trained, self.output(f"{name}.keras"))
        return trained

    def _restore(self, checkpoint, model):
        try:
            return checkpoint.restore(model)
        except InputError as error:
            raise InputError(
                f"{error} (--run_dir), or start anew (--noresume)"
            ) from error

    def _steering(self, monitor, stage):
        """Returns the callbacks that look at the monitor, as the flags ask for them."""
        values = self._values
        asked = {
            "--schedule=plateau": values.schedule == "plateau",
            "--early_stopping": values.early_stopping,
            "--keep_best": values.keep_best,
        }
        if monitor is None:
            for flag, is_asked in asked.items():
                if is_asked:
                    raise InputError(
                        f"{flag} follows a measure of held-out examples, which "
                        f"{self.app_name} doesn't have; leave it out"
                    )
            return []
        found = []
        if asked["--schedule=plateau"]:
            patience = float((values.decay_epochs or [10])[0])
            found.append(Plateau(monitor, patience, values.decay_rate))
        if asked["--early_stopping"]:
            found.append(EarlyStopping(monitor, values.early_stopping))
        if asked["--keep_best"]:
            found.append(BestWeights(self._checkpoints / stage / "best", monitor))
        return found

    def _observers(self, model, stage, evaluators, steered):
        """Returns the callbacks in their order: what adds values to an epoch first."""
        optimizer = model.optimizer
        found = [
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: logs.update(
                    learning_rate=float(tf.convert_to_tensor(optimizer.learning_rate))
                )
            )
        ]
        if evaluators:
            found.append(Evaluators(evaluators))
        if averaging(model):
            found.append(keras.callbacks.SwapEMAWeights())
        found += steered
        if self.is_chief:
            found.append(
                keras.callbacks.TensorBoard(
                    str(self.directory / "tensorboard" / stage), write_graph=False
                )
            )
        return found

    def _verbosity(self):
        if not self.is_chief:
            return 0
        return 1 if sys.stdout.isatty() else 2

    @property
    def tensorboard_command(self) -> str:
        """How the logs are looked at, to be pasted."""
        return shlex.join(["tensorboard", f"--logdir={self.directory}/tensorboard"])

    def say(self, text: str) -> None:
        """Prints `text`, once for all workers."""
        if self.is_chief:
            # Names of files and classes are in it.
            print(*map(printable, text.split("\n")), sep="\n", flush=True)

    def save_figure(self, name: str, figure: Figure) -> None:
        """Writes a matplotlib figure as `figures/<name>.png`."""
        save(figure, self.output(f"figures/{name}.png"))

    def output(self, name: str) -> pathlib.Path:
        """Returns where an output goes; a run that starts anew removes what is there.

        Args:
            name: Its path in the run directory.
        """
        return directory.note_output(self.directory, name)
