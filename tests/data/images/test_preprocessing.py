import json

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images.dataset import Split
from kerasapps.data.images.preprocessing import Preprocessing, image_statistics
from kerasapps.errors import InputError


def test_normalizes_each_channel():
    preprocessing = Preprocessing((1, 1, 3), mean=[10, 20, 30], std=[1, 2, 4])
    image = np.array([[[12, 24, 22]]], np.uint8)
    output = preprocessing(image)
    assert output.dtype == tf.float32
    np.testing.assert_allclose(output, [[[2, 2, -2]]])


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        ([100], 1, [100]),
        ([100], 3, [100, 100, 100]),
        ([10, 20, 30], 3, [10, 20, 30]),
        # The luma of BT.601: 0.299 R + 0.587 G + 0.114 B.
        ([100, 0, 0], 1, [29.9]),
        ([0, 100, 0], 1, [58.7]),
        ([0, 0, 100], 1, [11.4]),
        ([10, 20, 30, 128], 3, [10, 20, 30]),
        ([100, 100, 100, 0], 1, [100]),
    ],
)
def test_converts_channels(given, wanted, expected):
    image = np.array(given, np.uint8).reshape(1, 1, -1)
    output = Preprocessing((1, 1, wanted)).resize(image)
    np.testing.assert_allclose(output[0, 0], expected, atol=0.02)


def test_refuses_two_channels():
    with pytest.raises(ValueError, match="got 2"):
        Preprocessing((1, 1, 3)).resize(np.zeros([1, 1, 2], np.uint8))
    with pytest.raises(ValueError, match="got 2"):
        Preprocessing((1, 1, 2))


def test_resize_is_antialiased():
    # Columns 0 and 240 in turn: without antialiasing a quarter of the width would
    # sample few of them; with it every pixel is near the average.
    image = np.tile(np.array([0, 240], np.uint8), 32)[np.newaxis, :, np.newaxis]
    image = np.repeat(image, 64, axis=0)
    output = Preprocessing((16, 16, 1)).resize(image).numpy()
    np.testing.assert_allclose(output[:, 1:-1], 120, atol=10)


def test_resize_keeps_what_has_the_right_size():
    image = np.random.default_rng(0).integers(0, 256, [5, 7, 3], np.uint8)
    np.testing.assert_array_equal(Preprocessing((5, 7, 3)).resize(image), image)


def test_in_a_graph_with_unknown_sizes():
    preprocessing = Preprocessing((4, 6, 3), mean=127, std=50)
    images = np.random.default_rng(0).integers(0, 256, [2, 9, 5, 1], np.uint8)
    traced = tf.function(
        preprocessing, input_signature=[tf.TensorSpec([None, None, None, 1], tf.uint8)]
    )
    output = traced(images)
    assert output.shape == (2, 4, 6, 3)
    for image, processed in zip(images, output, strict=True):
        np.testing.assert_allclose(preprocessing(image), processed, atol=1e-6)
    # The same sizes in a graph that doesn't know them.
    same = np.random.default_rng(0).integers(0, 256, [2, 4, 6, 1], np.uint8)
    np.testing.assert_allclose(traced(same), preprocessing(same), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "top", "left"),
    [
        # The shorter side has its size already: nothing is resized.
        ((10, 15), 2, 4),
        ((15, 10), 4, 2),
        ((10, 10), 2, 2),
    ],
)
def test_cuts_out_the_centre(shape, top, left):
    image = np.random.default_rng(0).integers(0, 256, [*shape, 3], np.uint8)
    output = Preprocessing((6, 6, 3), shorter_side=10).resize(image)
    np.testing.assert_array_equal(output, image[top : top + 6, left : left + 6])


