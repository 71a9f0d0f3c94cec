import sys

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images import augmentation
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from tests.data.images.augmenting import (
    RGB,
    needs_addons,
    on_image,
    on_image_often,
    positions,
    seeds,
    windows,
)

COVARIANCE = np.array([[4000.0, 3500, 3000], [3500, 4000, 3600], [3000, 3600, 4500]])


def test_mean_subtraction_of_channels_and_of_an_image():
    seed = seeds(1)[0]
    subtract = augmentation.mean_subtraction([1.0, 2.0, 3.0])
    output = on_image(subtract, RGB, seed)
    np.testing.assert_allclose(output, RGB - [1, 2, 3], atol=1e-5)
    subtract = augmentation.mean_subtraction(RGB)
    np.testing.assert_array_equal(on_image(subtract, RGB, seed), np.zeros_like(RGB))


def test_pca_colour_shift_has_the_distribution_of_the_paper():
    """The shifts' covariance is P diag((std * eigenvalue)^2) P', by NumPy."""
    shift = augmentation.pca_colour_shift(0.1, covariance=COVARIANCE)
    grey = {"image": tf.fill([2, 2, 3], 128.0)}
    many = tf.stack([tf.range(4000), tf.range(4000)], axis=1)
    outputs = tf.vectorized_map(lambda seed: shift(grey, seed)["image"], many).numpy()
    # The same shift for every pixel.
    assert np.ptp(outputs, axis=(1, 2)).max() == 0
    shifts = outputs[:, 0, 0] - 128
    np.testing.assert_allclose(shifts.mean(axis=0), 0, atol=0.3)
    # With S the covariance of pixels in 0 to 1, P diag(eigenvalue^2) P' = S S.
    unit = COVARIANCE / 255**2
    expected = (255 * 0.1) ** 2 * unit @ unit
    np.testing.assert_allclose(np.cov(shifts.T), expected, rtol=0.1)


def test_pca_colour_shift_of_grey_images_and_without_noise():
    seed = seeds(1)[0]
    shift = augmentation.pca_colour_shift(0.1, covariance=np.array([[5000.0]]))
    changes = on_image(shift, RGB[..., :1], seed).numpy() - RGB[..., :1]
    assert np.ptp(changes) < 1e-4
    assert abs(changes.mean()) > 1e-3
    shift = augmentation.pca_colour_shift(0.0, covariance=COVARIANCE)
    np.testing.assert_array_equal(on_image(shift, RGB, seed), RGB)


@needs_addons
def test_cutout_blanks_one_square():
    fill = np.array([300.0, 301, 302], np.float32)
    cutout = augmentation.cutout(4, fill=fill)
    counts, rows = set(), set()
    for output in on_image_often(cutout, RGB, 200):
        blank = (output == fill).all(axis=-1)
        np.testing.assert_array_equal(output[~blank], RGB[~blank])
        ys, xs = np.nonzero(blank)
        height, width = np.ptp(ys) + 1, np.ptp(xs) + 1
        assert blank.sum() == height * width
        counts.add((int(height), int(width)))
        rows.update(ys.tolist())
    # The centre may be on any pixel: squares at the edges are cut off.
    assert max(counts) == (4, 4)
    assert {height for height, _ in counts} == {2, 3, 4}
    assert rows == set(range(12))


def both_steps(parsed):
    """Returns the whole augmentation of an image of which nothing else is known."""
    return lambda image, seed: on_image(
        lambda example, seed: parsed.augment(parsed.prepare(example), seed), image, seed
    )


@pytest.mark.parametrize(
    "item",
    [
        "random_crop:16:24",
        "random_resized_crop:0.08:1",
        "pad_and_crop:4",
        "reflection",
        "pca_colour_shift:0.1",
        pytest.param("rotation:15", marks=needs_addons),
        pytest.param("translation:3", marks=needs_addons),
        pytest.param("cutout:8", marks=needs_addons),
        pytest.param("elastic_distortion:34:4", marks=needs_addons),
    ],
)
def test_each_is_decided_by_the_seed_alone(item):
    augment = both_steps(
        augmentation.parse(
            [item],
            preprocessing=Preprocessing((16, 16, 3), mean=100),
            covariance=COVARIANCE,
        )
    )
    image = np.random.default_rng(1).integers(0, 256, [30, 20, 3], np.uint8)

    def run():
        dataset = tf.data.Dataset.range(12).map(
            lambda i: augment(image, tf.stack([i, i + 1])), num_parallel_calls=4
        )
        assert dataset.element_spec.shape == (16, 16, 3)
        assert dataset.element_spec.dtype == tf.float32
        return np.stack(list(dataset.as_numpy_iterator()))

    tf.random.set_seed(1)
    first = run()
    tf.random.set_seed(2)
    np.testing.assert_array_equal(first, run())
    assert len(np.unique(first.reshape(12, -1), axis=0)) > 1
    eager = augment(image, tf.constant([5, 6], tf.int64))
    np.testing.assert_allclose(first[5], eager, atol=1e-2)


