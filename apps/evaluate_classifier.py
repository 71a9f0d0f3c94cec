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
import dataclasses
import json
import pathlib
import urllib.parse

import keras
import numpy as np
import tensorflow as tf
from absl import flags
from sklearn.metrics import confusion_matrix

import kerasapps.figures.confusion_matrix
from apps.run import command
from apps.run.metrics import write
from apps.run.models import find, has_argument
from kerasapps.data.images import loading
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier import trained as trained_classifier
from kerasapps.evaluation.classifier.metrics import class_accuracy, top_k_error
from kerasapps.evaluation.classifier.protocols import PAPER_SCALES, evaluate, scales_for
from kerasapps.figures.attention_maps import attention_maps
from kerasapps.figures.kernels import kernels
from kerasapps.figures.nearest_images import nearest, nearest_images
from kerasapps.figures.saving import save
from kerasapps.figures.top_five import top_five
from kerasapps.weights import keras_applications

FLAGS = flags.FLAGS
flags.DEFINE_multi_string(
    "model",
    None,
    "Run directory of apps.train_classifier, or a network with weights of "
    "keras.applications, as in resnet50; given again, the models are averaged.",
)
flags.DEFINE_enum(
    "protocol", "center", PAPER_SCALES, "Which views of an image are averaged."
)
flags.DEFINE_list(
    "scales",
    [],
    "Pixels of the image's shorter side, over which the views are averaged, as in "
    "256,384,512. Default: the paper's, in proportion to the network's input: for "
    "32x32, 37 where the paper has 256 for 224x224. The centre crop's default is the "
    "model's own preprocessing.",
)
flags.DEFINE_string(
    "dataset", None, "Data set; default: that of the run, or imagenet2012."
)
flags.DEFINE_string(
    "data_dir",
    None,
    "Where TensorFlow Datasets keeps its data; default: $TFDS_DATA_DIR, "
    "else ~/tensorflow_datasets.",
)
flags.DEFINE_string(
    "split", None, "Split of the data set, as in test; default: what the run held out."
)
flags.DEFINE_integer("batch_size", 32, "Views that are classified at once.", 1)
flags.DEFINE_integer(
    "nearest",
    10_000,
    "Training images among which those nearest to test images are found and drawn, as "
    "in AlexNet's figure 4; 0: no such figure.",
    lower_bound=0,
)
flags.DEFINE_string(
    "output_dir",
    None,
    "Where metrics.json and the figures go; default: a folder in "
    "runs/evaluate_classifier/ named by models, protocol and, where given, dataset, "
    "split and scales.",
)
flags.DEFINE_bool("json", False, "Print the metrics as JSON instead of a table.")
flags.mark_flag_as_required("model")

# Test images in the figures; nearest training images beside each.
_SHOWN = 8
_NEIGHBOURS = 6
# Beyond these, only the classes that are least often right are printed.
_PRINTED_CLASSES = 20


@dataclasses.dataclass(frozen=True)
class Trained:
    """A classifier, and what was noted when it was trained.

    `class_names`, `dataset` and `validation_split` are None where nothing is known of
    them.
    """

    name: str
    network: keras.Model
    preprocessing: Preprocessing
    dataset: str | None = None
    validation_split: str | None = None
    class_names: tuple[str, ...] | None = None


def main():
    """Runs the app."""
    scales = _scales()
    models = [load_model(model) for model in FLAGS.model]
    for model in models:
        scales_for(FLAGS.protocol, model.preprocessing.image_shape, scales)
    data, split = load_data(models)
    directory = pathlib.Path(FLAGS.output_dir or _default_directory(models, scales))
    with data.naming_undecodable(), _figures_folder(directory):
        _evaluate(models, data, split, scales, directory)


def _default_directory(models, scales):
    """Returns the folder that is named by what is evaluated and how."""
    parts = [
        "+".join(model.name for model in models),
        FLAGS.protocol,
        FLAGS.dataset,
        FLAGS.split,
        ",".join(map(str, scales)),
    ]
    # As in a URL, so that folder:a/b is one name, and no other data set has it.
    names = [urllib.parse.quote(part, safe="+,") for part in parts if part]
    return pathlib.Path("runs", "evaluate_classifier", "_".join(names))


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


