import importlib.util
import sys

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images import augmentation
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError

needs_addons = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow_addons") is None,
    reason="TensorFlow Addons has no build for this Python",
)
RGB = np.random.default_rng(0).uniform(0, 255, [12, 10, 3]).astype(np.float32)
COVARIANCE = np.array([[4000.0, 3500, 3000], [3500, 4000, 3600], [3000, 3600, 4500]])


def seeds(count):
    return [tf.constant([7, i]) for i in range(count)]


def windows(image, height, width):
    """Every window of the size, by its top left corner."""
    return {
        (y, x): image[y : y + height, x : x + width]
        for y in range(image.shape[0] - height + 1)
        for x in range(image.shape[1] - width + 1)
    }


def positions(crops, candidates):
    """The places at which each crop occurs; every crop must occur once."""
    found = []
    for crop in crops:
        places = [
            place
            for place, window in candidates.items()
            if np.allclose(window, crop, atol=1e-4)
        ]
        assert len(places) == 1
        found.append(places[0])
    return found


def test_random_crop_at_one_scale_is_a_slice():
    # The shorter side, 10, is to be 10: nothing is resized.
    crop = augmentation.random_crop(10, 10, crop_size=(6, 8))
    crops = [crop(RGB, seed).numpy() for seed in seeds(60)]
    found = set(positions(crops, windows(RGB, 6, 8)))
    assert {y for y, _ in found} == set(range(7))
    assert {x for _, x in found} == set(range(3))


def test_random_crop_jitters_the_scale():
    # A horizontal ramp of slope 1: after resizing the slope is 1 / scale.
    ramp = np.tile(np.arange(40, dtype=np.float32)[:, np.newaxis], [20, 1, 1])
    crop = augmentation.random_crop(20, 40, crop_size=(10, 10))
    scales = []
    for seed in seeds(40):
        output = crop(ramp, seed).numpy()
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
    crop = augmentation.random_crop(32, 33, crop_size=(32, 32))
    for seed in seeds(4):
        assert crop(np.zeros(shape, np.float32), seed).shape == (32, 32, 3)


def drawn_windows(image_shape, areas, count):
    """Height, width, top and left of the windows that random_resized_crop takes.

    They are seen on ramps: after resizing to n pixels, the slope is that of the image
    times window / n, and the value in the middle is the window's middle.
    """
    y, x = np.indices(image_shape)
    ramps = np.stack([y, x], axis=-1).astype(np.float32)
    crop = tf.function(augmentation.random_resized_crop(*areas, crop_size=(64, 64)))
    found = []
    for seed in seeds(count):
        output = crop(ramps, seed).numpy().astype(np.float64)
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
    crop = augmentation.random_resized_crop(1, 1, crop_size=(5, 6))
    image = RGB[:1, :1]
    for seed in seeds(5):
        np.testing.assert_allclose(
            crop(image, seed), np.broadcast_to(image, [5, 6, 3]), rtol=1e-6
        )


def test_pad_and_crop_is_a_slice_of_the_padded_image():
    fill = np.array([1, 2, 3], np.float32)
    padded = np.tile(fill, [16, 14, 1])
    padded[2:-2, 2:-2] = RGB
    crop = augmentation.pad_and_crop(2, fill=fill)
    crops = [crop(RGB, seed).numpy() for seed in seeds(150)]
    assert set(positions(crops, windows(padded, 12, 10))) == {
        (y, x) for y in range(5) for x in range(5)
    }


def test_pad_and_crop_fills_with_zeros_by_default():
    outputs = [augmentation.pad_and_crop(4)(RGB + 1, seed) for seed in seeds(8)]
    assert any(np.any(output == 0) for output in outputs)
    output = augmentation.pad_and_crop(0)(RGB, seeds(1)[0])
    np.testing.assert_array_equal(output, RGB)


def test_reflection_swaps_left_and_right_in_half_of_the_images():
    outputs = [augmentation.reflection()(RGB, seed).numpy() for seed in seeds(100)]
    swapped = [np.array_equal(output, RGB[:, ::-1]) for output in outputs]
    kept = [np.array_equal(output, RGB) for output in outputs]
    assert all(s != k for s, k in zip(swapped, kept, strict=True))
    assert 30 < sum(swapped) < 70


def test_mean_subtraction_of_channels_and_of_an_image():
    seed = seeds(1)[0]
    subtract = augmentation.mean_subtraction([1.0, 2.0, 3.0])
    np.testing.assert_allclose(subtract(RGB, seed), RGB - [1, 2, 3], atol=1e-5)
    subtract = augmentation.mean_subtraction(RGB)
    np.testing.assert_array_equal(subtract(RGB, seed), np.zeros_like(RGB))


def test_pca_colour_shift_has_the_distribution_of_the_paper():
    """The shifts' covariance is P diag((std * eigenvalue)^2) P', by NumPy."""
    shift = augmentation.pca_colour_shift(0.1, covariance=COVARIANCE)
    grey = tf.fill([2, 2, 3], 128.0)
    many = tf.stack([tf.range(4000), tf.range(4000)], axis=1)
    outputs = tf.vectorized_map(lambda seed: shift(grey, seed), many).numpy()
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
    changes = shift(RGB[..., :1], seed).numpy() - RGB[..., :1]
    assert np.ptp(changes) < 1e-4
    assert abs(changes.mean()) > 1e-3
    shift = augmentation.pca_colour_shift(0.0, covariance=COVARIANCE)
    np.testing.assert_array_equal(shift(RGB, seed), RGB)


