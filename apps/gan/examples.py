"""The examples that a generator learns to make, as the flags name them."""

import contextlib
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from absl import flags

from apps.run.models import has_argument
from kerasapps.data.images import attributes, loading
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.data.pipeline import ShuffledExamples, TrainingData
from kerasapps.data.points.mixtures import MIXTURES, Mixture, PointData
from kerasapps.errors import InputError
from kerasapps.serving.generator import Conditions

FLAGS = flags.FLAGS

# New points in an epoch of a mixture of Gaussians.
EPOCH_POINTS = 51_200


class Examples(NamedTuple):
    """What a generator learns from.

    Attributes:
        training: The batches: examples, or pairs of these and their conditions.
        arguments: Arguments of the generator that depend on them.
        facts: What the data is like, fit for JSON.
        preprocessing: What images go through; None for points.
        mixture: The mixture that points are drawn from; None for images.
        conditions: What the conditions mean; None where there are none.
        shown_conditions: Conditions of the examples that are shown, float32
            `[number, condition_size]`.
        naming_undecodable: Makes the context in which an image that can't be decoded
            becomes an error that names it.
    """

    training: TrainingData
    arguments: dict
    facts: dict
    preprocessing: Preprocessing | None = None
    mixture: Mixture | None = None
    conditions: Conditions | None = None
    shown_conditions: np.ndarray | None = None
    naming_undecodable: contextlib.AbstractContextManager = contextlib.nullcontext


def load(constructor, size: int | None = None) -> Examples:
    """Returns the examples of --dataset.

    Args:
        constructor: The generator's.
        size: Height and width of images, if they are other than --image_size.

    Raises:
        InputError: If the data can't be had, or isn't what the generator makes.
    """
    if has_argument("dimensions")(constructor):
        return _points(constructor)
    if FLAGS.dataset in MIXTURES:
        raise InputError(
            f"--dataset={FLAGS.dataset} has points and {constructor.__name__} makes "
            "images: give --model=pointgan, or a data set of images"
        )
    return _images(constructor, size or FLAGS.image_size)


def _batch_size(size):
    """Returns the examples of a step: those of all steps of the discriminator."""
    taken = FLAGS.batch_size * FLAGS.discriminator_steps
    if taken > size and FLAGS.discriminator_steps > 1:
        raise InputError(
            f"--batch_size={FLAGS.batch_size} and --discriminator_steps="
            f"{FLAGS.discriminator_steps}: a step takes {taken} examples, and there "
            f"are {size}; choose less"
        )
    return taken


def _points(constructor):
    if FLAGS.dataset not in MIXTURES:
        raise InputError(
            f"{constructor.__name__} makes points, not images: give --dataset="
            f"{', '.join(MIXTURES)}"
        )
    mixture = MIXTURES[FLAGS.dataset]
    training = PointData(mixture, EPOCH_POINTS, _batch_size(EPOCH_POINTS), FLAGS.seed)
    return Examples(
        training,
        {"dimensions": mixture.means.shape[1]},
        {"points": EPOCH_POINTS},
        mixture=mixture,
    )


def _images(constructor, size):
    only = getattr(constructor, "image_size", size)
    if only != size:
        raise InputError(
            f"{constructor.__name__} makes images of {only}x{only}: give "
            f"--image_size={only}"
        )
    conditional = has_argument("condition_size")(constructor)
    data = loading.load(
        FLAGS.dataset,
        FLAGS.data_dir,
        FLAGS.train_split,
        labelled=conditional and FLAGS.condition == "label",
    )
    channels = 1 if data.channels == 1 else 3
    preprocessing = in_bounds(constructor, (size, size, channels))
    arguments = {"channels": channels}
    if has_argument("image_size")(constructor):
        arguments["image_size"] = size
    facts = {"training images": data.train.size}
    conditions = shown = None
    examples = data.train.examples
    with data.naming_undecodable():
        if conditional:
            examples, conditions = _conditional(data)
            arguments["condition_size"] = len(conditions.names)
            facts["conditions"] = list(conditions.names)
            # Of attributes their values, to what is the same on other machines.
            for name in ("mean", "deviation"):
                values = getattr(conditions, name) or ()
                facts[f"{name} of conditions"] = [f"{value:.3g}" for value in values]
            shown = _shown(examples, conditions)

    def prepare(example):
        image = preprocessing(data.decode(example)["image"])
        return (image, example["condition"]) if conditional else image

    training = ShuffledExamples(
        examples,
        data.train.size,
        _batch_size(data.train.size),
        lambda example, seed: example,
        FLAGS.seed,
        prepare=prepare,
    )
    return Examples(
        training,
        arguments,
        facts,
        preprocessing,
        None,
        conditions,
        shown,
        data.naming_undecodable,
    )


def in_bounds(constructor, shape) -> Preprocessing:
    """Returns what brings images to the numbers that a generator makes.

    Args:
        constructor: The generator's.
        shape: Height, width and channels of the images.
    """
    low, high = constructor.example_bounds
    std = 255 / (high - low)
    return Preprocessing(shape, mean=-low * std, std=std)


def _conditional(data):
    """Returns the examples with a `condition` each, and what these mean."""
    if FLAGS.condition == "label":
        conditions = Conditions(data.class_names)
        encoded = data.train.examples.map(
            lambda e: e | {"condition": conditions.encode(e["label"][None])[0]}
        )
        return encoded, conditions
    found = attributes.load(data, FLAGS.condition)
    conditions = Conditions(found.names, found.mean.tolist(), found.deviation.tolist())
    attributed = attributes.attributed(data.train, found.train)
    return attributed.map(lambda e: e | {"condition": e["attributes"]}), conditions


def _shown(examples, conditions):
    if conditions.are_classes:
        given = np.arange(FLAGS.samples) % len(conditions.names)
        return conditions.encode(tf.constant(given)).numpy()
    few = examples.map(lambda example: example["condition"]).take(FLAGS.samples)
    return np.stack(list(few.repeat().take(FLAGS.samples).as_numpy_iterator()))