def load_model(model: str) -> Trained:
    """Returns what --model names.

    Raises:
        InputError: If it is neither a finished run nor a network with weights.
    """
    directory = pathlib.Path(model)
    if not directory.is_dir():
        return _with_imagenet_weights(model)
    trained = trained_classifier.load(model)
    return Trained(
        directory.resolve().name,
        trained.network,
        trained.preprocessing,
        trained.metrics["dataset"],
        trained.metrics.get("validation_split"),
        trained.class_names,
    )


def _with_imagenet_weights(name):
    if "/" in name:
        raise InputError(
            f"no folder --model={name}; give a folder in runs/train_classifier"
        )
    constructor = find(name, has_argument("weights"), "run, or model with weights,")
    network = constructor(weights="imagenet")
    image_shape = network.input_shape[1:]
    preprocessing = Preprocessing(
        image_shape,
        # As 256 for 224.
        shorter_side=round(max(image_shape[:2]) * 8 / 7),
        **keras_applications.preprocessing(name.lower()),
    )
    return Trained(name.lower(), network, preprocessing)


def load_data(models: list[Trained]):
    """Returns the data set and its split that the flags name.

    Raises:
        InputError: If they can't be had, or the classes aren't those of the models.
    """
    dataset = FLAGS.dataset or models[0].dataset or "imagenet2012"
    split = _split(models)
    classes = models[0].network.output_shape[-1]
    for model in models:
        if model.network.output_shape[-1] != classes:
            raise InputError(
                f"{models[0].name} has {classes} classes and {model.name} "
                f"{model.network.output_shape[-1]}; average models of the same classes"
            )
    # These two have splits of their own.
    own = dataset == "digits" or dataset.startswith("folder:")
    asked = None if own or split == "train" else split
    try:
        data = loading.load(
            dataset, FLAGS.data_dir, validation_split=asked, num_classes=classes
        )
    except InputError as error:
        # Which flag is an app's that trains.
        if error.argument != "num_classes":
            raise
        raise InputError(
            f"{models[0].name} has {classes} classes and {dataset} more; give a "
            "--dataset with the classes of the model"
        ) from error
    for model in models:
        names = model.class_names
        if names and len(names) == classes and names != data.class_names:
            wrong = next(i for i in range(classes) if names[i] != data.class_names[i])
            raise InputError(
                f"class {wrong} of {model.name} is {names[wrong]!r}, and of {dataset} "
                f"{data.class_names[wrong]!r}; give a --dataset with the classes of "
                "the model"
            )
    if split == "train":
        return data, data.train
    if own and split not in (None, "validation"):
        raise InputError(
            f"dataset {dataset!r} has no split {split!r}; write train or validation"
        )
    return data, data.validation


def _split(models):
    """Returns the name of the split; None for what is usual."""
    own_data = FLAGS.dataset in (None, models[0].dataset)
    return FLAGS.split or (models[0].validation_split if own_data else None)


def _scales():
    try:
        return [int(scale) for scale in FLAGS.scales]
    except ValueError:
        raise InputError(
            f"--scales={','.join(FLAGS.scales)}: write pixels, as in 256,384,512"
        ) from None


def _evaluate(models, data, split, scales, directory):
    """Evaluates, writes and prints everything."""
    labels = np.fromiter((example["label"] for example in split.examples), int)
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
    probabilities = total / len(models)
    matrix = confusion_matrix(
        labels, probabilities.argmax(axis=1), labels=range(len(data.class_names))
    )
    metrics = {
        "protocol": FLAGS.protocol,
        "dataset": data.name,
        "split": _split(models),
        "images": len(labels),
        "crops": sum(row["crops"] for row in rows),
        **_errors(probabilities, labels),
        "models": rows,
        "class_accuracy": dict(
            zip(data.class_names, class_accuracy(matrix), strict=True)
        ),
        "confusion_matrix": matrix.tolist(),
    }
    write(directory, metrics)
    if FLAGS.json:
        print(json.dumps(metrics))
    else:
        _print_table(metrics)
        _print_classes(data.class_names, matrix)
        print(f"\nFigures   {directory}/figures/\nMetrics   {directory}/metrics.json")
    draw(directory / "figures", models[0], data, split, labels, probabilities, matrix)


def _errors(probabilities, labels):
    return {
        "top_1_error": top_k_error(probabilities, labels, 1),
        "top_5_error": top_k_error(probabilities, labels, 5),
    }