@pytest.mark.parametrize("shape", [(333, 500), (500, 334), (40, 300), (20, 20)])
def test_the_centre_is_that_of_the_resized_image(shape):
    image = np.random.default_rng(0).uniform(0, 255, [*shape, 1]).astype(np.float32)
    short, long = min(shape), max(shape)
    resized_long = -(-long * 36 // short)
    size = (36, resized_long) if shape[0] == short else (resized_long, 36)
    resized = tf.image.resize(image, size, antialias=True).numpy()
    top, left = (size[0] - 32) // 2, (size[1] - 24) // 2
    output = Preprocessing((32, 24, 1), shorter_side=36).resize(image)
    np.testing.assert_allclose(
        output, resized[top : top + 32, left : left + 24], atol=1e-2
    )


def test_a_very_long_image_needs_no_memory_for_what_is_cut_off():
    # Resized as a whole it would have 256 x 51 million pixels.
    image = np.full([1, 200_000, 1], 7, np.uint8)
    output = Preprocessing((224, 224, 3), shorter_side=256)(image)
    np.testing.assert_allclose(output, np.full([224, 224, 3], 7), rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "shorter_side"),
    [((50, 70), None), ((70, 50), 36), ((40, 50), 44), ((36, 36), 36)],
)
def test_boxes_and_masks_are_resized_with_their_image(shape, shorter_side):
    boxes = np.array([[3, 2, 30, 30], [20, 10, 35, 34], [0, 0, *shape], [1, 1, 2, 2]])
    mask = np.zeros([*shape, 1], np.uint8)
    for label, (top, left, bottom, right) in enumerate(boxes[:2], 1):
        mask[top:bottom, left:right] = label
    painted = np.where(mask == [0, 1, 2], 255, 0).astype(np.uint8)
    painted[..., 1][boxes[0][0] : boxes[0][2], boxes[0][1] : boxes[0][3]] = 255
    preprocessing = Preprocessing((32, 24, 3), shorter_side=shorter_side)
    example = {
        "image": tf.constant(painted),
        "objects": {
            "bbox": tf.constant(boxes / [*shape, *shape], tf.float32),
            "label": tf.range(4),
        },
        "mask": tf.constant(mask),
    }
    resized = preprocessing.resize_example(example)
    image = resized["image"].numpy()
    np.testing.assert_array_equal(image, preprocessing.resize(painted))
    found = dict(
        zip(
            resized["objects"]["label"].numpy().tolist(),
            resized["objects"]["bbox"].numpy() * [32, 24, 32, 24],
            strict=True,
        )
    )
    for label in (0, 1):
        bright = image[..., label + 1] > 127
        rows, columns = (np.flatnonzero(bright.any(axis=a)) for a in (1, 0))
        expected = [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
        np.testing.assert_allclose(found[label], expected, atol=0.51)
    np.testing.assert_allclose(found[2], [0, 0, 32, 24], atol=1e-5)
    # The last is cut off with what is around the centre.
    assert (3 in found) == (shorter_side is None)
    assert resized["mask"].dtype == tf.uint8
    assert resized["mask"].shape == (32, 24, 1)
    sure = image[..., 0] > 200, image[..., 2] > 200
    for label, where in zip((0, 2), sure, strict=True):
        assert where.any()
        assert (resized["mask"].numpy()[where] == label).all()


@pytest.mark.parametrize("shape", [(8, 8, 3), (8, 6, 3), (6, 8, 3)])
def test_shorter_side_must_hold_what_is_cut_out(shape):
    with pytest.raises(InputError, match="give 8 or more"):
        Preprocessing(shape, shorter_side=7)
    Preprocessing(shape, shorter_side=8)


def test_bgr_turns_the_channels_round_at_the_end():
    preprocessing = Preprocessing(
        (1, 1, 3), mean=[3, 2, 1], std=[1, 2, 4], channel_order="bgr"
    )
    image = np.array([[[11, 22, 33]]], np.uint8)
    np.testing.assert_array_equal(preprocessing.resize(image), image)
    np.testing.assert_allclose(preprocessing(image), [[[30, 10, 2.5]]])
    # What is filled in between becomes zero.
    fill = np.broadcast_to(preprocessing.fill, [1, 1, 3])
    np.testing.assert_array_equal(preprocessing.normalize(fill), np.zeros([1, 1, 3]))
    with pytest.raises(ValueError, match="got 'gbr'"):
        Preprocessing((1, 1, 3), channel_order="gbr")


@pytest.mark.parametrize("shape", [(9, 7), (7, 9), (6, 6)])
def test_in_a_graph_with_unknown_sizes_and_a_centre(shape):
    preprocessing = Preprocessing((4, 3, 3), 127, 50, shorter_side=6)
    images = np.random.default_rng(0).integers(0, 256, [2, *shape, 3], np.uint8)
    traced = tf.function(
        preprocessing, input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8)]
    )
    output = traced(images)
    assert traced.get_concrete_function().output_shapes == (None, 4, 3, 3)
    for image, processed in zip(images, output, strict=True):
        np.testing.assert_allclose(preprocessing(image), processed, atol=1e-5)


def test_config_survives_json():
    preprocessing = Preprocessing(
        (8, 9, 3), mean=[1, 2, 3], std=4, shorter_side=12, channel_order="bgr"
    )
    config = json.loads(json.dumps(preprocessing.to_config()))
    restored = Preprocessing.from_config(config)
    image = np.random.default_rng(0).integers(0, 256, [20, 10, 3], np.uint8)
    np.testing.assert_array_equal(restored(image), preprocessing(image))


