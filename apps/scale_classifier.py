r"""Scales an image classifier in depth, width and resolution, as EfficientNet does.

    python -m apps.scale_classifier --model=resnet20 --dataset=cifar10 --epochs=5 \
        --multiply_adds=4e8 --memory=2e8
    python -m apps.scale_classifier --model=efficientnetb0 --alpha=1.2 --beta=1.1 \
        --gamma=1.15

Each combination of alpha (depth), beta (width) and gamma (resolution) on a grid with
alpha * beta^2 * gamma^2 of about 2 is trained by apps.train_classifier, all of whose
flags hold here. The best on held-out training data scales the baseline by phi = 1, 2,
... as far as the budget goes. With --alpha, --beta and --gamma nothing is trained.

The search never looks at test data: unless the splits are given, a data set of
TensorFlow Datasets has the last tenth of "train" held out.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import functools
import json
import math
import os
import pathlib
import re
import subprocess
import sys
from typing import TypedDict

import keras
from absl import flags

from apps.classifier import training_flags
from apps.classifier.network import input_shape
from apps.run import command, models
from apps.run.options import Options
from kerasapps import json_file
from kerasapps.data import split_names
from kerasapps.errors import InputError
from kerasapps.evaluation.compound_scaling import (
    Coefficients,
    cost,
    curves,
    grid,
    scaled_cost,
)
from kerasapps.figures.saving import save
from kerasapps.figures.scaling import scaling
from kerasapps.weights.blueprint import blueprint

FLAGS = flags.FlagValues()
training_flags.define(FLAGS, model="resnet20", epochs=2)

flags.DEFINE_float(
    "multiply_adds",
    math.inf,
    "Most multiply-adds of one image, as in 4e8.",
    0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "memory",
    math.inf,
    "Most bytes of the parameters and of the activations of one --batch_size, float32.",
    lower_bound=0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "alpha", None, "Factor of depth in one step of phi.", 1, flag_values=FLAGS
)
flags.DEFINE_float(
    "beta", None, "Factor of width in one step of phi.", 1, flag_values=FLAGS
)
flags.DEFINE_float(
    "gamma", None, "Factor of resolution in one step of phi.", 1, flag_values=FLAGS
)
flags.DEFINE_float(
    "step", 0.2, "Step of the grid of coefficients.", 0.01, 1, flag_values=FLAGS
)
flags.DEFINE_float(
    "tolerance",
    0.1,
    "How far alpha * beta^2 * gamma^2 may be from 2.",
    0,
    1,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "max_phi", 7, "Greatest phi, whatever the budget.", 1, 15, flag_values=FLAGS
)
flags.DEFINE_integer(
    "compare",
    0,
    "Train the networks up to this phi, whatever the budget, and as large ones scaled "
    "in one dimension alone, and draw their accuracy.",
    lower_bound=0,
    upper_bound=15,
    flag_values=FLAGS,
)
flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=FLAGS)


_DIMENSIONS = ("depth", "width", "resolution")
# Most candidates, each of which is a training.
_CANDIDATES = 1_000
# Most growth in one step of phi; the paper's is about 2.
_GROWTH = 10


class _Metrics(TypedDict):
    """What is read of a training's `metrics.json`."""

    accuracy: float


@flags.multi_flags_validator(
    ["alpha", "beta", "gamma"],
    "give all of --alpha, --beta and --gamma, or none",
    flag_values=FLAGS,
)
def _all_coefficients_or_none(values):
    return len({value is None for value in values.values()}) == 1


