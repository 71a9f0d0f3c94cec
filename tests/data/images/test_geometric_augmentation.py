import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images import geometric_augmentation as augment
from tests.data.images.augmenting import (
    RGB,
    needs_addons,
    on_image,
    on_image_often,
    positions,
    seeds,
    windows,
)


def test_random_crop_at_one_scale_is_a_slice():
    # The shorter side, 10, is to be 10: nothing is resized.
    crop = augment.random_crop(10, 10, crop_size=(6, 8))
    crops = on_image_often(crop, RGB, 60)
    found = set(positions(crops, windows(RGB, 6, 8)))
    assert {y for y, _ in found} == set(range(7))
    assert {x for _, x in found} == set(range(3))


def test_random_crop_jitters_the_scale():
    # A horizontal ramp of slope 1: after resizing the slope is 1 / scale.
    ramp = np.tile(np.arange(40, dtype=np.float32)[:, np.newaxis], [20, 1, 1])
    crop = augment.random_crop(20, 40, crop_size=(10, 10))
    scales = []
    for output in on_image_often(crop, ramp, 40):
        assert output.shape == (10, 10, 1)
        scales.append(1 / np.diff(output[5, 4:7, 0]).mean())
    # The shorter side is a whole number of pixels.
    shorter = 20 * np.array(scales)
    np.testing.assert_allclose(shorter, np.rint(shorter), atol=1e-2)
    assert min(scales) >= 0.999
    assert max(scales) <= 2.001
    assert len({round(scale, 3) for scale in scales}) > 10


@pytest.mark.parametrize("shape", [(333, 500, 3), (500, 333, 3), (97, 96, 3)])
def test_random_crop_fits_any_aspect_ratio(shape):
    crop = augment.random_crop(32, 33, crop_size=(32, 32))
    for seed in seeds(4):
        image = on_image(crop, np.zeros(shape, np.float32), seed)
        assert image.shape == (32, 32, 3)


def drawn_windows(image_shape, areas, count):
    """Height, width, top and left of the windows that random_resized_crop takes.

    They are seen on ramps: after resizing to n pixels, the slope is that of the image
    times window / n, and the value in the middle is the window's middle.
    """
    y, x = np.indices(image_shape)
    ramps = np.stack([y, x], axis=-1).astype(np.float32)
    crop = augment.random_resized_crop(*areas, crop_size=(64, 64))
    found = []
    for output in on_image_often(crop, ramps, count).astype(np.float64):
        assert output.shape == (64, 64, 2)
        # Away from the edges, where the window ends.
        rows, columns = output[24:40, 32, 0], output[32, 24:40, 1]
        size = np.array([np.polyfit(range(16), line, 1)[0] for line in (rows, columns)])
        middle = np.array([rows.mean(), columns.mean()])
        found.append([*(64 * size), *(middle - (64 * size - 1) / 2)])
    found = np.array(found)
    np.testing.assert_allclose(found, np.rint(found), atol=0.05)
    return np.rint(found).astype(int).T


def test_random_resized_crop_draws_areas_ratios_and_places_evenly():
    # Up to half of a square's area every ratio from 3/4 to 4/3 fits.
    height, width, top, left = drawn_windows((40, 40), (0.1, 0.5), 400)
    areas = height * width / 1600
    # The size is rounded to whole pixels: by up to 0.5 of at least 11 a side.
    assert 0.1 * 0.9 < areas.min() < 0.12
    assert 0.47 < areas.max() < 0.5 * 1.05
    assert abs(areas.mean() - 0.3) < 0.02
    ratios = np.log(height / width)
    assert abs(ratios).max() < np.log(4 / 3) + 0.1
    assert ratios.min() < -0.2
    assert ratios.max() > 0.2
    assert abs(ratios.mean()) < 0.03
    for start, size in ((top, height), (left, width)):
        assert (start >= 0).all()
        assert (start + size <= 40).all()
        places = start / (40 - size)
        assert places.min() < 0.02
        assert places.max() > 0.98
        assert abs(places.mean() - 0.5) < 0.05


