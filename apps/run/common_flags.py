"""The flags that every training app has."""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import math

from absl import flags

from kerasapps.training import distribution
from kerasapps.training.optimizers import OPTIMIZERS
from kerasapps.training.schedules import SCHEDULES


def define(values: flags.FlagValues, **defaults) -> None:
    """Defines the flags that every training app has.

    Args:
        values: The app's flags.
        **defaults: Those that this app has other than the usual ones, by name.
    """
    _define_what(values)
    define_data_dir(values)
    _define_how(values)
    _define_where(values)
    _define_checks(values)
    for name, default in defaults.items():
        values.set_default(name, default)


def define_data_dir(values: flags.FlagValues) -> None:
    """Defines --data_dir, which every app has that reads a data set.

    Args:
        values: The app's flags.
    """
    flags.DEFINE_string(
        "data_dir",
        None,
        "Where TensorFlow Datasets keeps its data; default: $TFDS_DATA_DIR, "
        "else ~/tensorflow_datasets.",
        flag_values=values,
    )


def _define_what(values):
    flags.DEFINE_string(
        "model", None, "Model; `python -m apps.zoo` lists them.", flag_values=values
    )
    flags.DEFINE_multi_string(
        "model_options",
        [],
        "An argument of the model other than its default, as in output=softmax.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "weights",
        None,
        "A .keras file of the same model, to start from its weights.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "pretrained",
        None,
        "A .keras file of the same family, to start from those of its weights that "
        "fit: of another number of classes, VGG of another depth, ViT of another "
        "resolution.",
        flag_values=values,
    )
    flags.DEFINE_string("dataset", None, "Data set.", flag_values=values)


