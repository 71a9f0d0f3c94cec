import numpy as np
import pytest

from kerasapps.evaluation.gan.modes import mode_coverage, mode_matches

MEANS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def test_only_good_samples_cover_a_mode():
    samples = np.array(
        # 3 deviations away is good, more is not, though the third mode is nearest.
        [[0.0, 0.6], [0.5, 0.5], [10.0, -0.6], [0.0, 10.61], [0.5, 9.6]]
    )
    coverage = mode_coverage(samples, MEANS, 0.2)
    assert coverage.modes == 2
    assert coverage.good == 2 / 5
    np.testing.assert_array_equal(coverage.counts, [1, 1, 0])


def test_samples_of_the_mixture_cover_all_of_it():
    random = np.random.default_rng(0)
    samples = np.repeat(MEANS, 1000, axis=0) + random.normal(0, 0.2, (3000, 2))
    coverage = mode_coverage(samples, MEANS, 0.2)
    assert coverage.modes == 3
    # Within three deviations in two dimensions are 1 - exp(-9/2) = 98.9 %.
    assert abs(coverage.good - 0.9889) < 5 * np.sqrt(0.0111 * 0.9889 / 3000)


def test_each_mode_goes_where_most_of_its_points_go():
    # Of mode 0 two points go to the third mode, one of them not near enough, and one to
    # the second; all of mode 1 to the first; mode 2 to the second, but nowhere near.
    mapped = [[0, 10.5], [0, 10.7], [10, 0], [0, 0], [0.3, 0.3], [5.1, 0], [5.2, 0]]
    of_mode = np.array([0, 0, 0, 1, 1, 2, 2])
    matches = mode_matches(np.array(mapped), of_mode, MEANS, 0.2)
    np.testing.assert_array_equal(matches.modes, [2, 0, 1])
    assert matches.good == pytest.approx(4 / 7)
    # The second mode is reached by two points of mode 2 and by one that isn't.
    assert matches.purity == pytest.approx(6 / 7)
    assert matches.hit == 3
    assert not matches.one_to_one


@pytest.mark.parametrize(
    ("goal", "hit", "purity"),
    [
        ([1, 2, 0], 3, 1),
        # Mode collapse: several go to one.
        ([1, 2, 1], 2, 2 / 3),
        ([0, 0, 0], 1, 1 / 3),
        # Fewer modes than there are in the other domain may all have one of their own.
        ([2, 0], 2, 1),
    ],
)
def test_a_bijection_of_modes_is_recognized(goal, hit, purity):
    random = np.random.default_rng(0)
    of_mode = np.repeat(np.arange(len(goal)), 50)
    mapped = MEANS[goal][of_mode] + random.normal(0, 0.2, (len(of_mode), 2))
    # In any order.
    order = random.permutation(len(of_mode))
    matches = mode_matches(mapped[order], of_mode[order], MEANS, 0.2)
    np.testing.assert_array_equal(matches.modes, goal)
    assert (matches.hit, matches.one_to_one) == (hit, purity == 1)
    assert matches.purity == pytest.approx(purity)
    assert matches.good > 0.95


def test_points_between_the_modes_are_not_mapped_one_to_one():
    of_mode = np.repeat([0, 1, 2], 10)
    for near, one_to_one in ((27, True), (26, False)):
        mapped = MEANS[of_mode] + 0.0
        mapped[near:] += 1.0
        matches = mode_matches(mapped, of_mode, MEANS, 0.2)
        assert (matches.hit, matches.purity) == (3, 1)
        assert matches.one_to_one == one_to_one


@pytest.mark.parametrize(("stray", "one_to_one"), [(1, True), (2, False)])
def test_a_twentieth_of_the_points_may_go_astray(stray, one_to_one):
    of_mode = np.repeat([0, 1], 10)
    goal = of_mode.copy()
    goal[:stray] = 1
    matches = mode_matches(MEANS[goal], of_mode, MEANS, 0.2)
    np.testing.assert_array_equal(matches.modes, [0, 1])
    assert matches.purity == pytest.approx(1 - stray / 20)
    assert (matches.hit, matches.one_to_one) == (2, one_to_one)
