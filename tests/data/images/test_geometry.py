import math

import numpy as np
import tensorflow as tf

from kerasapps.data.images import geometry

IMAGE = tf.zeros([6, 8, 3])
MASK = np.arange(48, dtype=np.int32).reshape(6, 8, 1)


def example(*boxes):
    """Boxes in pixels of an image of 6x8, and a mask whose every value is another."""
    bbox = np.reshape(boxes, [-1, 4]) / [6, 8, 6, 8]
    return {
        "image": IMAGE,
        "objects": {"bbox": tf.constant(bbox, tf.float32), "id": tf.range(len(bbox))},
        "mask": tf.constant(MASK),
    }


def boxes_of(moved, height=6, width=8):
    return moved["objects"]["bbox"].numpy() * [height, width, height, width]


def test_only_what_is_there_moves():
    other = {"image": IMAGE, "label": 3}
    for moved in (
        geometry.resized(other, IMAGE[:3]),
        geometry.in_window(other, IMAGE[:3], (6, 8), (0, 0), (3, 8)),
        geometry.mirrored(other, IMAGE[:3]),
        geometry.turned(other, IMAGE[:3], tf.constant(1.0)),
        geometry.displaced(other, IMAGE[:3], tf.zeros([3, 8, 2])),
    ):
        assert moved["image"].shape == (3, 8, 3)
        assert moved["label"] == 3
        assert moved.keys() == other.keys()
    assert other["image"] is IMAGE


def test_resizing_keeps_boxes_and_takes_the_nearest_of_the_mask():
    before = example([1, 2, 3, 4], [0, 0, 6, 8])
    moved = geometry.resized(before, tf.zeros([15, 5, 3]))
    assert moved["objects"] is before["objects"]
    np.testing.assert_array_equal(
        moved["mask"], tf.image.resize(MASK, [15, 5], method="nearest")
    )
    assert moved["mask"].dtype == tf.int32


def test_a_window_of_a_resized_image():
    # Twice as large; the window begins at row 4 and column 6 of 12x16.
    before = example([1, 2, 4, 5], [0, 0, 2, 8], [2, 2, 3, 3.01], [3, 6, 6, 8])
    moved = geometry.in_window(before, tf.zeros([5, 7, 3]), (12, 16), (4, 6), (5, 7))
    # The second ends where the window begins.
    assert moved["objects"]["id"].numpy().tolist() == [0, 2, 3]
    expected = [[0, 0, 4, 4], [0, 0, 2, 0.02], [2, 6, 5, 7]]
    np.testing.assert_allclose(boxes_of(moved, 5, 7), expected, atol=1e-5)
    whole = tf.image.resize(MASK, [12, 16], method="nearest")
    np.testing.assert_array_equal(moved["mask"], whole[4:9, 6:13])


def test_a_window_beyond_the_image():
    before = example([0, 0, 2, 3])
    arguments = (before, IMAGE, (6, 8), (-2, 1), (6, 8))
    moved = geometry.in_window(*arguments)
    np.testing.assert_allclose(boxes_of(moved), [[2, 0, 4, 2]], atol=1e-5)
    padded = np.pad(MASK, [[2, 0], [0, 1], [0, 0]], mode="edge")
    np.testing.assert_array_equal(moved["mask"], padded[:6, 1:])
    moved = geometry.in_window(*arguments, continued=False)
    padded = np.pad(MASK, [[2, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(moved["mask"], padded[:6, 1:])


def test_a_mask_needs_no_memory_for_what_is_cut_off():
    # Resized as a whole it would have 1000 x 200 million pixels.
    mask = np.arange(200_000, dtype=np.int32).reshape(1, -1, 1)
    moved = geometry.in_window(
        {"image": tf.zeros([1, 200_000, 1]), "mask": tf.constant(mask)},
        tf.zeros([3, 4, 1]),
        (1000, 200_000_000),
        (500, 100_000_998),
        (3, 4),
    )
    row = [100_000, 100_000, 100_001, 100_001]
    np.testing.assert_array_equal(moved["mask"][..., 0], [row] * 3)


def test_mirrored():
    moved = geometry.mirrored(example([1, 2, 3, 8]), IMAGE)
    np.testing.assert_allclose(boxes_of(moved), [[1, 0, 3, 6]], atol=1e-5)
    np.testing.assert_array_equal(moved["mask"], MASK[:, ::-1])


def test_a_quarter_turn_counterclockwise():
    mask = np.arange(25, dtype=np.uint8).reshape(5, 5, 1)
    moved = geometry.turned(
        {
            "image": tf.zeros([5, 5, 1]),
            "objects": {"bbox": tf.constant([[0, 0.2, 0.4, 1]])},
            "mask": tf.constant(mask),
        },
        tf.zeros([5, 5, 1]),
        tf.constant(math.pi / 2),
    )
    np.testing.assert_array_equal(moved["mask"], np.rot90(mask))
    # The right end is up now.
    np.testing.assert_allclose(moved["objects"]["bbox"], [[0, 0, 0.8, 0.4]], atol=1e-6)


def test_the_box_around_a_turned_box():
    # Half a diagonal of a square of 2x2 pixels is as long as the root of 2.
    moved = geometry.turned(example([2, 3, 4, 5]), IMAGE, tf.constant(math.pi / 4))
    reach = math.sqrt(2)
    np.testing.assert_allclose(
        boxes_of(moved), [[3 - reach, 4 - reach, 3 + reach, 4 + reach]], atol=1e-5
    )


def test_a_displacement_by_a_part_of_a_pixel():
    # The last is smaller than a pixel, and between the centres of pixels.
    before = example([1, 2, 4, 6], [0, 0, 6, 8], [2.6, 3.6, 3.3, 4.4])
    shift = tf.broadcast_to([0.3, -0.4], [6, 8, 2])
    moved = geometry.displaced(before, IMAGE, shift)
    np.testing.assert_allclose(
        boxes_of(moved),
        [[1.3, 1.6, 4.3, 5.6], [0.3, 0, 6, 7.6], [2.9, 3.2, 3.6, 4.0]],
        atol=1e-5,
    )
    np.testing.assert_array_equal(moved["mask"], MASK)


def test_displacements_that_differ():
    """The upper half moves down, the lower half up; left of all is twice as wide."""
    rows, columns = np.indices([6, 8]).astype(np.float32)
    shift = np.stack([np.where(rows < 3, 1, -1), columns / 2 + 0.25], axis=-1)
    before = example([0, 1, 1, 3], [5, 1, 6, 3], [2, 0, 4, 1], [0, 5, 6, 8])
    moved = geometry.displaced(before, IMAGE, tf.constant(shift, tf.float32))
    # What was in the middle is covered, and what was to the right is gone.
    assert moved["objects"]["id"].numpy().tolist() == [0, 1]
    np.testing.assert_allclose(boxes_of(moved), [[1, 2, 2, 6], [4, 2, 5, 6]], atol=0.5)
    source_rows = [0, 0, 1, 4, 5, 5]
    np.testing.assert_array_equal(
        moved["mask"][..., 0], MASK[source_rows][:, [0, 0, 1, 1, 2, 2, 3, 3], 0]
    )


def test_all_objects_may_be_lost():
    before = example([0, 0, 1, 1])
    moved = geometry.in_window(before, IMAGE, (6, 8), (2, 2), (6, 8))
    assert moved["objects"]["bbox"].shape == (0, 4)
    assert moved["objects"]["id"].shape == (0,)
    moved = geometry.displaced(moved, IMAGE, tf.zeros([6, 8, 2]))
    assert moved["objects"]["bbox"].shape == (0, 4)
