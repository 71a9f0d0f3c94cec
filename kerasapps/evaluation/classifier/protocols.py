"""How the papers test a classifier: which views of an image are averaged."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from kerasapps.data.images.dataset import Example, Split
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier import crops
from kerasapps.evaluation.classifier.dense import dense_network, dense_probabilities

# The papers' scales, pixels of the shorter side, for networks that take 224x224.
_VGG_SCALES = (256, 384, 512)
PAPER_SCALES = {
    "center": (),
    "ten_crop": (256,),
    "multi_crop": _VGG_SCALES,
    "dense": _VGG_SCALES,
    "multi_crop_dense": _VGG_SCALES,
    "googlenet_144": (256, 288, 320, 352),
}

# From an image, its shorter side resized to the scale, and the network's height and
# width to `[crops, height, width, channels]`.
_CROPS = {
    "center": lambda image, size: crops.crops_at(image, size, crops.CENTER),
    "ten_crop": lambda image, size: crops.with_mirrored(
        crops.crops_at(crops.central_square(image), size, crops.CORNERS_AND_CENTER)
    ),
    "multi_crop": lambda image, size: crops.with_mirrored(
        crops.crops_at(image, size, crops.GRID)
    ),
    "googlenet_144": crops.googlenet_crops,
}


def scales_for(
    protocol: str, image_shape: Sequence[int], scales: Sequence[int] = ()
) -> tuple[int, ...]:
    """Returns the scales of a protocol: lengths of the image's shorter side, in pixels.

    Args:
        protocol: One of `PAPER_SCALES`.
        image_shape: Height, width and channels of the network's input.
        scales: Those that the user wants. By default they are the paper's, which are
            for inputs of 224x224, in proportion: 256 becomes 37 for 32x32. The centre
            crop has none by default, as the network's own preprocessing makes it.

    Raises:
        InputError: If an image of that scale is smaller than the network's input.
    """
    side = max(image_shape[:2])
    chosen = tuple(scales) or tuple(
        round(s * side / 224) for s in PAPER_SCALES[protocol]
    )
    if chosen and min(chosen) < side:
        size = "x".join(map(str, image_shape[:2]))
        raise InputError(
            f"scales={','.join(map(str, chosen))}: the network takes {size}; scales "
            f"are pixels of the image's shorter side, {side} or more",
            argument="scales",
        )
    return chosen


def evaluate(
    protocol: str,
    model: keras.Model,
    preprocessing: Preprocessing,
    split: Split,
    decode: Callable[[Example], Example],
    batch_size: int,
    scales: Sequence[int] = (),
) -> tuple[np.ndarray, int]:
    """Classifies each image of a split as the mean over its views.

    - `center`: the centre of the image. Without scales as the network's own
      preprocessing makes it, as in training and in the export.
    - `ten_crop`: AlexNet, sections 2 and 4.1: patches from the corners and the centre
      of the image's central square, and their mirror images.
    - `multi_crop`: VGG, section 3.2: a 5x5 grid of crops and their mirror images.
    - `dense`: VGG, section 3.2: the network slides over the whole image, whatever its
      aspect ratio, and over the mirror image.
    - `multi_crop_dense`: VGG, section 4.3: the mean of those two.
    - `googlenet_144`: GoogLeNet, section 7: of three squares the corners, the centre
      and the whole, and their mirror images.

    The softmax of each view is averaged, with equal weights, over the views of all
    scales. What is averaged within a dense view, `dense_probabilities` says.

    Args:
        protocol: One of `PAPER_SCALES`.
        model: A classifier that returns logits.
        preprocessing: What it takes.
        split: The images.
        decode: From an example to the same with its pixels, as in `ImageDataset`.
        batch_size: Views that are classified at once. Whole images of a size that isn't
            known beforehand are classified one by one.
        scales: Lengths of the shorter side, as `scales_for` returns them.

    Returns:
        Probabilities, float32 `[images, classes]`, and the number of views of an image;
        of the dense evaluation each whole image and each mirror image is one.

    Raises:
        InputError: If the network can't be evaluated so.
        tf.errors.InvalidArgumentError: If an image can't be decoded.
    """
    if protocol == "multi_crop_dense":
        halves = [
            evaluate(half, model, preprocessing, split, decode, batch_size, scales)
            for half in ("dense", "multi_crop")
        ]
        return (halves[0][0] + halves[1][0]) / 2, halves[0][1] + halves[1][1]
    if protocol == "dense":
        network = dense_network(model)
        # XLA, which a GPU would use, compiles anew for each size.
        network.jit_compile = False
        by_scale = [
            _mean_of_mirrored(network, preprocessing, split, decode, batch_size, scale)
            for scale in scales
        ]
        return np.mean(by_scale, axis=0), 2 * len(scales)

    def views(example):
        pixels = decode(example)["image"]
        if not scales:
            return preprocessing(pixels)[tf.newaxis]
        image = preprocessing.convert_channels(pixels)
        size = preprocessing.image_shape[:2]
        found = [
            _CROPS[protocol](crops.resize_shorter_side(image, scale), size)
            for scale in scales
        ]
        return preprocessing.normalize(tf.concat(found, axis=0))

    return _mean_of_crops(model, _mapped(split, views), split.size, batch_size)


def _mapped(split, function):
    return split.examples.map(function, num_parallel_calls=tf.data.AUTOTUNE)


def _mean_of_crops(model, crops_of_images, images, batch_size):
    """Returns the mean probabilities `[images, classes]`, and the crops of an image.

    The data set has `[crops, height, width, channels]` for each image. Only sums are
    kept: the probabilities of all crops of a large data set would fill the memory.
    """
    count = crops_of_images.element_spec.shape[0]
    totals = np.zeros([images, model.output_shape[-1]])
    seen = 0
    for batch in crops_of_images.rebatch(batch_size).prefetch(tf.data.AUTOTUNE):
        probabilities = keras.ops.softmax(model.predict_on_batch(batch))
        positions = (seen + np.arange(len(batch))) // count
        np.add.at(totals, positions, keras.ops.convert_to_numpy(probabilities))
        seen += len(batch)
    return (totals / count).astype(np.float32), count


def _mean_of_mirrored(network, preprocessing, split, decode, batch_size, scale):
    """Returns the mean probabilities of whole images of a scale and their mirrors."""

    def whole(example):
        image = preprocessing.convert_channels(decode(example)["image"])
        return preprocessing.normalize(crops.resize_shorter_side(image, scale))

    images = _mapped(split, whole)
    of_one_size = images.element_spec.shape.is_fully_defined()
    # A batch takes the memory of all that it may hold.
    batch_size = min(batch_size, split.size) if of_one_size else 1
    batches = images.batch(batch_size).prefetch(tf.data.AUTOTUNE)
    sums = [
        dense_probabilities(network, batch)
        + dense_probabilities(network, batch[:, :, ::-1])
        for batch in batches
    ]
    return np.concatenate(sums) / 2
