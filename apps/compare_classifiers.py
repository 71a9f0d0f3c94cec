"""Draws how the errors of several trainings fall, in one figure.

    python -m apps.compare_classifiers --output=resnet.png RUN RUN ...

takes run directories of apps.train_classifier, each as PATH or as NAME=PATH. Plain and
residual networks of two depths so make figure 1 and 6 of ResNet's paper, ReLU and tanh
figure 1 of AlexNet's.
"""

import pathlib
from typing import NotRequired, TypedDict

from absl import flags

from apps.run import command
from kerasapps import json_file
from kerasapps.errors import InputError, printable

FLAGS = flags.FlagValues()
flags.DEFINE_string(
    "output", "runs/comparison.png", "The figure's file, a PNG.", flag_values=FLAGS
)
flags.DEFINE_bool("held_out", True, "Draw the held-out errors too.", flag_values=FLAGS)


class _History(TypedDict):
    accuracy: list[float]
    val_accuracy: NotRequired[list[float]]


class Metrics(TypedDict):
    """What is read of a run's `metrics.json`."""

    accuracy: float
    parameters: int
    history: _History


def read(run: str) -> Metrics:
    """Returns a run's metrics; raises InputError where there are none."""
    path = pathlib.Path(run, "metrics.json")
    try:
        found = json_file.read(path, Metrics)
        if not found["history"]["accuracy"]:
            raise InputError(f"{path.name} has an empty 'history.accuracy'")
    except InputError as error:
        raise InputError(
            f"{run} holds no finished run of train_classifier: its {error}; give run "
            "directories, such as runs/train_classifier/lenet5_digits"
        ) from error
    return found


def main(runs: list[str]) -> None:
    """Draws the figure and prints where each network ended."""
    if not runs:
        raise InputError(
            "no run given; give run directories: python -m apps.compare_classifiers "
            "plain=runs/train_classifier/A residual=runs/train_classifier/B"
        )
    output = pathlib.Path(FLAGS.output)
    if output.suffix != ".png":
        raise InputError(f"--output={output}: give a name that ends in .png")
    metrics = {}
    for run in runs:
        name, _, path = run.rpartition("=")
        name = printable(name or pathlib.Path(path).resolve().name)
        if name in metrics:
            raise InputError(f"two runs are named {name}; write NAME={path}")
        metrics[name] = read(path)

    # Imported only now, as it takes seconds: help and errors come at once.
    from kerasapps.figures.error_curves import error_curves
    from kerasapps.figures.saving import save

    errors = {}
    for name, noted in metrics.items():
        history = noted["history"]
        errors[name] = {"training": [1 - a for a in history["accuracy"]]}
        if FLAGS.held_out and "val_accuracy" in history:
            errors[name]["held-out"] = [1 - a for a in history["val_accuracy"]]
    save(error_curves(errors), output)
    width = max(map(len, metrics))
    print(f"{'run':<{width}}  parameters  epochs  training error  held-out error")
    for name, noted in metrics.items():
        print(
            f"{name:<{width}}  {noted['parameters']:>10,}  "
            f"{len(noted['history']['accuracy']):>6}  "
            f"{1 - noted['history']['accuracy'][-1]:>14.2%}  "
            f"{1 - noted['accuracy']:>14.2%}"
        )
    print(f"Figure: {output}")


if __name__ == "__main__":
    command.run(main, FLAGS)