def _print_table(metrics):
    rows = metrics["models"]
    if len(rows) > 1:
        rows = [*rows, {"model": "all, averaged", **metrics}]
    width = max(len(row["model"]) for row in rows)
    print(f"{metrics['dataset']}, protocol {metrics['protocol']}\n")
    print(
        f"{'model':<{width}} {'images':>8} {'crops':>6} {'top-1 error':>12} "
        f"{'top-5 error':>12}"
    )
    for row in rows:
        print(
            f"{row['model']:<{width}} {metrics['images']:>8,} {row['crops']:>6} "
            f"{row['top_1_error']:>12.2%} {row['top_5_error']:>12.2%}"
        )


def _print_classes(class_names, matrix):
    """Prints the accuracy of each class and what it is taken for."""
    accuracy = class_accuracy(matrix)
    tested = [label for label, share in enumerate(accuracy) if share is not None]
    width = max(len("class"), *map(len, class_names))
    if len(class_names) <= _PRINTED_CLASSES:
        cells = [
            max(len(name), len(str(column.max())))
            for name, column in zip(class_names, matrix.T, strict=True)
        ]
        names = " ".join(f"{n:>{c}}" for n, c in zip(class_names, cells, strict=True))
        print(f"\n{'class':<{width}} {'accuracy':>8}   taken for")
        print(f"{'':{width + 12}}{names}")
        for label in tested:
            counts = zip(matrix[label], cells, strict=True)
            print(
                f"{class_names[label]:<{width}} {accuracy[label]:>8.1%}   "
                + " ".join(f"{n:>{cell}}" for n, cell in counts)
            )
        return
    print(f"\nLeast often right\n{'class':<{width}} {'accuracy':>8}   mostly taken for")
    for label in sorted(tested, key=accuracy.__getitem__)[:_PRINTED_CLASSES]:
        taken_for = class_names[matrix[label].argmax()]
        print(f"{class_names[label]:<{width}} {accuracy[label]:>8.1%}   {taken_for}")


def draw(folder, model, data, split, labels, probabilities, matrix):
    """Writes the figures; those that show a network show the first model."""

    def draw_to(name, figure):
        save(figure, folder / f"{name}.png")

    draw_to(
        "confusion_matrix",
        kerasapps.figures.confusion_matrix.confusion_matrix(matrix, data.class_names),
    )
    network, preprocessing = model.network, model.preprocessing
    first = next((w for w in network.trainable_weights if len(w.shape) == 4), None)
    if first is not None:
        draw_to("first_layer_kernels", kernels(keras.ops.convert_to_numpy(first)))
    shown = _some_of(len(labels), _SHOWN)
    images = _images(split, data.decode, preprocessing, shown)
    draw_to(
        "top_five",
        top_five(
            _as_pixels(images), data.class_names, labels[shown], probabilities[shown]
        ),
    )
    if hasattr(network, "attention_rollout"):
        maps = network.attention_rollout(preprocessing.normalize(images))
        names = [data.class_names[label] for label in labels[shown]]
        draw_to(
            "attention",
            attention_maps(_as_pixels(images), keras.ops.convert_to_numpy(maps), names),
        )
    if FLAGS.nearest:
        draw_to(
            "nearest_training_images",
            _nearest_training_images(network, preprocessing, data, images),
        )


def _nearest_training_images(network, preprocessing, data, images):
    """Returns the figure of test images and the training images nearest to them."""
    hidden = trained_classifier.last_hidden(network)
    candidates = _some_of(data.train.size, FLAGS.nearest)
    training = data.train.select(candidates).map(
        lambda example: preprocessing(data.decode(example)["image"]),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    batches = training.batch(FLAGS.batch_size).prefetch(tf.data.AUTOTUNE)
    found = nearest(
        hidden.predict_on_batch(preprocessing.normalize(images)),
        np.concatenate([hidden.predict_on_batch(batch) for batch in batches]),
        _NEIGHBOURS,
    )
    positions = np.unique(candidates[found])
    pictures = _as_pixels(_images(data.train, data.decode, preprocessing, positions))
    neighbours = pictures[np.searchsorted(positions, candidates[found])]
    return nearest_images(_as_pixels(images), neighbours)


def _some_of(size, count):
    """Returns `count` positions, in order: a fixed random part of `size`."""
    return np.sort(np.random.default_rng(0).permutation(size)[:count])


def _images(split, decode, preprocessing, positions):
    """Returns images at the network's size, 0 to 255; `positions` are in order."""
    chosen = split.select(positions).map(
        lambda example: preprocessing.resize(decode(example)["image"])
    )
    return np.stack(list(chosen.as_numpy_iterator()))


def _as_pixels(images):
    return images.round().clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    command.run(main)