def _define_how(values):
    flags.DEFINE_integer("epochs", 20, "Epochs.", 1, 1_000_000, flag_values=values)
    flags.DEFINE_integer(
        "batch_size",
        32,
        "Examples in a step, over all devices.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_enum("optimizer", "adam", OPTIMIZERS, "Optimizer.", flag_values=values)
    flags.DEFINE_float(
        "learning_rate",
        1e-3,
        "Highest learning rate.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "momentum", 0.9, "Momentum of sgd and rmsprop.", 0, 1, flag_values=values
    )
    flags.DEFINE_bool(
        "nesterov", False, "Nesterov's momentum, for sgd.", flag_values=values
    )
    flags.DEFINE_float(
        "epsilon",
        None,
        "What keeps rmsprop, adadelta and adam from dividing by zero; default: 1e-7.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "beta_1",
        0.9,
        "Decay of the mean of the gradients, of adam and adamw.",
        0,
        1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "beta_2",
        0.999,
        "Decay of the mean of the squared gradients, of adam and adamw.",
        0,
        1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "weight_decay",
        0.0,
        "Weight decay of kernels: added to the gradient, decoupled with adamw.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "schedule", "constant", SCHEDULES, "Learning-rate schedule.", flag_values=values
    )
    flags.DEFINE_float(
        "warmup_epochs",
        0,
        "Epochs in which the learning rate rises from 0.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "warmup_rate",
        None,
        "Constant rate of the warm-up epochs, instead of the rise.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_list(
        "decay_epochs",
        [],
        "--schedule=step: epochs after which the rate is decayed (default: 1/2 and 3/4 "
        "of all). exponential: epochs between two decays (1/10 of all). plateau: "
        "epochs without a better value of what is monitored before a decay (10).",
        flag_values=values,
    )
    flags.DEFINE_float(
        "decay_rate", 0.1, "Factor of a decay.", 0, 1, flag_values=values
    )
    flags.DEFINE_integer(
        "early_stopping",
        None,
        "Epochs without a better value of what the app monitors, mostly held-out "
        "accuracy, after which the training ends; default: it goes on to the last.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "keep_best",
        False,
        "Keep the weights of the epoch with the best value of what the app monitors; "
        "else those of the last epoch.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "clip_norm",
        None,
        "Largest norm of the whole gradient.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "ema",
        None,
        "Momentum of a moving average of the weights, as in 0.999, which is what is "
        "evaluated and kept.",
        0,
        1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "seed",
        0,
        "Seeds the weights, the order and the augmentation.",
        0,
        2**32 - 1,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "deterministic",
        False,
        "Only ops that give the same bits in every run; slower.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "dtype_policy",
        "float32",
        ["float32", "mixed_bfloat16", "mixed_float16"],
        "What is computed in which precision.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "jit_compile",
        False,
        "Compile the step with XLA; on one device.",
        flag_values=values,
    )


def _define_where(values):
    flags.DEFINE_enum(
        "strategy",
        "mirrored",
        distribution.STRATEGIES,
        "The devices of this machine, or those of all machines in $TF_CONFIG.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "num_devices",
        None,
        "Devices of this machine to use; default: all GPUs. Without a GPU, as many "
        "logical CPU devices.",
        lower_bound=1,
        flag_values=values,
    )

    flags.DEFINE_string(
        "run_dir",
        None,
        "Where the run keeps checkpoints, logs and figures; default: a folder in runs/ "
        "named by the app, the model and the data, with a suffix for other flags.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "resume",
        True,
        "Go on where a run in the same folder stopped; else start anew.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "checkpoint_every",
        500,
        "Steps between two checkpoints; one is written after each epoch anyway.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_string(
        "export_dir",
        None,
        "Where the SavedModel goes, as <export_dir>/<version>; default: in "
        "saved_models/, the name of the model and, if it isn't the default, of the "
        "data set. Empty: nowhere.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "export_dtype",
        "float32",
        ["float32", "bfloat16"],
        "What the exported model computes in.",
        flag_values=values,
    )


def _define_checks(values):
    for name in (
        *("learning_rate", "momentum", "weight_decay", "warmup_epochs", "decay_rate"),
        *("clip_norm", "ema", "epsilon", "warmup_rate"),
    ):
        flags.register_validator(
            name,
            lambda x: x is None or math.isfinite(x),
            "needs a finite number",
            flag_values=values,
        )
    for name in ("beta_1", "beta_2"):
        flags.register_validator(
            name,
            lambda x: x < 1,
            "needs a number from 0 to below 1",
            flag_values=values,
        )
    for name in ("clip_norm", "epsilon"):
        flags.register_validator(
            name,
            lambda x: x is None or x > 0,
            "needs a number above 0",
            flag_values=values,
        )
    for name in ("ema", "decay_rate"):
        flags.register_validator(
            name,
            lambda x: x is None or 0 < x < 1,
            "needs a number between 0 and 1",
            flag_values=values,
        )

    @flags.multi_flags_validator(
        ["schedule", "warmup_epochs"],
        "--schedule=plateau sets the rate by itself: it doesn't go with "
        "--warmup_epochs",
        flag_values=values,
    )
    def _plateau_has_no_warmup(given):
        return given["schedule"] != "plateau" or not given["warmup_epochs"]

    @flags.multi_flags_validator(
        ["schedule", "warmup_epochs"],
        "--schedule=inverse_sqrt falls from the end of the warm-up on: give "
        "--warmup_epochs",
        flag_values=values,
    )
    def _inverse_sqrt_has_warmup(given):
        return given["schedule"] != "inverse_sqrt" or given["warmup_epochs"]

    @flags.multi_flags_validator(
        ["warmup_rate", "warmup_epochs"],
        "--warmup_rate needs --warmup_epochs",
        flag_values=values,
    )
    def _warmup_rate_has_epochs(given):
        return given["warmup_rate"] is None or given["warmup_epochs"]

    @flags.multi_flags_validator(
        ["weights", "pretrained"],
        "--weights and --pretrained: give one of them",
        flag_values=values,
    )
    def _one_start(given):
        return not (given["weights"] and given["pretrained"])

    @flags.multi_flags_validator(
        ["deterministic", "strategy"],
        "--deterministic doesn't go with --strategy=multi_worker: sums over a network "
        "come in any order",
        flag_values=values,
    )
    def _several_workers_are_not_deterministic(given):
        return not given["deterministic"] or given["strategy"] == "mirrored"

    @flags.multi_flags_validator(
        ["schedule", "decay_epochs"],
        "--decay_epochs takes numbers above 0, as in 80,120; one number with "
        "--schedule=exponential or plateau",
        flag_values=values,
    )
    def _decay_epochs_are_numbers(given):
        try:
            epochs = [float(e) for e in given["decay_epochs"]]
        except ValueError:
            return False
        one = given["schedule"] in ("exponential", "plateau")
        return all(0 < e < math.inf for e in epochs) and not (one and len(epochs) > 1)
