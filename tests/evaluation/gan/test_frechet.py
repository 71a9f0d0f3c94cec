import numpy as np
import pytest
import scipy.linalg

from kerasapps.evaluation.gan.frechet import Moments, frechet_distance


def _covariance(seed, size, rank):
    factor = np.random.default_rng(seed).normal(size=(size, rank))
    return factor @ factor.T


def test_in_one_dimension_it_is_that_of_means_and_deviations():
    # (2 - -1)^2 + (3 - 0.5)^2
    distance = frechet_distance(np.array([2.0]), [[9.0]], np.array([-1.0]), [[0.25]])
    assert distance == pytest.approx(9 + 6.25, rel=1e-14)


def test_covariances_that_share_their_axes():
    axes = scipy.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    first, second = np.array([4.0, 1.0, 0.25, 0.0]), np.array([1.0, 9.0, 0.25, 4.0])
    distance = frechet_distance(
        np.zeros(4), (axes * first) @ axes.T, np.zeros(4), (axes * second) @ axes.T
    )
    # (2 - 1)^2 + (1 - 3)^2 + 0 + (0 - 2)^2
    assert distance == pytest.approx(9, rel=1e-12)


@pytest.mark.parametrize("rank", [12, 5])
def test_it_is_what_the_general_matrix_root_gives(rank):
    first, second = _covariance(1, 12, rank), _covariance(2, 12, 12)
    means = np.random.default_rng(3).normal(size=(2, 12))
    root = scipy.linalg.sqrtm(first @ second).real
    expected = np.square(means[0] - means[1]).sum()
    expected += np.trace(first + second - 2 * root)
    distance = frechet_distance(means[0], first, means[1], second)
    assert distance == pytest.approx(expected, rel=1e-6)
    swapped = frechet_distance(means[1], second, means[0], first)
    assert swapped == pytest.approx(distance, rel=1e-9)


def test_equal_distributions_have_none():
    covariance = _covariance(1, 50, 20)
    distance = frechet_distance(np.ones(50), covariance, np.ones(50), covariance)
    assert abs(distance) < 1e-12 * np.trace(covariance)


def test_constant_vectors_have_no_covariance():
    zeros, some = np.zeros((3, 3)), _covariance(0, 3, 3)
    distance = frechet_distance(np.zeros(3), zeros, np.ones(3), some)
    assert distance == pytest.approx(3 + np.trace(some))
    assert frechet_distance(np.zeros(3), zeros, np.ones(3), zeros) == 3


def test_distance_of_moments():
    random = np.random.default_rng(0)
    sets = random.normal(size=(50, 4)), random.normal(1, 2, size=(70, 4))
    moments = [Moments(4), Moments(4)]
    for one, vectors in zip(moments, sets, strict=True):
        one.update(vectors)
    expected = frechet_distance(
        *(f for s in sets for f in (s.mean(axis=0), np.cov(s, rowvar=False)))
    )
    assert moments[0].distance(moments[1]) == pytest.approx(expected, rel=1e-12)


def test_moments_of_batches_are_those_of_all():
    # Far from zero, where sums of squares would lose what matters.
    vectors = 1e4 + np.random.default_rng(0).normal(size=(103, 3)).astype("float32")
    moments = Moments(3)
    for batch in np.split(vectors, [1, 40, 40, 99]):
        moments.update(batch)
    exact = vectors.astype("float64")
    assert moments.count == 103
    np.testing.assert_allclose(moments.mean, exact.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(
        moments.covariance, np.cov(exact, rowvar=False), rtol=1e-8
    )


def test_one_vector_has_no_covariance():
    moments = Moments(2)
    moments.update(np.ones((1, 2)))
    with pytest.raises(ValueError, match="two or more"):
        _ = moments.covariance