def test_random_resized_crop_of_a_long_image_is_cut_off():
    # A tenth of 4x100 pixels is at least 5.5 pixels high: no window fits.
    height, width, top, left = drawn_windows((4, 100), (0.1, 0.2), 20)
    assert (height == 4).all()
    assert (top == 0).all()
    # The width is the square root of 40 to 80 pixels times 3/4 to 4/3.
    assert 5 <= width.min() < width.max() <= 10
    assert left.min() < 25
    assert left.max() > 70


def test_random_resized_crop_of_the_whole_image():
    # Only the square window of all pixels fits, and it is rarely drawn.
    crop = augment.random_resized_crop(1, 1, crop_size=(5, 6))
    image = RGB[:1, :1]
    for seed in seeds(5):
        np.testing.assert_allclose(
            on_image(crop, image, seed), np.broadcast_to(image, [5, 6, 3]), rtol=1e-6
        )


def test_pad_and_crop_is_a_slice_of_the_padded_image():
    fill = np.array([1, 2, 3], np.float32)
    padded = np.tile(fill, [16, 14, 1])
    padded[2:-2, 2:-2] = RGB
    crop = augment.pad_and_crop(2, fill=fill)
    crops = on_image_often(crop, RGB, 150)
    assert set(positions(crops, windows(padded, 12, 10))) == {
        (y, x) for y in range(5) for x in range(5)
    }


def test_pad_and_crop_fills_with_zeros_by_default():
    outputs = [on_image(augment.pad_and_crop(4), RGB + 1, seed) for seed in seeds(8)]
    assert any(np.any(output == 0) for output in outputs)
    output = on_image(augment.pad_and_crop(0), RGB, seeds(1)[0])
    np.testing.assert_array_equal(output, RGB)


def test_reflection_swaps_left_and_right_in_half_of_the_images():
    outputs = [on_image(augment.reflection(), RGB, seed).numpy() for seed in seeds(100)]
    swapped = [np.array_equal(output, RGB[:, ::-1]) for output in outputs]
    kept = [np.array_equal(output, RGB) for output in outputs]
    assert all(s != k for s, k in zip(swapped, kept, strict=True))
    assert 30 < sum(swapped) < 70


@needs_addons
def test_rotation_by_nothing_keeps_the_image():
    output = on_image(augment.rotation(0), RGB, seeds(1)[0])
    np.testing.assert_allclose(output, RGB, atol=1e-3)


@needs_addons
def test_rotation_turns_by_up_to_the_angle_to_both_sides():
    # A bright dot right of the centre of a black image: where it goes is the angle.
    image = np.zeros([41, 41, 1], np.float32)
    image[20, 36] = 255
    angles = []
    for output in on_image_often(augment.rotation(30), image, 60)[..., 0]:
        y, x = (np.indices(output.shape) * output).sum(axis=(1, 2)) / output.sum()
        np.testing.assert_allclose(np.hypot(y - 20, x - 20), 16, atol=0.5)
        angles.append(np.degrees(np.arctan2(20 - y, x - 20)))
    assert -31 < min(angles) < -20
    assert 20 < max(angles) < 31


@needs_addons
def test_rotation_continues_the_edges():
    white = np.full([20, 20, 1], 255, np.float32)
    output = on_image(augment.rotation(45), white, tf.constant([1, 2]))
    np.testing.assert_allclose(output, white)


@needs_addons
def test_translation_is_a_slice_of_the_image_with_continued_edges():
    continued = np.pad(RGB, [[2, 2], [2, 2], [0, 0]], mode="edge")
    move = augment.translation(2)
    outputs = on_image_often(move, RGB, 150)
    assert set(positions(outputs, windows(continued, 12, 10))) == {
        (y, x) for y in range(5) for x in range(5)
    }


@needs_addons
def test_elastic_distortion_without_strength_keeps_the_image():
    output = on_image(augment.elastic_distortion(0, 4), RGB, seeds(1)[0])
    np.testing.assert_allclose(output, RGB, atol=1e-3)


