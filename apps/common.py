"""The flags that every training app has, and the run that every app is.

An app adopts the flags, makes its data and its model, and hands them to a `Run`:

    run = common.Run("train_classifier", model_family)
    with run.strategy.scope():
        model = ...
        run.compile(model, data.steps_per_epoch, loss=..., metrics=...)
    history = run.fit(model, data, ...)
"""

# isort: off
import apps.quiet_tensorflow  # noqa: F401
# isort: on

import ast
import hashlib
import inspect
import json
import math
import os
import pathlib
import sys

import keras
import tensorflow as tf
from absl import flags

import kerasapps.models
from apps import command
from kerasapps import keras_file
from kerasapps.errors import InputError, unknown_name
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.serving.versions import check_writable
from kerasapps.training import distribution, fit_repair
from kerasapps.training.checkpoint import Checkpoint
from kerasapps.training.optimizers import OPTIMIZERS, make_optimizer
from kerasapps.training.schedules import SCHEDULES, learning_rate_schedule

FLAGS = flags.FLAGS

# What a worker sees when another is gone, or is back before that was noticed.
_WORKER_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)

# What is trained, and on what.
flags.DEFINE_string("model", None, "Model; `python -m apps.zoo` lists them.")
flags.DEFINE_multi_string(
    "model_options",
    [],
    "An argument of the model other than its default, as in output=softmax.",
)
flags.DEFINE_string(
    "weights", None, "A .keras file of the same model, to start from its weights."
)
flags.DEFINE_string("dataset", None, "Data set.")
flags.DEFINE_string(
    "data_dir",
    None,
    "Where TensorFlow Datasets keeps its data; default: $TFDS_DATA_DIR, "
    "else ~/tensorflow_datasets.",
)

# How it is trained.
flags.DEFINE_integer("epochs", 20, "Epochs.", lower_bound=1)
flags.DEFINE_integer(
    "batch_size", 32, "Examples in a step, over all devices.", lower_bound=1
)
flags.DEFINE_enum("optimizer", "adam", OPTIMIZERS, "Optimizer.")
flags.DEFINE_float("learning_rate", 1e-3, "Highest learning rate.", lower_bound=0)
flags.DEFINE_float("momentum", 0.9, "Momentum of sgd and rmsprop.", 0, 1)
flags.DEFINE_float(
    "weight_decay",
    0.0,
    "Weight decay of kernels: added to the gradient, decoupled with adamw.",
    lower_bound=0,
)
flags.DEFINE_enum("schedule", "constant", SCHEDULES, "Learning-rate schedule.")
flags.DEFINE_float(
    "warmup_epochs", 0, "Epochs in which the learning rate rises from 0.", lower_bound=0
)
flags.DEFINE_list(
    "decay_epochs",
    [],
    "--schedule=step: epochs after which the rate is decayed (default: 1/2 and 3/4 of "
    "all). exponential: epochs between two decays (1/10 of all). plateau: epochs "
    "without improvement before a decay (10).",
)
flags.DEFINE_float("decay_rate", 0.1, "Factor of a decay.", 0, 1)
flags.DEFINE_float(
    "clip_norm", None, "Largest norm of the whole gradient.", lower_bound=0
)
flags.DEFINE_float(
    "ema",
    None,
    "Momentum of a moving average of the weights, as in 0.999, which is what is "
    "evaluated and kept.",
    0,
    1,
)
flags.DEFINE_integer(
    "seed", 0, "Seeds the weights, the order and the augmentation.", 0, 2**32 - 1
)
flags.DEFINE_bool(
    "deterministic", False, "Only ops that give the same bits in every run; slower."
)
flags.DEFINE_enum(
    "dtype_policy",
    "float32",
    ["float32", "mixed_bfloat16", "mixed_float16"],
    "What is computed in which precision.",
)
flags.DEFINE_bool("jit_compile", False, "Compile the step with XLA; on one device.")

# Where it is trained.
flags.DEFINE_enum(
    "strategy",
    "mirrored",
    distribution.STRATEGIES,
    "The devices of this machine, or those of all machines in $TF_CONFIG.",
)
flags.DEFINE_integer(
    "num_devices",
    None,
    "Devices of this machine to use; default: all GPUs. Without a GPU, as many logical "
    "CPU devices.",
    lower_bound=1,
)

# Where it goes.
flags.DEFINE_string(
    "run_dir",
    None,
    "Where the run keeps checkpoints, logs and figures; default: a folder in runs/ "
    "named by the app, the model and the data, with a suffix for other flags.",
)
flags.DEFINE_bool(
    "resume", True, "Go on where a run in the same folder stopped; else start anew."
)
flags.DEFINE_integer(
    "checkpoint_every",
    500,
    "Steps between two checkpoints; one is written after each epoch anyway.",
    lower_bound=1,
)
flags.DEFINE_string(
    "export_dir",
    None,
    "Where the SavedModel goes, as <export_dir>/<version>; default: in saved_models/, "
    "the name of the model's file and, if it isn't the default, of the data set. "
    "Empty: nowhere.",
)

