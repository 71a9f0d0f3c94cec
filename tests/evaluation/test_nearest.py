import weakref

import numpy as np
import pytest

from kerasapps.evaluation.nearest import nearest_neighbors

RANDOM = np.random.default_rng(0)


def test_the_nearest_of_all_batches_and_how_far_they_are():
    images = RANDOM.integers(0, 256, [7, 4, 5, 3], np.uint8)
    others = RANDOM.integers(0, 256, [30, 4, 5, 3], np.uint8)
    others[17] = np.where(images[2] < 128, images[2] + 2, images[2] - 2)
    found = nearest_neighbors(images, np.split(others, [4, 20]), 6)
    differences = images[:, None].astype(float) - others
    expected = np.sqrt(np.square(differences).sum(axis=(2, 3, 4)))
    order = np.argsort(expected, axis=1)[:, :6]
    np.testing.assert_array_equal(found.positions, order)
    np.testing.assert_array_equal(found.examples, others[order])
    assert found.examples.dtype == np.uint8
    distances = np.sort(expected, axis=1)[:, :6]
    np.testing.assert_allclose(found.distances, distances, rtol=1e-6)
    np.testing.assert_allclose(found.distances[2, 0], 2 * np.sqrt(60), rtol=1e-6)


def test_nearest_by_euclidean_distance():
    features = np.array([[0.0, 0.0], [3.0, 4.0]])
    others = np.array([[3.0, 3.0], [0.0, -1.0], [2.0, 0.0], [4.0, 9.0]])
    # Squared distances by hand: 18, 1, 4, 97 and 1, 34, 17, 26.
    found = nearest_neighbors(features, [others], 3)
    np.testing.assert_array_equal(found.positions, [[1, 2, 0], [0, 2, 3]])
    np.testing.assert_allclose(found.distances[1] ** 2, [1, 17, 26])
    # All, where there are fewer than are asked for.
    found = nearest_neighbors(features, [others[:1], others[1:]], 9)
    np.testing.assert_array_equal(found.positions[0], [1, 2, 0, 3])
    maps = nearest_neighbors(features.reshape(2, 1, 2), [others.reshape(4, 1, 2)], 3)
    np.testing.assert_array_equal(maps.positions, [[1, 2, 0], [0, 2, 3]])
    np.testing.assert_array_equal(maps.examples[0, 0], [[0.0, -1.0]])


def test_one_of_the_others_itself_is_no_distance_away():
    others = RANDOM.integers(0, 256, [5, 32, 32, 1], np.uint8)
    found = nearest_neighbors(others[3:], [others])
    np.testing.assert_array_equal(found.examples[:, 0], others[3:])
    np.testing.assert_allclose(found.distances, 0, atol=1)


def test_one_batch_at_a_time_is_held():
    made = []

    def batches():
        for first in range(0, 40, 4):
            batch = np.arange(first, first + 4, dtype=np.float32)[:, None]
            made.append(weakref.ref(batch))
            yield batch
            del batch
            # That which was yielded last is let go when the next one comes.
            assert not any(earlier() is not None for earlier in made[:-1])

    found = nearest_neighbors(np.float32([[7.2]]), batches())
    np.testing.assert_array_equal(found.positions, [[7]])


def test_without_others_there_is_no_nearest():
    with pytest.raises(ValueError, match="no examples"):
        nearest_neighbors(np.zeros([2, 3]), [])