def test_compose_gives_each_its_own_seed():
    seen = []

    def note(number, seed):
        seen.append(tuple(seed.numpy().tolist()))
        return number + 1

    compose = augmentation.compose([note, note, note])
    assert compose(tf.zeros([]), tf.constant([1, 2])) == 3
    compose(tf.zeros([]), tf.constant([1, 3]))
    assert len(set(seen)) == 6


def test_compose_applies_in_order():
    seed = tf.constant([0, 0])
    compose = augmentation.compose([lambda x, s: x * 2, lambda x, s: x + 1])
    assert compose(tf.constant(5), seed) == 11
    assert augmentation.compose([])(tf.constant(5), seed) == 5


@pytest.mark.parametrize(
    "item",
    ["pca_colour_shift:0.5", pytest.param("cutout:4", marks=needs_addons)],
)
def test_changes_of_values_leave_the_rest_alone(item):
    example = {
        "image": tf.constant(RGB),
        "label": tf.constant(3),
        "objects": {"bbox": tf.constant([[0.5, 0, 0.5, 0.7]]), "id": tf.constant([9])},
        "mask": tf.constant(np.arange(120, dtype=np.uint8).reshape(12, 10, 1)),
    }
    preprocessing = Preprocessing((12, 10, 3))
    parsed = augmentation.parse(
        [item], preprocessing=preprocessing, covariance=COVARIANCE
    )
    changed = parsed.augment(example, tf.constant([1, 2]))
    assert not np.array_equal(changed.pop("image"), example.pop("image"))
    tf.nest.map_structure(np.testing.assert_array_equal, changed, example)


@pytest.mark.parametrize("shorter_side", [None, 20])
def test_what_is_resized_before_takes_boxes_and_masks_along(shorter_side):
    preprocessing = Preprocessing((16, 16, 3), shorter_side=shorter_side)
    prepare, augment = augmentation.parse(
        ["reflection"], preprocessing=preprocessing, covariance=COVARIANCE
    )
    example = {
        "image": tf.constant(np.random.default_rng(0).uniform(0, 255, [30, 24, 3])),
        "objects": {"bbox": tf.constant([[0.1, 0.2, 0.9, 0.5]])},
        "mask": tf.constant(np.arange(720).reshape(30, 24, 1)),
    }
    prepared = prepare(example)
    expected = preprocessing.resize_example(example)
    tf.nest.map_structure(np.testing.assert_array_equal, prepared, expected)
    mirrored = [augment(prepared, s)["mask"].numpy() for s in seeds(9)]
    expected = (prepared["mask"], prepared["mask"][:, ::-1])
    assert {int(m[0, 0, 0]) for m in mirrored} == {int(m[0, 0, 0]) for m in expected}


def test_a_crop_takes_boxes_and_masks_before_the_image_is_resized():
    preprocessing = Preprocessing((8, 8, 3))
    prepare, augment = augmentation.parse(
        ["random_crop:10:10"], preprocessing=preprocessing, covariance=COVARIANCE
    )
    mask = tf.constant(np.arange(120).reshape(10, 12, 1))
    example = {
        "image": tf.repeat(tf.cast(mask, tf.uint8), 3, axis=-1),
        "objects": {"bbox": tf.constant([[0.2, 0.25, 0.8, 0.5]])},
        "mask": mask,
    }
    changed = augment(prepare(example), tf.constant([1, 2]))
    assert changed["mask"].shape == (8, 8, 1)
    np.testing.assert_array_equal(changed["image"][..., :1], changed["mask"])
    top, left = divmod(int(changed["mask"][0, 0, 0]), 12)
    np.testing.assert_allclose(
        changed["objects"]["bbox"][0] * 8,
        np.clip([2 - top, 3 - left, 8 - top, 6 - left], 0, 8),
        atol=1e-5,
    )


