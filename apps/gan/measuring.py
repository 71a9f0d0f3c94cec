"""How good generated images are, in numbers."""

import functools
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from absl import logging

from apps.gan.trained import Trained
from kerasapps.data.images import attributes, held_out, loading
from kerasapps.evaluation.gan.features import Classifier, Features
from kerasapps.evaluation.gan.frechet import Moments
from kerasapps.evaluation.nearest import nearest_neighbors

# Images at a time.
_BATCH = 200
# Bytes of samples at most that are compared with all training images.
_COMPARED = 2**26


def real_images(
    run: Trained, name: str, limit: int | None = None
) -> Iterator[np.ndarray]:
    """Yields real images, as large as the generated ones.

    Args:
        run: The run.
        name: "train", those that it learned from, or "validation", the others.
        limit: How many at most, a fixed random part; None for all in their order.

    Yields:
        uint8 `[batch, height, width, channels]`.

    Raises:
        InputError: If they can't be had.
    """
    data = _data(run)
    split = getattr(data, name)
    examples = split.examples
    if limit is not None:
        order = np.random.default_rng(0).permutation(split.size)
        examples = split.select(order[:limit])

    def prepare(example):
        image = run.preprocessing.resize(data.decode(example)["image"])
        return tf.cast(tf.round(image), tf.uint8)

    images = examples.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    with data.naming_undecodable():
        yield from images.batch(_BATCH).prefetch(tf.data.AUTOTUNE).as_numpy_iterator()


def random_conditions(
    run: Trained, number: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Returns conditions for so many samples, and the classes where they are such.

    Classes come in turn; attributes are those of a fixed random part of the training
    images, each as often as another.

    Args:
        run: The run.
        number: How many.
    """
    if run.conditions is None:
        return None, None
    if run.conditions.are_classes:
        labels = np.arange(number) % len(run.conditions.names)
        return run.conditions.encode(tf.constant(labels)).numpy(), labels
    known = _attributes(
        run.metrics["dataset"],
        run.data_dir,
        run.metrics["train_split"],
        run.metrics["condition"],
        held_out.read(run.directory),
    )
    order = np.random.default_rng(0).permutation(len(known))
    return known[order[np.arange(number) % len(known)]], None


def measure(
    run: Trained,
    classifier: Classifier | None,
    features: Features | None,
    number: int,
    seed: int,
) -> dict:
    """Returns the measures that can be taken, by their names.

    Distances to the nearest training image are roots of mean squared differences of the
    pixels, in grey levels; of all samples if they are small enough, as images of 28x28
    are, else of the first.

    Args:
        run: The run.
        classifier: A classifier of the same classes, if there is one.
        features: Those of the Fréchet distance, if there are any.
        number: How many images are made.
        seed: Seed of what is drawn.
    """
    conditions, labels = random_conditions(run, number)
    z = run.draw(number, seed + 1)
    moments = Moments(features.size) if features else None
    compared, predicted, shapes = [], [], []
    shaped = run.conditions if run.metrics["condition"] == "shape" else None
    for first in range(0, len(z), _BATCH):
        part = slice(first, first + _BATCH)
        given = None if conditions is None else conditions[part]
        images = run.make(z[part], given, seed=first)
        if first * images[0].size < _COMPARED:
            compared.append(images)
        if features and moments:
            moments.update(features.extract(images))
        if classifier:
            predicted.append(classifier.predict(images).argmax(axis=1))
        if shaped:
            shapes.append(attributes.shape_attributes_of(images))
    found = {"samples": len(z), **_nearness(run, np.concatenate(compared))}
    if features and moments:
        # What real images that weren't learned from come to.
        real, held_out = (
            features.moments(real_images(run, name, number))
            for name in ("train", "validation")
        )
        found[features.distance_name] = real.distance(moments)
        # One image alone has no covariance.
        if held_out.count > 1:
            found[f"{features.distance_name}_of_held_out_images"] = real.distance(
                held_out
            )
    if classifier:
        predicted = np.concatenate(predicted)
        if labels is not None:
            # GAN-test of Shmelkov, Schmid and Alahari, "How Good Is My GAN?", 2018,
            # section 3.2, where the classifier was trained on real images.
            found["label_accuracy"] = float((predicted == labels).mean())
        counts = np.bincount(predicted, minlength=len(classifier.class_names))
        shares = (counts / counts.sum()).tolist()
        found["class_shares"] = dict(zip(classifier.class_names, shares, strict=True))
    if shaped:
        found |= _correlations(shaped.names, conditions, np.concatenate(shapes))
    return found


def _nearness(run, samples):
    """Returns how far training images are from samples, and from those held out."""
    held_out = next(real_images(run, "validation", _BATCH))
    both = np.concatenate([samples, held_out])
    found = nearest_neighbors(both, real_images(run, "train"))
    # Of each pixel, in grey levels.
    distances = found.distances[:, 0] / np.sqrt(both[0].size)
    of_samples, of_held_out = np.split(distances, [len(samples)])
    name = "distance_to_nearest_training_image"
    return {
        "samples_compared_with_training_images": len(samples),
        f"mean_{name}": float(of_samples.mean()),
        f"least_{name}": float(of_samples.min()),
        f"mean_{name}_of_held_out_images": float(of_held_out.mean()),
    }


def _correlations(names, asked, measured):
    """Returns the correlation of each attribute asked for and measured."""
    found = {}
    for name, ask, got in zip(names, asked.T, measured.T, strict=True):
        # What never changes goes with nothing.
        varies = ask.std() and got.std()
        correlation = float(np.corrcoef(ask, got)[0, 1]) if varies else 0.0
        found[f"correlation_of_{name}"] = correlation
    return found


def _data(run):
    metrics = run.metrics
    listed = held_out.read(run.directory)
    data = loading.load(
        metrics["dataset"],
        run.data_dir,
        metrics["train_split"],
        labelled=False,
        held_out=listed,
    )
    if data.held_out is not None and listed is None:
        logging.log_first_n(
            logging.WARNING,
            "which images %s has held out isn't known, as it has no held_out.json: "
            "those that are taken for it may be among the images it learned from",
            1,
            run.directory,
        )
    return data


@functools.cache
def _attributes(dataset, data_dir, train_split, condition, listed):
    data = loading.load(dataset, data_dir, train_split, labelled=False, held_out=listed)
    return attributes.load(data, condition).train
