"""The figures of a classifier: what it learned and what it takes images for."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from kerasapps.data.images.dataset import ImageDataset, Split
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.evaluation.classifier import trained
from kerasapps.evaluation.nearest import nearest_neighbors
from kerasapps.figures.attention_maps import attention_maps
from kerasapps.figures.confusion_matrix import confusion_matrix
from kerasapps.figures.kernels import kernels
from kerasapps.figures.nearest_images import nearest_images
from kerasapps.figures.top_five import top_five

# Images in the figure of predictions, at most half of them wrong.
_PREDICTIONS = 24
# Images in the other figures; nearest training images beside each.
_IMAGES, _NEIGHBOURS = 8, 6


def pictures(
    data: ImageDataset,
    split: Split,
    preprocessing: Preprocessing,
    positions: Sequence[int],
) -> np.ndarray:
    """Returns images at the network's size, uint8.

    Args:
        data: The data set.
        split: That of its splits which the images are of.
        preprocessing: What resizes them.
        positions: Their places in the split, each but once.

    Returns:
        `[positions, height, width, channels]`.
    """
    chosen = split.select(positions).map(
        lambda example: preprocessing.resize(data.decode(example)["image"])
    )
    images = np.stack(list(chosen.as_numpy_iterator()))
    # They come in the order of the split.
    images = images[np.searchsorted(np.sort(positions), positions)]
    return images.round().clip(0, 255).astype(np.uint8)


def draw(
    network: keras.Model, class_names: Sequence[str], matrix: np.ndarray
) -> Iterator[tuple[str, Figure]]:
    """Yields the figures of what any classifier has learned, by their names.

    Args:
        network: The classifier.
        class_names: Names of the classes.
        matrix: Its confusion matrix, int `[classes, classes]`.
    """
    yield "confusion_matrix", confusion_matrix(matrix, class_names)
    first = next((w for w in network.trainable_weights if len(w.shape) == 4), None)
    if first is not None:
        yield "first_layer_kernels", kernels(keras.ops.convert_to_numpy(first))


def right_and_wrong(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Returns positions of a few examples, at most half of them wrong.

    Args:
        labels: Their classes, int `[examples]`.
        predicted: What they are taken for, int `[examples]`.
    """
    wrong = np.flatnonzero(labels != predicted)[: _PREDICTIONS // 2]
    right = np.flatnonzero(labels == predicted)[: _PREDICTIONS - len(wrong)]
    return np.concatenate([right, wrong])


def draw_evaluation(
    network: keras.Model,
    preprocessing: Preprocessing,
    data: ImageDataset,
    split: Split,
    labels: np.ndarray,
    probabilities: np.ndarray,
    candidates: int,
    batch_size: int,
) -> Iterator[tuple[str, Figure]]:
    """Yields the papers' figures of test images, by their names.

    Args:
        network: The classifier.
        preprocessing: What its images go through.
        data: The data set.
        split: That of its splits which was evaluated.
        labels: Their classes, int `[examples]`.
        probabilities: float `[examples, classes]`.
        candidates: Training images among which the nearest are found; 0: no figure.
        batch_size: Images at a time.
    """
    chosen = _some_of(len(labels), _IMAGES)
    images = pictures(data, split, preprocessing, chosen)
    names = data.class_names
    yield "top_five", top_five(images, names, labels[chosen], probabilities[chosen])
    inputs = np.stack(
        list(
            split.select(chosen)
            .map(lambda example: preprocessing(data.decode(example)["image"]))
            .as_numpy_iterator()
        )
    )
    if hasattr(network, "attention_rollout"):
        maps = keras.ops.convert_to_numpy(network.attention_rollout(inputs))
        titles = [names[label] for label in labels[chosen]]
        yield "attention", attention_maps(images, maps, titles)
    if candidates:
        hidden = trained.last_hidden(network)
        places = _some_of(data.train.size, candidates)
        training = data.train.select(places).map(
            lambda example: preprocessing(data.decode(example)["image"]),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        # A batch takes the memory of all that it may hold.
        full = training.batch(min(batch_size, len(places)))
        batches = full.prefetch(tf.data.AUTOTUNE)
        found = nearest_neighbors(
            hidden.predict_on_batch(inputs),
            (hidden.predict_on_batch(batch) for batch in batches),
            _NEIGHBOURS,
        ).positions
        positions = np.unique(places[found])
        neighbours = pictures(data, data.train, preprocessing, positions)
        rows = np.searchsorted(positions, places[found])
        yield "nearest_training_images", nearest_images(images, neighbours[rows])


def _some_of(size, count):
    """Returns `count` positions, in order: a fixed random part of `size`."""
    return np.sort(np.random.default_rng(0).permutation(size)[:count])
