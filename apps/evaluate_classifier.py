r"""Evaluates trained image classifiers as the papers evaluate theirs.

    python -m apps.evaluate_classifier --model=runs/train_classifier/lenet5_digits
    python -m apps.evaluate_classifier --model=RUN --protocol=ten_crop
    python -m apps.evaluate_classifier --model=RUN1 --model=RUN2 --protocol=dense \
        --scales=256,384,512
    python -m apps.evaluate_classifier --model=resnet50 --dataset=imagenet2012

A model is a run directory of apps.train_classifier, or the name of a network that takes
the ImageNet weights of keras.applications. Of several models the probabilities are
averaged.

Protocols: center, the centre of the image, as in training; ten_crop, AlexNet's five
patches of the central square and their mirror images; multi_crop, VGG's 5x5 grid,
mirrored, 50 crops a scale; dense, VGG's: the network slides over the whole image,
mirrored too; multi_crop_dense, both averaged; googlenet_144, GoogLeNet's 144 crops.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import contextlib
import json
import pathlib
import urllib.parse

import numpy as np
from absl import flags
from sklearn.metrics import confusion_matrix

from apps.classifier import drawing, table
from apps.classifier.evaluated import load_data, load_model
from apps.run import command, common_flags, metrics
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier.metrics import class_accuracy, top_k_error
from kerasapps.evaluation.classifier.protocols import (
    PAPER_SCALES,
    evaluate,
    scales_for,
)
from kerasapps.figures.saving import save

FLAGS = flags.FlagValues()
flags.DEFINE_multi_string(
    "model",
    None,
    "Run directory of apps.train_classifier, or a network with weights of "
    "keras.applications, as in resnet50; given again, the models are averaged.",
    flag_values=FLAGS,
)
flags.DEFINE_enum(
    "protocol",
    "center",
    PAPER_SCALES,
    "Which views of an image are averaged.",
    flag_values=FLAGS,
)
flags.DEFINE_list(
    "scales",
    [],
    "Pixels of the image's shorter side, over which the views are averaged, as in "
    "256,384,512. Default: the paper's, in proportion to the network's input: for "
    "32x32, 37 where the paper has 256 for 224x224. The centre crop's default is the "
    "model's own preprocessing.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "dataset",
    None,
    "Data set; default: that of the run, or imagenet2012. Of a folder without splits, "
    "as in folder:PATH/test, all images are evaluated; it may lack classes.",
    flag_values=FLAGS,
)
common_flags.define_data_dir(FLAGS)
flags.DEFINE_string(
    "split",
    None,
    "Split of the data set, as in test; train: what the run learned from; default: "
    "what the run held out.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "batch_size",
    32,
    "Views that are classified at once.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "nearest",
    10_000,
    "Training images among which those nearest to test images are found and drawn, as "
    "in AlexNet's figure 4; 0: no such figure, as with a --dataset that the run didn't "
    "learn from.",
    lower_bound=0,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "output_dir",
    None,
    "Where metrics.json and the figures go; default: a folder in "
    "runs/evaluate_classifier/ named by models, protocol and, where given, dataset, "
    "split and scales.",
    flag_values=FLAGS,
)
flags.DEFINE_bool(
    "json",
    False,
    "Print the metrics as JSON instead of a table.",
    flag_values=FLAGS,
)
flags.mark_flag_as_required(
    "model",
    flag_values=FLAGS,
)


def main() -> None:
    """Runs the app."""
    scales = _scales(FLAGS.scales)
    models = [load_model(model) for model in FLAGS.model]
    for model in models:
        scales_for(FLAGS.protocol, model.preprocessing.image_shape, scales)
    evaluated = load_data(models, FLAGS.dataset, FLAGS.split, FLAGS.data_dir)
    data, split = evaluated.data, evaluated.split
    parts = [
        "+".join(model.name for model in models),
        *(FLAGS.protocol, FLAGS.dataset, FLAGS.split, ",".join(map(str, scales))),
    ]
    # As in a URL, so that folder:a/b is one name, and no other data set has it.
    names = [urllib.parse.quote(part, safe="+,") for part in parts if part]
    default = pathlib.Path("runs", "evaluate_classifier", "_".join(names))
    directory = pathlib.Path(FLAGS.output_dir or default)
    with data.naming_undecodable(), _figures_folder(directory):
        labels = np.fromiter((e["label"] for e in split.examples), int)
        rows, probabilities = _evaluate(models, data, split, scales, labels)
        matrix = confusion_matrix(
            labels, probabilities.argmax(axis=1), labels=range(len(data.class_names))
        )
        found = {
            "protocol": FLAGS.protocol,
            "dataset": data.name,
            "split": evaluated.name,
            "images": len(labels),
            "crops": sum(row["crops"] for row in rows),
            **_errors(probabilities, labels),
            "models": rows,
            "class_accuracy": dict(
                zip(data.class_names, class_accuracy(matrix), strict=True)
            ),
            "confusion_matrix": matrix.tolist(),
        }
        metrics.write(directory, found)
        if FLAGS.json:
            print(json.dumps(found))
        else:
            table.print_errors(found)
            table.print_classes(data.class_names, matrix)
            print(
                f"\nFigures   {directory}/figures/\nMetrics   {directory}/metrics.json"
            )
        # Those that show a network show the first one.
        network, preprocessing = models[0].network, models[0].preprocessing
        figures = [
            drawing.draw(network, data.class_names, matrix),
            drawing.draw_evaluation(
                network,
                preprocessing,
                data,
                split,
                labels,
                probabilities,
                FLAGS.nearest if evaluated.is_learned else 0,
                FLAGS.batch_size,
            ),
        ]
        for name, figure in (pair for some in figures for pair in some):
            save(figure, directory / "figures" / f"{name}.png")


@contextlib.contextmanager
def _figures_folder(directory):
    """Makes the output folders; after an error removes those that stayed empty.

    They are made beforehand, so that a place that can't be written is told at once.
    """
    folder = directory / "figures"
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for path in made:
            # Not where something was written.
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


def _scales(given):
    try:
        return [int(scale) for scale in given]
    except ValueError:
        raise InputError(
            f"--scales={','.join(given)}: write pixels, as in 256,384,512"
        ) from None


def _evaluate(models, data, split, scales, labels):
    """Returns what is told of each model, and their mean probabilities."""
    rows, total = [], 0
    for model in models:
        used = scales_for(FLAGS.protocol, model.preprocessing.image_shape, scales)
        probabilities, crops = evaluate(
            FLAGS.protocol,
            model.network,
            model.preprocessing,
            split,
            data.decode,
            FLAGS.batch_size,
            used,
        )
        total = total + probabilities
        rows.append(
            {
                "model": model.name,
                "scales": list(used),
                "crops": crops,
                **_errors(probabilities, labels),
            }
        )
    return rows, total / len(models)


def _errors(probabilities, labels):
    return {
        "top_1_error": top_k_error(probabilities, labels, 1),
        "top_5_error": top_k_error(probabilities, labels, 5),
    }


if __name__ == "__main__":
    command.run(main, FLAGS)
