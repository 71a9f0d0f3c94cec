"""Trains an image classifier, evaluates it, draws it and exports it.

With no flag at all, LeNet-5 learns scikit-learn's handwritten digits. Other data:

    --dataset=mnist                      any image set of TensorFlow Datasets
    --dataset=cifar10:3.*.* --train_split=train[:90%] --validation_split=train[90%:]
    --dataset=folder:PATH                PATH/<split>/<class>/*.png, *.jpg, *.jpeg

A killed run goes on where it stopped when the same command is given again.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import inspect
import json
import pathlib

import keras
import numpy as np
import tensorflow as tf
from absl import flags
from sklearn.metrics import confusion_matrix

import kerasapps.figures.confusion_matrix
from apps.run import common_flags as common
from apps.run import metrics
from apps.run.models import models
from apps.run.run import Run
from kerasapps.data.images import augmentation, loading
from kerasapps.data.images.preprocessing import Preprocessing, image_statistics
from kerasapps.data.pipeline import ShuffledExamples, cache_if_small
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier.metrics import class_accuracy, top_k_error
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.figures.kernels import kernels
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.figures.predictions import predictions
from kerasapps.serving.classifier import export_classifier
from kerasapps.training.losses import SmoothedCrossentropy
from kerasapps.weights import keras_applications, keras_file
from kerasapps.weights.blueprint import blueprint
from kerasapps.weights.transfer import start_from

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(common)
FLAGS.set_default("model", "lenet5")
FLAGS.set_default("dataset", "digits")
FLAGS.set_default("learning_rate", 4e-3)
FLAGS.set_default("schedule", "cosine")

flags.DEFINE_list(
    "input_shape", None, "Height, width and channels of the input; the model's own."
)
flags.DEFINE_integer("num_classes", None, "Classes; the data set's own.", 2)
flags.DEFINE_string("train_split", None, "Split of TensorFlow Datasets to train on.")
flags.DEFINE_string("validation_split", None, "Split to validate on.")
flags.DEFINE_list(
    "augment",
    ["pad_and_crop:1"],
    "Augmentations in their order, with settings: random_crop:256:480, "
    "random_resized_crop:0.08:1, pad_and_crop:4, reflection, pca_colour_shift:0.1, "
    "rotation:15, translation:2, cutout:8, elastic_distortion:34:4. Empty: none.",
)
flags.DEFINE_integer(
    "shorter_side",
    None,
    "Evaluate and serve the centre of the image, its shorter side resized to this, as "
    "in 256; default: the whole image, squeezed to the input's size.",
    lower_bound=1,
)
flags.DEFINE_enum(
    "normalize",
    "deviation",
    ["deviation", "mean"],
    "Whether each channel of the images is brought to mean 0 and deviation 1, or only "
    "to mean 0, as AlexNet, GoogLeNet and VGG have it.",
)
flags.DEFINE_list(
    "scale",
    None,
    "Factors of the model's depth, width and resolution, as in 1.2,1.1,1.15.",
)
flags.DEFINE_float("label_smoothing", 0.0, "Label smoothing of cross-entropy.", 0, 1)
flags.register_validator(
    "label_smoothing",
    lambda smoothing: smoothing < 1,
    "needs a number from 0 to below 1",
)


def main():
    """Runs the app."""
    constructor = common.find_model("classifier")
    run = Run("train_classifier", _export_name(constructor))
    run.say(f"Run {run.directory}. Reading {FLAGS.dataset}.")
    data = loading.load(
        FLAGS.dataset,
        FLAGS.data_dir,
        FLAGS.train_split,
        FLAGS.validation_split,
        FLAGS.num_classes,
    )
    with data.naming_undecodable():
        train(run, constructor, data)


def train(run, constructor, data):
    """Trains and leaves everything that a run leaves."""
    arguments = common.model_arguments(
        constructor,
        num_classes=len(data.class_names),
        input_shape=input_shape(constructor),
    )
    unweighted = arguments | ({"weights": None} if "weights" in arguments else {})
    shape = blueprint(_build, constructor=constructor, **unweighted).input_shape[1:]
    statistics = image_statistics(data.train, data.decode, shape)
    preprocessing = _preprocessing(constructor, arguments, shape, statistics)
    prepare, augment = augmentation.parse(
        FLAGS.augment, preprocessing=preprocessing, covariance=statistics.covariance
    )
    training = ShuffledExamples(
        data.train.examples,
        data.train.size,
        FLAGS.batch_size,
        lambda example, seed: (
            preprocessing.normalize(augment(example, seed)["image"]),
            example["label"],
        ),
        FLAGS.seed,
        prepare=lambda example: prepare(data.decode(example)),
    )
    validation = cache_if_small(
        data.validation.examples.map(
            lambda example: (
                preprocessing(data.decode(example)["image"]),
                example["label"],
            ),
            num_parallel_calls=tf.data.AUTOTUNE,
        ),
        data.validation.size,
    )
    with run.strategy.scope():
        model = _build(constructor, **arguments)
        if FLAGS.weights:
            keras_file.load_weights(model, FLAGS.weights)
        if FLAGS.pretrained:
            fresh = start_from(model, keras_file.load(FLAGS.pretrained))
            run.say(f"Starts from {FLAGS.pretrained}; fresh: {', '.join(fresh) or '-'}")
        run.compile(
            model,
            training.steps_per_epoch,
            loss=_loss(model),
            metrics=["accuracy"],
        )
    size = "x".join(map(str, shape[:2])) + (" grey" if shape[2] == 1 else " RGB")
    run.say(
        f"{constructor.__name__} has {trainable_parameters(model):,} parameters and "
        f"takes images of {size}. {data.name} has {data.train.size:,} images to learn "
        f"from and {data.validation.size:,} held out. An epoch has "
        f"{training.steps_per_epoch:,} step(s) of {FLAGS.batch_size} images, on "
        f"{run.strategy.num_replicas_in_sync} device(s)."
    )
    history = run.fit(
        model,
        training,
        {
            "training images": data.train.size,
            "class names": list(data.class_names),
            # Rounded: the last bits may depend on the number of threads.
            "pixel mean": [round(float(x), 2) for x in preprocessing.mean],
            "pixel deviation": [round(float(x), 2) for x in preprocessing.std],
        },
        validation,
        data.validation.size,
    )
    run.say("Evaluating, drawing and exporting.")
    model = run.keep(model)
    if run.is_chief:
        _report(run, model, data, preprocessing, validation, history)


def _export_name(constructor):
    """Returns the model's name; the file's where it holds but one model."""
    module = inspect.getmodule(constructor)
    alone = [inspect.getmodule(m) for m in models().values()].count(module) == 1
    return (module if alone else constructor).__name__.split(".")[-1].lower()


def _build(constructor, **arguments):
    """Returns the model, scaled as --scale says."""
    if FLAGS.scale is None:
        return common.build_model(constructor, **arguments)
    try:
        depth, width, resolution = (float(factor) for factor in FLAGS.scale)
    except ValueError:
        depth = width = resolution = 0
    if not all(0 < factor < 100 for factor in (depth, width, resolution)):
        raise InputError(
            f"--scale={','.join(FLAGS.scale)}: write the factors of depth, width and "
            "resolution, as in 1.2,1.1,1.15"
        )
    if arguments.get("weights"):
        raise InputError("--scale makes a fresh network: leave the option weights out")
    model = blueprint(common.build_model, constructor=constructor, **arguments)
    if not hasattr(model, "scaled"):
        raise InputError(f"{constructor.__name__} has no rule for --scale")
    return model.scaled(depth, width, resolution)


def input_shape(constructor) -> tuple[int | None, int | None, int]:
    """Returns what --input_shape says, or the model's own height, width and channels.

    Raises:
        InputError: If the flag has other than a height, a width and 1 or 3 channels.
    """
    default = inspect.signature(constructor).parameters["input_shape"].default
    if FLAGS.input_shape is None:
        return default
    try:
        height, width, channels = (int(size) for size in FLAGS.input_shape)
    except ValueError:
        raise InputError(
            f"--input_shape={','.join(FLAGS.input_shape)}: "
            "write height, width and channels, as in 32,32,3"
        ) from None
    if channels not in (1, 3) or min(height, width) < 1:
        raise InputError("--input_shape has 1 (grey) or 3 (colour) channels")
    return height, width, channels


def _preprocessing(constructor, arguments, shape, statistics):
    """Returns the preprocessing that the weights at the start were trained with.

    Fresh weights get that of the training images.
    """
    std = statistics.std if FLAGS.normalize == "deviation" else 1.0
    values = {"mean": statistics.mean, "std": std}
    if arguments.get("weights") is not None:
        if shape[-1] != 3:
            raise InputError("weights of keras.applications need images of 3 channels")
        values = keras_applications.preprocessing(
            constructor.__name__.lower(), str(arguments["weights"])
        )
    for start in (FLAGS.weights, FLAGS.pretrained):
        metrics = start and pathlib.Path(start).with_name("metrics.json")
        if metrics and metrics.exists():
            try:
                before = json.loads(metrics.read_text())["preprocessing"]
                Preprocessing.from_config(before)
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    f"{metrics} is none that apps.train_classifier wrote; mend it, or "
                    "move the weights away from it"
                ) from error
            if before["image_shape"][-1] == shape[-1]:
                names = ("mean", "std", "channel_order")
                values = {name: before[name] for name in names if name in before}
    return Preprocessing(shape, shorter_side=FLAGS.shorter_side, **values)


def _loss(model):
    loss = model.paper_loss() if hasattr(model, "paper_loss") else None
    if loss and FLAGS.label_smoothing:
        raise InputError(
            f"--label_smoothing goes with cross-entropy, and {model.name} has a loss "
            "of its own; lenet5 has cross-entropy with --model_options=output=softmax"
        )
    if FLAGS.label_smoothing:
        return SmoothedCrossentropy(FLAGS.label_smoothing)
    return loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _report(run, model, data, preprocessing, validation, history):
    """Evaluates, draws, exports and says where everything is."""
    run.save_figure("learning_curves", learning_curves(history))
    logits = model.predict(validation.batch(FLAGS.batch_size), verbose=0)
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    labels = np.fromiter((e["label"] for e in data.validation.examples), int)
    classes = range(len(data.class_names))
    matrix = confusion_matrix(labels, probabilities.argmax(axis=1), labels=classes)
    run.save_figure(
        "confusion_matrix",
        kerasapps.figures.confusion_matrix.confusion_matrix(matrix, data.class_names),
    )
    first = next((w for w in model.trainable_weights if len(w.shape) == 4), None)
    if first is not None:
        run.save_figure("first_layer_kernels", kernels(first.numpy()))
    shown = _some_right_and_wrong(labels, probabilities.argmax(axis=1))
    chosen = data.validation.select(shown).map(
        lambda example: preprocessing.resize(data.decode(example)["image"])
    )
    images = np.stack(list(chosen.as_numpy_iterator())).round().astype(np.uint8)
    images = images[np.searchsorted(np.sort(shown), shown)]
    run.save_figure(
        "predictions",
        predictions(images, data.class_names, labels[shown], probabilities[shown]),
    )
    example = run.directory / "example.png"
    keras.utils.save_img(example, images[0], scale=False)
    exported = run.export_dir and export_classifier(
        model, preprocessing, data.class_names, run.export_dir, FLAGS.export_dtype
    )
    accuracy = matrix.trace() / matrix.sum()
    metrics.write(
        run.directory,
        {
            "model": model.name,
            "parameters": trainable_parameters(model),
            "multiply_adds": multiply_adds(model),
            "dataset": FLAGS.dataset,
            "validation_split": FLAGS.validation_split,
            "epochs": FLAGS.epochs,
            "train_examples": data.train.size,
            "validation_examples": data.validation.size,
            "accuracy": accuracy,
            "top_5_accuracy": 1 - top_k_error(probabilities, labels, 5),
            "class_accuracy": dict(
                zip(data.class_names, class_accuracy(matrix), strict=True)
            ),
            "preprocessing": preprocessing.to_config(),
            "history": history,
            "export": exported or None,
        },
    )
    run.say(
        f"""
{accuracy:.2%} of the {len(labels):,} held-out images are classified right.

Figures       {run.directory}/figures/
Metrics       {run.directory}/metrics.json
TensorBoard   tensorboard --logdir={run.directory}/tensorboard"""
    )
    if exported:
        run.say(f"SavedModel    {exported}")
    run.say("\nTry next:")
    if exported:
        run.say(f"  python -m apps.predict --model={exported} {example}")
    if not FLAGS.dataset.startswith("folder:"):
        run.say(
            "  python -m apps.train_classifier --dataset=folder:PATH_TO_YOUR_IMAGES"
        )
    run.say("  python -m apps.zoo")


def _some_right_and_wrong(labels, predicted, count=24):
    """Returns positions of up to `count` examples, at most half of them wrong."""
    wrong = np.flatnonzero(labels != predicted)[: count // 2]
    right = np.flatnonzero(labels == predicted)[: count - len(wrong)]
    return np.concatenate([right, wrong])


if __name__ == "__main__":
    common.run_app(main)