def test_reads_a_config_of_an_earlier_version():
    config = {"image_shape": [2, 2, 1], "mean": [1.0], "std": [2.0]}
    restored = Preprocessing.from_config(config)
    image = np.array([[[5], [9]], [[1], [3]]], np.uint8)
    np.testing.assert_array_equal(restored(image), [[[2], [4]], [[0], [1]]])


def split_of(pixels):
    examples = tf.data.Dataset.from_tensor_slices({"image": pixels})
    return Split(examples, len(pixels))


def as_it_is(example):
    return example


def test_image_statistics_agree_with_numpy():
    pixels = np.random.default_rng(0).integers(0, 256, [150, 4, 4, 3], np.uint8)
    pixels[..., 1] = pixels[..., 0] // 2
    statistics = image_statistics(split_of(pixels), as_it_is, (4, 4, 3))
    flat = pixels.reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(statistics.mean, flat.mean(axis=0))
    np.testing.assert_allclose(statistics.std, flat.std(axis=0))
    np.testing.assert_allclose(statistics.covariance, np.cov(flat.T, bias=True))


def test_image_statistics_at_the_size_and_channels_of_the_network():
    # White left, black right: of the six columns the network sees two.
    image = np.zeros([6, 6, 3], np.uint8)
    image[:, :3] = 200
    statistics = image_statistics(split_of(image[np.newaxis]), as_it_is, (2, 2, 1))
    assert statistics.covariance.shape == (1, 1)
    np.testing.assert_allclose(statistics.mean, [100], atol=0.1)
    assert 60 < statistics.std[0] < 100


@pytest.mark.parametrize("white", [slice(50, None), slice(None, None, 2)])
def test_image_statistics_of_a_part_fit_the_whole_split(white):
    # Half the images are white: the second half, or every other one. Of 100 images
    # 50 are used, in which 15 to 35 are white with a probability of 0.9999.
    pixels = np.zeros([100, 1, 1, 1], np.uint8)
    pixels[white] = 100
    split = split_of(pixels)
    statistics = image_statistics(split, as_it_is, (1, 1, 1), limit=50)
    assert 30 < statistics.mean[0] < 70
    assert statistics.mean[0] * 50 / 100 == pytest.approx(
        round(statistics.mean[0] * 50 / 100)
    )
    again = image_statistics(split, as_it_is, (1, 1, 1), limit=50)
    np.testing.assert_array_equal(statistics.mean, again.mean)


def test_a_constant_channel_can_be_normalized():
    split = split_of(np.full([1, 2, 2, 1], 7, np.uint8))
    mean, std, _ = image_statistics(split, as_it_is, (2, 2, 1))
    output = Preprocessing((2, 2, 1), mean, std)(np.full([2, 2, 1], 7, np.uint8))
    np.testing.assert_array_equal(output, np.zeros([2, 2, 1]))


def test_grey_stored_as_rgb_is_the_same_grey():
    grey = np.random.default_rng(0).integers(0, 256, [9, 9, 1], np.uint8)
    preprocessing = Preprocessing((32, 32, 1), mean=80, std=90)
    rgb = np.repeat(grey, 3, axis=-1)
    np.testing.assert_allclose(preprocessing(grey), preprocessing(rgb), atol=1e-6)


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize(("mean", "std"), [(127.5, 127.5), ([9, 99, 199], [5, 55, 70])])
def test_restores_every_pixel_that_it_has_normalized(mean, std, order):
    preprocessing = Preprocessing((16, 16, 3), mean, std, channel_order=order)
    image = np.arange(3 * 256).reshape(16, 16, 3) % 256
    image = np.stack([image, image[::-1]]).astype(np.uint8)
    restored = preprocessing.restore(preprocessing.normalize(image))
    assert restored.dtype == tf.uint8
    np.testing.assert_array_equal(restored, image)


def test_what_is_restored_is_rounded_and_stays_within_bounds():
    preprocessing = Preprocessing((1, 6, 1), mean=100, std=50)
    given = np.array([-9, -2.001, -1.986, 0.013, 0.008, 9], np.float32)
    restored = preprocessing.restore(given.reshape(1, 6, 1))
    # 100 - 2.001 * 50 = -0.05, and then 0.7, 100.65, 100.4.
    np.testing.assert_array_equal(restored[0, :, 0], [0, 0, 1, 101, 100, 255])