def parse(items):
    return both_steps(
        augmentation.parse(
            items,
            preprocessing=Preprocessing((8, 8, 1), mean=50.0, std=20.0),
            covariance=np.eye(1),
        )
    )


def test_parse_of_nothing_only_resizes():
    image = np.random.default_rng(0).integers(0, 256, [20, 30, 3], np.uint8)
    np.testing.assert_array_equal(
        parse([])(image, tf.constant([0, 0])), Preprocessing((8, 8, 1)).resize(image)
    )


def test_parse_pads_with_what_becomes_zero():
    outputs = [parse(["pad_and_crop:4"])(np.zeros([8, 8, 1]), s) for s in seeds(8)]
    assert set(np.unique(outputs).tolist()) == {0.0, 50.0}


def test_parse_pads_in_rgb_what_becomes_zero_in_bgr():
    preprocessing = Preprocessing((2, 2, 3), mean=[3, 2, 1], channel_order="bgr")
    prepare, augment = augmentation.parse(
        ["pad_and_crop:2"], preprocessing=preprocessing, covariance=np.eye(3)
    )
    example = prepare({"image": np.full([2, 2, 3], 9, np.uint8)})
    outputs = [
        preprocessing.normalize(augment(example, s)["image"]).numpy() for s in seeds(8)
    ]
    assert any(output.all() for output in outputs)
    assert any(not output.any() for output in outputs)


def test_random_crop_sees_the_image_before_it_is_resized():
    image = np.random.default_rng(0).integers(0, 256, [10, 10, 1], np.uint8)
    crop = parse(["random_crop:10:10"])(image, tf.constant([3, 4])).numpy()
    positions([crop], windows(image, 8, 8))


@pytest.mark.parametrize(
    ("items", "says"),
    [
        (["reflexion"], "did you mean reflection"),
        (["reflection:1"], "write reflection"),
        (["pad_and_crop"], "write pad_and_crop:PADDING"),
        (["pad_and_crop:four"], "write pad_and_crop:PADDING"),
        (["pad_and_crop:-1"], "negative"),
        (["pad_and_crop:9"], "padding can be at most the 8 pixels of the image"),
        (["translation:100000"], "pixels can be at most the 8 pixels"),
        (["elastic_distortion:34:9"], "sigma can be at most the 8 pixels"),
        (["elastic_distortion:1e300:4"], "alpha must be 0 to a million"),
        (["random_crop:12:8193"], "largest can be at most 8192"),
        (["random_crop:4:12"], "8 <= smallest <= largest"),
        (["random_crop:12:9"], "smallest <= largest"),
        (["reflection", "random_crop:12:12"], "must be the first"),
        (["random_crop:9:9", "random_resized_crop:0.1:1"], "must be the first"),
        (["random_resized_crop:0:1"], "0 < smallest"),
        (["random_resized_crop:0.5:0.4"], "smallest area <= largest"),
        (["random_resized_crop:0.5:1.1"], "<= 1"),
        (["random_resized_crop"], "write random_resized_crop:SMALLEST_AREA:LARGEST"),
        (["pca_colour_shift:nan"], "negative"),
        (["rotation:200"], "0 to 180"),
        (["cutout:5"], "even"),
        (["elastic_distortion:34:0"], "positive"),
        (["elastic_distortion:34"], "write elastic_distortion:ALPHA:SIGMA"),
    ],
)
def test_bad_settings_get_one_line(items, says):
    with pytest.raises(InputError, match=says) as caught:
        parse(items)
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value)
    assert caught.value.argument == "augment"


@pytest.mark.parametrize(
    "item", ["rotation:5", "translation:1", "cutout:2", "elastic_distortion:1:1"]
)
def test_without_addons_the_error_says_what_is_needed(item, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_addons", None)
    with pytest.raises(InputError, match=r"Python 3\.11") as caught:
        parse([item])
    assert f"augmentation {item.partition(':')[0]!r}" in str(caught.value)
    assert caught.value.argument == "augment"
    parse(["pad_and_crop:1", "reflection"])