# Flags that don't change what is computed.
_NOT_COMPARED = {"run_dir", "resume", "checkpoint_every", "export_dir", "data_dir"}


for _name in (
    *("learning_rate", "momentum", "weight_decay", "warmup_epochs", "decay_rate"),
    *("clip_norm", "ema"),
):
    flags.register_validator(
        _name, lambda x: x is None or math.isfinite(x), "needs a finite number"
    )
flags.register_validator(
    "clip_norm", lambda norm: norm is None or norm > 0, "needs a number above 0"
)
for _name in ("ema", "decay_rate"):
    flags.register_validator(
        _name, lambda x: x is None or 0 < x < 1, "needs a number between 0 and 1"
    )


@flags.multi_flags_validator(
    ["schedule", "warmup_epochs"],
    "--schedule=plateau sets the rate by itself: it doesn't go with --warmup_epochs",
)
def _plateau_has_no_warmup(values):
    return values["schedule"] != "plateau" or not values["warmup_epochs"]


@flags.multi_flags_validator(
    ["deterministic", "strategy"],
    "--deterministic doesn't go with --strategy=multi_worker: sums over a network "
    "come in any order",
)
def _several_workers_are_not_deterministic(values):
    return not values["deterministic"] or values["strategy"] == "mirrored"


@flags.multi_flags_validator(
    ["schedule", "decay_epochs"],
    "--decay_epochs takes numbers above 0, as in 80,120; one number with "
    "--schedule=exponential or plateau",
)
def _decay_epochs_are_numbers(values):
    try:
        epochs = [float(e) for e in values["decay_epochs"]]
    except ValueError:
        return False
    one = values["schedule"] in ("exponential", "plateau")
    return all(0 < e < math.inf for e in epochs) and not (one and len(epochs) > 1)


def run_app(main) -> None:
    """Runs a training app's `main()`.

    Where another worker is lost, this process starts anew and waits for it to come
    back: TensorFlow can't join a cluster twice from one process.
    """

    def restarting():
        try:
            main()
        except _WORKER_LOST:
            if FLAGS.strategy != "multi_worker":
                raise
            print("A worker is lost. Waiting for it to come back.", flush=True)
            os.execv(sys.executable, sys.orig_argv)

    command.run(restarting)


def find_model(task: str):
    """Returns the constructor that --model names.

    Args:
        task: The app's task; models of others aren't found.

    Raises:
        InputError: If there is no such model.
    """
    models = {
        name: model
        for name, model in vars(kerasapps.models).items()
        if callable(model) and inspect.getmodule(model).PAPER.task == task
    }
    by_lower = {name.lower(): model for name, model in models.items()}
    if FLAGS.model.lower() not in by_lower:
        raise unknown_name("model", FLAGS.model, by_lower)
    return by_lower[FLAGS.model.lower()]