def main() -> None:
    """Runs the app."""
    if FLAGS.scale is not None:
        raise InputError("--scale is what this app finds: leave it out")
    baseline = _baseline()
    train = functools.cache(_train)
    trials = []
    if FLAGS.alpha is not None:
        coefficients = Coefficients(FLAGS.alpha, FLAGS.beta, FLAGS.gamma)
        if not 1 < coefficients.growth <= _GROWTH:
            raise InputError(
                "--alpha, --beta and --gamma: alpha * beta^2 * gamma^2 is to be about "
                f"2, above 1 and at most {_GROWTH}, not {coefficients.growth:g}"
            )
    else:
        trials = _search(baseline, train)
        coefficients = max(trials, key=lambda trial: trial[1])[0]
    networks = []
    for phi in range(FLAGS.max_phi + 1):
        factors = dict(zip(_DIMENSIONS, coefficients.factors(phi), strict=True))
        try:
            network = blueprint(baseline.scaled, **factors)
        except InputError as error:
            _say(f"phi={phi} is beyond all that can be built: {error}")
            break
        if not _fits(cost(network)):
            break
        networks.append({"phi": phi, **factors, **describe(network)})
    report = {
        "baseline": FLAGS.model,
        **coefficients._asdict(),
        "trials": [
            {**candidate._asdict(), "accuracy": accuracy}
            for candidate, accuracy in trials
        ],
        "networks": networks,
        "next": _command(networks[-1]),
    }
    if FLAGS.compare:
        report["curves"] = curves(baseline, coefficients, FLAGS.compare, train)
        path = _directory() / "figures" / "scaling.png"
        save(scaling(report["curves"]), path)
        _say(f"Drawn: {path}")
    print(json.dumps(report, indent=2) if FLAGS.json else _table(report))


def describe(network: keras.Model) -> dict:
    """Returns what is said of a network.

    Args:
        network: A network or its blueprint.

    Returns:
        A dictionary with the keys `input_shape`, `multiply_adds`, `parameters`, and
        `memory` in bytes.
    """
    itself = cost(network)
    return {
        "input_shape": network.input_shape[1:],
        "multiply_adds": itself.multiply_adds,
        "parameters": itself.parameters,
        "memory": itself.memory(FLAGS.batch_size),
    }


def _baseline():
    constructor = models.find(FLAGS.model, models.of_task("classifier"))
    shape = input_shape(constructor, FLAGS.input_shape)
    arguments = {"input_shape": shape}
    if FLAGS.num_classes is not None:
        arguments["num_classes"] = FLAGS.num_classes
    options = Options("model_options", FLAGS.model_options)
    baseline = options.blueprint(constructor, **arguments)
    if not hasattr(baseline, "scaled"):
        raise InputError(
            f"{constructor.__name__} has no rule for scaling; all image classifiers "
            "from AlexNet on have one"
        )
    itself = cost(baseline)
    if not _fits(itself):
        raise InputError(
            f"{constructor.__name__} itself is beyond the budget: it takes "
            f"{itself.multiply_adds:.3g} multiply-adds and "
            f"{itself.memory(FLAGS.batch_size):.3g} bytes"
        )
    return baseline


def _fits(network):
    return network.fits(FLAGS.multiply_adds, FLAGS.memory, FLAGS.batch_size)


def _search(baseline, train):
    """Trains each candidate; returns `Coefficients` and accuracy of each."""
    candidates = grid(FLAGS.step, FLAGS.tolerance)
    if len(candidates) > _CANDIDATES:
        raise InputError(
            f"the grid has {len(candidates):,} combinations, and each is a training; "
            "give a greater --step or a smaller --tolerance"
        )
    candidates = [c for c in candidates if _fits(scaled_cost(baseline, *c))]
    if not candidates:
        raise InputError(
            "no coefficients on the grid are in the budget; give a smaller --step, a "
            "greater --tolerance, or a greater --multiply_adds or --memory"
        )
    trials = []
    for number, candidate in enumerate(candidates, 1):
        trials.append((candidate, train(*candidate)))
        _say(
            f"{number} of {len(candidates)}: alpha {candidate.alpha:g}, beta "
            f"{candidate.beta:g}, gamma {candidate.gamma:g}: {trials[-1][1]:.2%}"
        )
    return trials