@needs_addons
def test_elastic_distortion_moves_pixels_smoothly():
    """On a ramp the change of the value is the displacement itself."""
    size = 64
    ramp = np.tile(np.arange(size, dtype=np.float32)[:, np.newaxis], [size, 1, 1])
    alpha, sigma = 34.0, 4.0
    bend = augment.elastic_distortion(alpha, sigma)
    moved = on_image_often(bend, ramp, 12) - ramp
    moved = moved[:, 16:-16, 16:-16, 0]
    # White noise of variance 1/3 under a Gaussian filter has the variance
    # 1 / (3 * 4 pi sigma^2).
    expected = alpha / np.sqrt(3 * 4 * np.pi * sigma**2)
    assert expected * 0.8 < moved.std() < expected * 1.2
    # Neighbours move together: their correlation is exp(-1 / (4 sigma^2)).
    step = np.diff(moved, axis=2).std()
    np.testing.assert_allclose(
        step, moved.std() * np.sqrt(2 - 2 * np.exp(-1 / (4 * sigma**2))), rtol=0.25
    )


HEIGHT, WIDTH, ROOM = 40, 32, 24
# Top, left, bottom and right in pixels, none at an edge of the image: small and large
# ones, in the middle and where they are soon pushed out.
BOXES = np.array(
    [
        [1, 1, 5, 5],
        [34, 26, 39, 31],
        [10, 12, 30, 20],
        [2, 2, 38, 30],
        [20, 1, 24, 10],
        [17, 14, 23, 29],
        [1, 27, 8, 31],
        [19, 15, 21, 17],
    ]
)
GEOMETRIC = {
    "random_crop": augment.random_crop(36, 60, crop_size=(36, 28)),
    "random_resized_crop": augment.random_resized_crop(0.2, 1, crop_size=(44, 36)),
    # What is padded is of class 0, the first channel.
    "pad_and_crop": augment.pad_and_crop(8, fill=255.0 * np.eye(len(BOXES) + 1)[0]),
    "reflection": augment.reflection(),
}
WITH_ADDONS = {"rotation": (40,), "translation": (9,), "elastic_distortion": (34, 4)}


def geometric(name):
    if name in WITH_ADDONS:
        return getattr(augment, name)(*WITH_ADDONS[name])
    return GEOMETRIC[name]


EACH = pytest.mark.parametrize(
    "name", [*GEOMETRIC, *(pytest.param(n, marks=needs_addons) for n in WITH_ADDONS)]
)


def painted(boxes, room=0):
    """Each box in a channel of its own, from 1 on; with black around the image."""
    pixels = np.zeros([HEIGHT, WIDTH, 1 + len(boxes)], np.float32)
    for channel, (top, left, bottom, right) in enumerate(boxes, 1):
        pixels[top:bottom, left:right, channel] = 255
    return np.pad(pixels, [[room, room], [room, room], [0, 0]])


def labelled_mask(boxes, dtype):
    """The class of each pixel: 0, or the number of the last box on it, from 1 on."""
    mask = np.zeros([HEIGHT, WIDTH, 1], dtype)
    for label, (top, left, bottom, right) in enumerate(boxes, 1):
        mask[top:bottom, left:right] = label
    return mask


def augmented(augmentation, example, count):
    """The example as augmented in a pipeline with many seeds, as NumPy."""
    dataset = tf.data.Dataset.range(count).map(
        lambda i: augmentation(example, tf.stack([i, i + 3]))
    )
    return dataset.element_spec, list(dataset.as_numpy_iterator())


def extent(pixels):
    """Top, left, bottom and right of what is brighter than half; None of nothing."""
    rows, columns = (np.flatnonzero((pixels > 127).any(axis=a)) for a in (1, 0))
    if not len(rows):
        return None
    return np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1])