def build_model(constructor, **arguments) -> keras.Model:
    """Returns the model with `arguments` and --model_options, weights from --weights.

    Raises:
        InputError: If an option isn't one of the model's, or the file doesn't fit.
    """
    known = set(inspect.signature(constructor).parameters) - set(arguments)
    for option in FLAGS.model_options:
        name, _, value = option.partition("=")
        if name not in known:
            if name in arguments:
                raise InputError(
                    f"--model_options={option}: {name} is given twice, or set by other "
                    "flags"
                )
            raise unknown_name(f"option of {constructor.__name__}", name, known)
        known.remove(name)
        try:
            arguments[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            arguments[name] = value
    try:
        model = constructor(**arguments)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{constructor.__name__}: {reason}") from error
    if FLAGS.weights:
        keras_file.load_weights(model, FLAGS.weights)
    return model


def _data_name():
    """Returns --dataset without its version, or of a folder only its name."""
    kind, _, rest = FLAGS.dataset.partition(":")
    return os.path.basename(rest.rstrip("/")) if kind == "folder" else kind


def _plain(name):
    """Returns `name` as fits for a folder."""
    return "".join(c if c.isalnum() or c in "_.-" else "_" for c in name.lower())


class Run:
    """One training, from the flags to the export.

    Sets up devices, seeds and precision, so it comes before any use of TensorFlow.

    Args:
        app_name: The app's name, for example "train_classifier".
        family: The name of the model's file, which is the export's.

    Attributes:
        strategy: The distribution strategy; make the model in its scope.
        directory: The run directory.
        is_chief: Whether this process writes figures, metrics and exports.

    Raises:
        InputError: If the devices can't be had as the flags ask for them.
    """

    def __init__(self, app_name: str, family: str):
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
            self.export_dir = f"saved_models/{family}"
            self.export_dir += f"_{_plain(_data_name())}" if other else ""
        self._checkpoints = self.directory / "checkpoints" / f"worker-{worker}"

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
        name = _plain(f"{FLAGS.model}_{_data_name()}")
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
            begun = list(self._checkpoints.glob("checkpoint-*.npz"))
            if not FLAGS.resume:
                self._remove_earlier_run(begun)
            elif begun and path.exists():
                before = path.read_text().splitlines()
                changed = [n for n, line in lines.items() if line not in before]
                if changed:
                    raise InputError(
                        f"{self.directory} holds a run with another --{changed[0]}; "
                        "give another --run_dir, or --noresume to start anew"
                    )
            partial = self._checkpoints / "flags.partial"
            partial.write_text("\n".join(text) + "\n")
            partial.replace(path)
        except OSError as error:
            raise InputError(
                f"cannot write the run directory {self.directory}: {error.strerror}; "
                "give another --run_dir"
            ) from error

    def _remove_earlier_run(self, checkpoints):
        for checkpoint in checkpoints:
            checkpoint.unlink()
        if self.is_chief:
            (self.directory / "metrics.json").unlink(missing_ok=True)
            for events in (self.directory / "tensorboard").glob("*/events.*"):
                events.unlink()

    def compile(self, model: keras.Model, steps_per_epoch: int, **arguments) -> None:
        """Compiles `model` with the optimizer that the flags ask for.

        Args:
            model: The model, made in the strategy's scope, where this is called too.
            steps_per_epoch: Steps in an epoch, in which the schedules count.
            **arguments: Other arguments of `keras.Model.compile`, as loss and metrics.
        """
        rate = learning_rate_schedule(
            FLAGS.schedule,
            FLAGS.learning_rate,
            steps_per_epoch,
            FLAGS.epochs,
            FLAGS.warmup_epochs,
            [float(e) for e in FLAGS.decay_epochs],
            FLAGS.decay_rate,
        )
        optimizer = make_optimizer(
            FLAGS.optimizer,
            rate,
            FLAGS.momentum,
            FLAGS.weight_decay,
            FLAGS.clip_norm,
            FLAGS.ema,
        )
        model.compile(optimizer, jit_compile=FLAGS.jit_compile, **arguments)
        model.optimizer.build(model.trainable_variables)
        if self.strategy.num_replicas_in_sync > 1:
            fit_repair.repair(model)

    def fit(
        self,
        model: keras.Model,
        data,
        validation,
        validation_size: int,
        data_facts: dict,
    ):
        """Trains, from the last checkpoint on if there is one.

        Draws the learning curves and keeps the trained model as `model.keras`.

        Args:
            model: The compiled model.
            data: A `kerasapps.data.pipeline.TrainingData`.
            validation: Data set of single examples as `evaluate` takes them.
            validation_size: Their number.
            data_facts: What the data is like, fit for JSON: a run isn't resumed on data
                of which it is not true.

        Returns:
            A copy of the trained model that belongs to no strategy, and the history:
            for each metric a list with a value for each epoch.

        Raises:
            InputError: If the run directory is another run's, or an output can't be
                written.
            NonFiniteError: If the loss or a weight is no longer finite.
        """
        self._open_directory()
        # Made before all else, as it knows whether the batch fits the devices.
        training = distribution.training_batches(self.strategy, data)
        validation = distribution.evaluation_batches(
            self.strategy, validation, validation_size, FLAGS.batch_size
        )
        # Makes the metrics' variables, which a checkpoint holds too.
        model.evaluate(validation, steps=1, verbose=0)
        history = keras.callbacks.History()
        callbacks, stateful = self._callbacks(model)
        checkpoint = Checkpoint(
            self._checkpoints,
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
                callbacks=[*callbacks, history, checkpoint],
                shuffle=False,  # It is; `fit` would only warn.
                verbose=self._verbosity(),
            )
        else:
            self.say(f"{self.directory} is trained: nothing left to train.")
            # As `fit` does at its end: puts the averages in place.
            model.optimizer.finalize_variable_values(model.trainable_weights)
        self.say("Evaluating, drawing and exporting.")
        trained = type(model).from_config(model.get_config())
        trained.set_weights(model.get_weights())
        if self.is_chief:
            keras_file.save(trained, self.directory / "model.keras")
            self.save_figure("learning_curves", learning_curves(history.history))
        return trained, history.history

    def _callbacks(self, model):
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
        if FLAGS.ema:
            callbacks.append(keras.callbacks.SwapEMAWeights())
        if FLAGS.schedule == "plateau":
            plateau = keras.callbacks.ReduceLROnPlateau(
                factor=FLAGS.decay_rate,
                patience=math.ceil(float((FLAGS.decay_epochs or [10])[0])),
            )
            callbacks.append(plateau)
            stateful.append((plateau, ("best", "wait", "cooldown_counter")))
        if self.is_chief:
            callbacks.append(
                keras.callbacks.TensorBoard(
                    str(self.directory / "tensorboard"), write_graph=False
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
        folder = self.directory / "figures"
        folder.mkdir(exist_ok=True)
        figure.savefig(
            folder / f"{name}.png", dpi=150, bbox_inches="tight", pad_inches=0.15
        )

    def write_metrics(self, metrics: dict) -> None:
        """Writes `metrics.json`, whole or not at all."""
        partial = self.directory / "metrics.partial"
        partial.write_text(json.dumps(metrics, indent=2) + "\n")
        partial.replace(self.directory / "metrics.json")
