import numpy as np

from kerasapps.evaluation.gan.nearest import nearest

RANDOM = np.random.default_rng(0)


def test_the_nearest_of_all_batches_and_how_far_it_is():
    images = RANDOM.integers(0, 256, [7, 4, 5, 3], np.uint8)
    others = RANDOM.integers(0, 256, [30, 4, 5, 3], np.uint8)
    others[17] = np.where(images[2] < 128, images[2] + 2, images[2] - 2)
    found, distances = nearest(images, np.split(others, [4, 20]))
    differences = images[:, None].astype(float) - others
    expected = np.sqrt(np.square(differences).mean(axis=(2, 3, 4)))
    np.testing.assert_array_equal(found, others[expected.argmin(axis=1)])
    np.testing.assert_allclose(distances, expected.min(axis=1), rtol=1e-3)
    np.testing.assert_allclose(distances[2], 2, rtol=1e-3)


def test_one_of_the_others_itself_is_no_distance_away():
    others = RANDOM.integers(0, 256, [5, 32, 32, 1], np.uint8)
    found, distances = nearest(others[3:], [others])
    np.testing.assert_array_equal(found, others[3:])
    np.testing.assert_allclose(distances, 0, atol=0.1)