@EACH
def test_boxes_move_as_what_is_painted_where_they_are(name):
    """What is painted goes the way of the pixels; `kerasapps` has no part in that."""
    augmentation = geometric(name)
    objects = {
        "bbox": tf.constant(BOXES / np.tile([HEIGHT, WIDTH], 2), tf.float32),
        "label": tf.range(len(BOXES), dtype=tf.int64),
        "more": {"name": tf.constant([f"box {i}" for i in range(len(BOXES))])},
    }
    spec, found = augmented(
        augmentation, {"image": tf.constant(painted(BOXES)), "objects": objects}, 25
    )
    assert spec["objects"]["bbox"].shape == (None, 4)
    # With room around it nothing that is turned or shifted is lost.
    roomy = name in ("rotation", "translation")
    if roomy:
        _, seen = augmented(
            augmentation, {"image": tf.constant(painted(BOXES, ROOM))}, 25
        )
    else:
        seen = found
    dropped = 0
    for example, whole in zip(found, seen, strict=True):
        objects = example["objects"]
        labels = objects["label"].tolist()
        size = np.tile(example["image"].shape[:2], 2)
        assert objects["more"]["name"].tolist() == [b"box %d" % i for i in labels]
        assert objects["bbox"].min(initial=0) >= 0
        assert objects["bbox"].max(initial=1) <= 1
        boxes = dict(zip(labels, objects["bbox"] * size, strict=True))
        dropped += len(BOXES) - len(boxes)
        for label in range(len(BOXES)):
            expected = extent(whole["image"][..., 1 + label])
            if expected is not None and roomy:
                expected = np.clip(expected - ROOM, 0, size)
            if expected is None or (expected[:2] >= expected[2:]).any():
                # Less than half a pixel of it may be left.
                if label in boxes:
                    top, left, bottom, right = boxes[label]
                    assert min(bottom - top, right - left) <= 1
            elif label in boxes:
                np.testing.assert_allclose(boxes[label], expected, atol=1.01)
            else:
                assert (expected[2:] - expected[:2]).min() <= 1
    if name not in ("reflection", "elastic_distortion"):
        assert dropped > 0


@EACH
@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_masks_move_as_the_pixels(name, dtype):
    """The image has a channel for each class: where one is bright, the mask has it."""
    mask = labelled_mask(BOXES, dtype)
    classes = 255 * np.eye(len(BOXES) + 1, dtype=np.float32)
    example = {"image": tf.constant(classes[mask[..., 0]]), "mask": tf.constant(mask)}
    spec, found = augmented(geometric(name), example, 10)
    assert spec["mask"].shape[:2] == spec["image"].shape[:2]
    assert spec["mask"].shape.is_fully_defined()
    for moved in found:
        image, mask = moved["image"], moved["mask"]
        assert mask.dtype == dtype
        sure = image.max(axis=-1) > 0.76 * 255
        assert sure.mean() > 0.7
        np.testing.assert_array_equal(mask[sure, 0], image.argmax(axis=-1)[sure])


@EACH
def test_the_image_is_the_same_without_boxes_and_mask(name):
    augmentation = geometric(name)
    image = np.random.default_rng(0).uniform(0, 255, [HEIGHT, WIDTH, len(BOXES) + 1])
    image = tf.constant(image, tf.float32)
    example = {
        "image": image,
        "label": tf.constant(7),
        "objects": {"bbox": tf.zeros([0, 4]), "label": tf.zeros([0], tf.int64)},
        "mask": tf.zeros([HEIGHT, WIDTH, 1], tf.uint8),
    }
    _, alone = augmented(augmentation, {"image": image}, 5)
    _, found = augmented(augmentation, example, 5)
    for one, other in zip(alone, found, strict=True):
        assert one.keys() == {"image"}
        np.testing.assert_array_equal(one["image"], other["image"])
        assert other["label"] == 7
        # Without objects there are none after it.
        assert other["objects"]["bbox"].shape == (0, 4)
        assert other["objects"]["label"].shape == (0,)


def test_crops_and_reflections_draw_as_tensorflow_does():
    crop = augment.random_crop(10, 10, crop_size=(6, 8))
    for seed in seeds(10):
        crop_seed = tf.random.split(seed, 2)[1]
        np.testing.assert_array_equal(
            on_image(crop, RGB, seed),
            tf.image.stateless_random_crop(RGB, [6, 8, 3], crop_seed),
        )
        np.testing.assert_array_equal(
            on_image(augment.pad_and_crop(3), RGB, seed),
            tf.image.stateless_random_crop(
                np.pad(RGB, [[3, 3], [3, 3], [0, 0]]), RGB.shape, seed
            ),
        )
        np.testing.assert_array_equal(
            on_image(augment.reflection(), RGB, seed),
            tf.image.stateless_random_flip_left_right(RGB, seed),
        )
