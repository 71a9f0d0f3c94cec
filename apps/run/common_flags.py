"""The flags that every training app has, and what they name."""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import ast
import inspect
import math
import os
import sys

import keras
import tensorflow as tf
from absl import flags

from apps.run import command, models
from kerasapps.errors import InputError, unknown_name
from kerasapps.training import distribution
from kerasapps.training.optimizers import OPTIMIZERS
from kerasapps.training.schedules import SCHEDULES

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
flags.DEFINE_string(
    "pretrained",
    None,
    "A .keras file of the same family, to start from those of its weights that fit: of "
    "another number of classes, VGG of another depth, ViT of another resolution.",
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
flags.DEFINE_bool("nesterov", False, "Nesterov's momentum, for sgd.")
flags.DEFINE_float(
    "epsilon",
    None,
    "What keeps rmsprop, adadelta and adam from dividing by zero; default: 1e-7.",
    lower_bound=0,
)
flags.DEFINE_float(
    "beta_1", 0.9, "Decay of the mean of the gradients, of adam and adamw.", 0, 1
)
flags.DEFINE_float(
    "beta_2",
    0.999,
    "Decay of the mean of the squared gradients, of adam and adamw.",
    0,
    1,
)
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
flags.DEFINE_float(
    "warmup_rate",
    None,
    "Constant rate of the warm-up epochs, instead of the rise.",
    lower_bound=0,
)
flags.DEFINE_list(
    "decay_epochs",
    [],
    "--schedule=step: epochs after which the rate is decayed (default: 1/2 and 3/4 of "
    "all). exponential: epochs between two decays (1/10 of all). plateau: epochs "
    "without better held-out accuracy before a decay (10).",
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
    "the name of the model and, if it isn't the default, of the data set. "
    "Empty: nowhere.",
)
flags.DEFINE_enum(
    "export_dtype",
    "float32",
    ["float32", "bfloat16"],
    "What the exported model computes in.",
)


for _name in (
    *("learning_rate", "momentum", "weight_decay", "warmup_epochs", "decay_rate"),
    *("clip_norm", "ema", "epsilon", "warmup_rate"),
):
    flags.register_validator(
        _name, lambda x: x is None or math.isfinite(x), "needs a finite number"
    )
for _name in ("beta_1", "beta_2"):
    flags.register_validator(_name, lambda x: x < 1, "needs a number from 0 to below 1")
for _name in ("clip_norm", "epsilon"):
    flags.register_validator(
        _name, lambda x: x is None or x > 0, "needs a number above 0"
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
    ["schedule", "warmup_epochs"],
    "--schedule=inverse_sqrt falls from the end of the warm-up on: give "
    "--warmup_epochs",
)
def _inverse_sqrt_has_warmup(values):
    return values["schedule"] != "inverse_sqrt" or values["warmup_epochs"]


@flags.multi_flags_validator(
    ["warmup_rate", "warmup_epochs"], "--warmup_rate needs --warmup_epochs"
)
def _warmup_rate_has_epochs(values):
    return values["warmup_rate"] is None or values["warmup_epochs"]


@flags.multi_flags_validator(
    ["weights", "pretrained"], "--weights and --pretrained: give one of them"
)
def _one_start(values):
    return not (values["weights"] and values["pretrained"])


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

    command.run(
        restarting,
        stopped="Stopped. The same command goes on from the last checkpoint.",
    )


def find_model(task: str):
    """Returns the constructor that --model names.

    Args:
        task: The app's task; models of others aren't found.

    Raises:
        InputError: If there is no such model.
    """
    return models.find(FLAGS.model, lambda model: models.task(model) == task)


def model_arguments(constructor, **arguments) -> dict:
    """Returns the constructor's arguments: those that are given and --model_options.

    Raises:
        InputError: If an option isn't one of the model's.
    """
    return arguments | options("model_options", constructor, arguments)


def options(flag: str, constructor, taken=()) -> dict:
    """Returns the arguments that a flag gives as NAME=VALUE.

    Args:
        flag: The flag, one that can be given again.
        constructor: What takes them. One that takes any passes them on to another.
        taken: Names of those that flags of their own give.

    Raises:
        InputError: If an option isn't one of the constructor's.
    """
    parameters = inspect.signature(constructor).parameters
    passes_on = any(p.kind == p.VAR_KEYWORD for p in parameters.values())
    known = set(parameters) - set(taken)
    found = {}
    for option in FLAGS[flag].value:
        name, _, value = option.partition("=")
        if name in taken:
            raise InputError(f"--{flag}={option}: {name} is set by a flag of its own")
        if name not in known and not passes_on:
            raise unknown_name(f"option of {constructor.__name__}", name, known)
        # Of an option that is given again, as after a flagfile, the last counts.
        try:
            found[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            found[name] = value
    return found


def build_model(constructor, options_flag="model_options", **arguments) -> keras.Model:
    """Returns the model.

    Args:
        constructor: Returns it.
        options_flag: The flag that gives some of its arguments, for the error.
        **arguments: Its arguments.

    Raises:
        InputError: If an argument has a value that the model can't take.
    """
    try:
        return constructor(**arguments)
    except InputError:
        raise
    except (
        *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    ) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        given = [f"--{options_flag}={option}" for option in FLAGS[options_flag].value]
        name = " with ".join(filter(None, [constructor.__name__, " ".join(given)]))
        raise InputError(f"{name} can't be built: {reason}") from error