@needs_addons
def test_rotation_by_nothing_keeps_the_image():
    output = augmentation.rotation(0)(RGB, seeds(1)[0])
    np.testing.assert_allclose(output, RGB, atol=1e-3)


@needs_addons
def test_rotation_turns_by_up_to_the_angle_to_both_sides():
    # A bright dot right of the centre of a black image: where it goes is the angle.
    image = np.zeros([41, 41, 1], np.float32)
    image[20, 36] = 255
    angles = []
    for seed in seeds(60):
        output = augmentation.rotation(30)(image, seed).numpy()[..., 0]
        y, x = (np.indices(output.shape) * output).sum(axis=(1, 2)) / output.sum()
        np.testing.assert_allclose(np.hypot(y - 20, x - 20), 16, atol=0.5)
        angles.append(np.degrees(np.arctan2(20 - y, x - 20)))
    assert -31 < min(angles) < -20
    assert 20 < max(angles) < 31


@needs_addons
def test_rotation_continues_the_edges():
    white = np.full([20, 20, 1], 255, np.float32)
    output = augmentation.rotation(45)(white, tf.constant([1, 2]))
    np.testing.assert_allclose(output, white)


@needs_addons
def test_translation_is_a_slice_of_the_image_with_continued_edges():
    continued = np.pad(RGB, [[2, 2], [2, 2], [0, 0]], mode="edge")
    outputs = [augmentation.translation(2)(RGB, seed).numpy() for seed in seeds(150)]
    assert set(positions(outputs, windows(continued, 12, 10))) == {
        (y, x) for y in range(5) for x in range(5)
    }


@needs_addons
def test_cutout_blanks_one_square():
    fill = np.array([300.0, 301, 302], np.float32)
    counts, rows = set(), set()
    for seed in seeds(200):
        output = augmentation.cutout(4, fill=fill)(RGB, seed).numpy()
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


@needs_addons
def test_elastic_distortion_without_strength_keeps_the_image():
    output = augmentation.elastic_distortion(0, 4)(RGB, seeds(1)[0])
    np.testing.assert_allclose(output, RGB, atol=1e-3)


@needs_addons
def test_elastic_distortion_moves_pixels_smoothly():
    """On a ramp the change of the value is the displacement itself."""
    size = 64
    ramp = np.tile(np.arange(size, dtype=np.float32)[:, np.newaxis], [size, 1, 1])
    alpha, sigma = 34.0, 4.0
    moved = np.stack(
        [
            augmentation.elastic_distortion(alpha, sigma)(ramp, seed).numpy() - ramp
            for seed in seeds(12)
        ]
    )[:, 16:-16, 16:-16, 0]
    # White noise of variance 1/3 under a Gaussian filter has the variance
    # 1 / (3 * 4 pi sigma^2).
    expected = alpha / np.sqrt(3 * 4 * np.pi * sigma**2)
    assert expected * 0.8 < moved.std() < expected * 1.2
    # Neighbours move together: their correlation is exp(-1 / (4 sigma^2)).
    step = np.diff(moved, axis=2).std()
    np.testing.assert_allclose(
        step, moved.std() * np.sqrt(2 - 2 * np.exp(-1 / (4 * sigma**2))), rtol=0.25
    )


def both_steps(parsed):
    return lambda image, seed: parsed.augment(parsed.prepare(image), seed)


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

    def note(image, seed):
        seen.append(tuple(seed.numpy().tolist()))
        return image + 1

    compose = augmentation.compose([note, note, note])
    assert compose(tf.zeros([]), tf.constant([1, 2])) == 3
    compose(tf.zeros([]), tf.constant([1, 3]))
    assert len(set(seen)) == 6


def test_compose_applies_in_order():
    seed = tf.constant([0, 0])
    compose = augmentation.compose([lambda i, s: i * 2, lambda i, s: i + 1])
    assert compose(tf.constant(5), seed) == 11
    assert augmentation.compose([])(tf.constant(5), seed) == 5


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
    outputs = [parse(["pad_and_crop:4"])(tf.zeros([8, 8, 1]), s) for s in seeds(8)]
    assert set(np.unique(outputs).tolist()) == {0.0, 50.0}


def test_parse_pads_in_rgb_what_becomes_zero_in_bgr():
    preprocessing = Preprocessing((2, 2, 3), mean=[3, 2, 1], channel_order="bgr")
    prepare, augment = augmentation.parse(
        ["pad_and_crop:8"], preprocessing=preprocessing, covariance=np.eye(3)
    )
    image = prepare(np.full([2, 2, 3], 9, np.uint8))
    outputs = [preprocessing.normalize(augment(image, s)).numpy() for s in seeds(8)]
    assert sum(not output.any() for output in outputs) >= 4


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


@pytest.mark.parametrize(
    "item", ["rotation:5", "translation:1", "cutout:2", "elastic_distortion:1:1"]
)
def test_without_addons_the_error_says_what_is_needed(item, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_addons", None)
    with pytest.raises(InputError, match=r"--augment.*Python 3\.11") as caught:
        parse([item])
    assert item.partition(":")[0] in str(caught.value)
    parse(["pad_and_crop:1", "reflection"])
