import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.evaluation.classifier.crops import (
    CENTER,
    CORNERS_AND_CENTER,
    GRID,
    central_square,
    crops_at,
    googlenet_crops,
    resize_shorter_side,
    with_mirrored,
)


def image_of(height, width, channels=3):
    """Every value another one."""
    count = height * width * channels
    return np.arange(count, dtype=np.float32).reshape(height, width, channels)


def in_graph(function, image):
    """Calls `function` as a data pipeline does, which doesn't know the image's size."""
    spec = tf.TensorSpec([None, None, image.shape[-1]], image.dtype)
    return tf.function(function, input_signature=[spec])(image).numpy()


@pytest.mark.parametrize(
    ("size", "length", "resized"),
    [
        ((6, 9), 4, (4, 6)),
        ((9, 6), 12, (18, 12)),
        ((8, 8), 37, (37, 37)),
        # 500 x 256 / 375 is 341.3.
        ((375, 500), 256, (256, 342)),
    ],
)
def test_the_shorter_side_is_resized(size, length, resized):
    image = image_of(*size, channels=1)
    known = tf.function(lambda x: resize_shorter_side(x, length))
    spec = tf.TensorSpec(image.shape, tf.uint8)
    assert known.get_concrete_function(spec).output_shapes == (*resized, 1)
    expected = tf.image.resize(image, resized, antialias=True)
    unknown = in_graph(lambda x: resize_shorter_side(x, length), image)
    np.testing.assert_array_equal(unknown, expected)


def test_the_centre_is_what_the_preprocessing_takes():
    random = np.random.default_rng(0)
    for size in ((40, 61), (57, 33), (24, 24)):
        image = tf.constant(random.integers(0, 256, [*size, 3], np.uint8))
        wanted = Preprocessing((20, 17, 3), shorter_side=24).resize(image)
        resized = resize_shorter_side(image, 24)
        (crop,) = crops_at(resized, (20, 17), CENTER)
        np.testing.assert_allclose(crop, wanted, atol=2e-3)


def test_corners_and_centre():
    image = image_of(9, 12)
    crops = in_graph(lambda x: crops_at(x, (4, 5), CORNERS_AND_CENTER), image)
    # Room for 5 rows and 7 columns more: the centre begins at 2 and 3.
    expected = [
        image[:4, :5],
        image[:4, 7:],
        image[5:, :5],
        image[5:, 7:],
        image[2:6, 3:8],
    ]
    np.testing.assert_array_equal(crops, expected)


@pytest.mark.parametrize("tall", [False, True])
def test_central_square(tall):
    image = image_of(256, 512, channels=1)
    square = image[:, 128:384]
    if tall:
        image, square = image.transpose(1, 0, 2), square.transpose(1, 0, 2)
    np.testing.assert_array_equal(in_graph(central_square, image), square)
    # An odd column left over is to the right.
    odd = image_of(4, 7)
    np.testing.assert_array_equal(in_graph(central_square, odd), odd[:, 1:5])


def test_the_grid_is_regular():
    image = image_of(12, 20)
    crops = in_graph(lambda x: crops_at(x, (4, 4), GRID), image)
    assert len(crops) == 25
    expected = [
        image[top : top + 4, left : left + 4]
        for top in (0, 2, 4, 6, 8)
        for left in (0, 4, 8, 12, 16)
    ]
    np.testing.assert_array_equal(crops, expected)


def test_a_crop_as_large_as_the_image():
    image = image_of(5, 5)
    crops = in_graph(lambda x: crops_at(x, (5, 5), GRID), image)
    np.testing.assert_array_equal(crops, [image] * 25)


def test_mirror_images_come_after():
    crops = np.stack([image_of(3, 4), -image_of(3, 4)])
    mirrored = with_mirrored(crops).numpy()
    np.testing.assert_array_equal(mirrored, [*crops, *crops[:, :, ::-1]])


@pytest.mark.parametrize("tall", [False, True])
def test_googlenet(tall):
    image = image_of(8, 21)
    size = (6, 6)
    # By hand: squares of 8x8 at columns 0, 6 (of 13 / 2) and 13.
    squares = [image[:, left : left + 8] for left in (0, 6, 13)]
    if tall:
        image = image.transpose(1, 0, 2)
        squares = [square.transpose(1, 0, 2) for square in squares]
    crops = in_graph(lambda x: googlenet_crops(x, size), image)
    assert crops.shape == (36, 6, 6, 3)
    expected = []
    for square in squares:
        expected += [
            square[:6, :6],
            square[:6, 2:],
            square[2:, :6],
            square[2:, 2:],
            square[1:7, 1:7],
            tf.image.resize(square, size, antialias=True).numpy(),
        ]
    np.testing.assert_allclose(crops[:18], expected, rtol=1e-6)
    np.testing.assert_allclose(crops[18:], np.array(expected)[:, :, ::-1], rtol=1e-6)


def test_four_scales_of_googlenet_are_144_different_crops():
    image = image_of(30, 60)
    scales = [resize_shorter_side(tf.constant(image), s) for s in (16, 18, 20, 22)]
    crops = np.concatenate([googlenet_crops(x, (14, 14)) for x in scales])
    assert len(crops) == 144
    assert len({crop.tobytes() for crop in crops}) == 144