def _train(depth, width, resolution):
    """Trains a scaled network in a process of its own; returns its accuracy."""
    scale = f"{depth:g},{width:g},{resolution:g}"
    directory = _directory() / f"scale-{scale.replace(',', '-')}"
    directory.mkdir(parents=True, exist_ok=True)
    flagfile = _directory() / "training.flags"
    flagfile.write_text("\n".join(_training_flags()) + "\n")
    process = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "apps.train_classifier"),
            *(f"--flagfile={flagfile}", f"--scale={scale}"),
            *(f"--run_dir={directory}", "--export_dir="),
        ],
        # It finds the apps where this process has them, not where it was called.
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        reason = (process.stderr.strip() or "it was killed").splitlines()[-1]
        raise InputError(f"training with --scale={scale}: {reason}")
    return json_file.read(directory / "metrics.json", _Metrics)["accuracy"]


def _training_flags():
    """Returns the flags of apps.train_classifier, with splits without test data."""
    kind, _, path = FLAGS.dataset.partition(":")
    if kind == "folder":

        def is_there(name):
            return (pathlib.Path(path) / name).is_dir()

        held_out, test = (
            split_names.find(name, is_there) for name in ("validation", "test")
        )
        if test and not held_out:
            raise InputError(
                f"{path} has test images, but none to choose coefficients by; add "
                f"{path}/validation/<class>/"
            )
    lines = [
        flag.serialize()
        for flag in _flags_of_training()
        if flag.name not in ("scale", "run_dir", "export_dir")
    ]
    if FLAGS.dataset != "digits" and kind != "folder" and not FLAGS.validation_split:
        if FLAGS.train_split:
            raise InputError(
                "with --train_split give --validation_split, too: training data that "
                "it leaves out"
            )
        lines += ["--train_split=train[:90%]", "--validation_split=train[90%:]"]
    return filter(None, lines)


def _flags_of_training():
    """Yields the flags that apps.train_classifier has, too, by their names in order."""
    theirs = flags.FlagValues()
    training_flags.define(theirs)
    return (FLAGS[name] for name in sorted(theirs))


def _command(network):
    """Returns the command that trains a network of the table."""
    lines = [
        flag.serialize()
        for flag in _flags_of_training()
        if flag.value != flag.default and flag.name not in ("model", "run_dir")
    ]
    scale = ",".join(f"{network[name]:g}" for name in _DIMENSIONS)
    # A flag that is given several times is written in several lines.
    given = [argument for line in lines for argument in line.splitlines()]
    arguments = [f"--model={FLAGS.model}", *given, f"--scale={scale}"]
    return command.invocation("train_classifier", *arguments)


def _directory():
    name = re.sub(r"[^\w.-]", "_", f"{FLAGS.model}_{FLAGS.dataset}")
    return pathlib.Path(FLAGS.run_dir or f"runs/scale_classifier/{name}")


def _say(text):
    """Prints beside the result, so that --json prints nothing but JSON."""
    print(text, file=sys.stderr, flush=True)


def _table(report):
    lines = [
        f"alpha {report['alpha']:g} (depth), beta {report['beta']:g} (width), gamma "
        f"{report['gamma']:g} (resolution)",
        "",
        f"{'phi':>3} {'depth':>7} {'width':>7} {'resolution':>10} {'input':>11} "
        f"{'mult-adds':>15} {'parameters':>13} {'memory [MB]':>11}",
    ]
    for row in report["networks"]:
        lines.append(
            f"{row['phi']:>3} {row['depth']:>7.4g} {row['width']:>7.4g} "
            f"{row['resolution']:>10.4g} {'x'.join(map(str, row['input_shape'])):>11} "
            f"{row['multiply_adds']:>15,} {row['parameters']:>13,} "
            f"{row['memory'] / 1e6:>11,.1f}"
        )
    return "\n".join([*lines, "", "Try next:", f"  {report['next']}"])


if __name__ == "__main__":
    command.run(main, FLAGS)
