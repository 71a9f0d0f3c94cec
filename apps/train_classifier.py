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

import keras
import tensorflow as tf
from absl import flags

from apps.classifier import start, training_flags
from apps.classifier.network import input_shape, scaled
from apps.classifier.report import report
from apps.run import command, models
from apps.run.options import Options
from apps.run.run import Run
from kerasapps import memory
from kerasapps.data import own_folder
from kerasapps.data.images import augmentation, held_out, loading
from kerasapps.data.images.preprocessing import image_statistics
from kerasapps.data.pipeline import ShuffledExamples, cache_if_small
from kerasapps.errors import InputError, printable
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.serving.classifier import check_class_names
from kerasapps.training.footprint import check_step
from kerasapps.training.losses import SmoothedCrossentropy
from kerasapps.training.monitor import Monitor

FLAGS = flags.FlagValues()
training_flags.define(FLAGS)

# Bytes of an element of the confusion matrix, and of the shares that are drawn of it.
_OF_MATRIX = 8 + 8


def main() -> None:
    """Runs the app."""
    constructor = models.find(FLAGS.model, models.of_task("classifier"))
    if FLAGS.num_classes:
        memory.check(
            _OF_MATRIX * FLAGS.num_classes**2,
            f"the confusion matrix of {FLAGS.num_classes:,} classes",
            argument="num_classes",
        )
    run = Run(FLAGS, "train_classifier", models.export_name(constructor))
    run.say(f"Run {run.directory}. Reading {printable(FLAGS.dataset)}.")
    data = loading.load(
        FLAGS.dataset,
        FLAGS.data_dir,
        FLAGS.train_split,
        FLAGS.validation_split,
        FLAGS.num_classes,
    )
    if run.is_chief and run.export_dir:
        check_class_names(run.export_dir, data.class_names)
    options = Options("model_options", FLAGS.model_options)
    arguments = {
        "num_classes": len(data.class_names),
        "input_shape": input_shape(constructor, FLAGS.input_shape),
    }
    with data.naming_undecodable():
        _train(run, scaled(constructor, FLAGS.scale), options, arguments, data)


def _train(run, constructor, options, arguments, data):
    """Trains and leaves everything that a run leaves."""
    network = options.without("weights").blueprint(constructor, **arguments)
    check_step(network, FLAGS.batch_size)
    shape = network.input_shape[1:]
    statistics = image_statistics(data.train, data.decode, shape)
    preprocessing = start.preprocessing(
        shape,
        statistics,
        FLAGS.normalize,
        FLAGS.shorter_side,
        constructor.__name__.lower(),
        options.arguments(constructor, arguments).get("weights"),
        (FLAGS.weights, FLAGS.pretrained),
    )
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
        model = options.build(constructor, **arguments)
        fresh = start.read_weights(model, FLAGS.weights, FLAGS.pretrained)
        if fresh is not None:
            run.say(f"Starts from {FLAGS.pretrained}; fresh: {', '.join(fresh) or '-'}")
        run.compile(
            model,
            training.steps_per_epoch,
            loss=_loss(model, FLAGS.label_smoothing),
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
            **held_out.facts(data),
            "class names": list(data.class_names),
            # Rounded: the last bits may depend on the number of threads.
            "pixel mean": [round(float(x), 2) for x in preprocessing.mean],
            "pixel deviation": [round(float(x), 2) for x in preprocessing.std],
        },
        validation,
        data.validation.size,
        monitor=Monitor("val_accuracy", "max"),
    )
    run.say("Evaluating, drawing and exporting.")
    model = run.keep(model)
    if run.is_chief:
        about = {
            name: FLAGS[name].value
            for name in ("train_split", "validation_split", "epochs")
        }
        about["dataset"] = own_folder.resolved(FLAGS.dataset)
        held_out.write(run.directory, data)
        report(
            run,
            model,
            data,
            preprocessing,
            validation,
            history,
            FLAGS.batch_size,
            FLAGS.export_dtype,
            about,
        )


def _loss(model, label_smoothing):
    loss = model.paper_loss() if hasattr(model, "paper_loss") else None
    if loss and label_smoothing:
        raise InputError(
            f"--label_smoothing goes with cross-entropy, and {model.name} has a loss "
            "of its own; lenet5 has cross-entropy with --model_options=output=softmax"
        )
    if label_smoothing:
        return SmoothedCrossentropy(label_smoothing)
    return loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)


if __name__ == "__main__":
    command.run(main, FLAGS)
