"""Mixtures of Gaussians as data sets."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf

from kerasapps.data.points.mixtures import MIXTURES, TOY_DOMAINS, Mixture, PointData
from kerasapps.errors import InputError

UNEVEN = Mixture(np.array([[0, 0], [3, 1], [-2, 5]], np.float32), 0.5)


def test_points_are_of_the_mixture():
    points = UNEVEN.draw([7, 1], 6000).numpy()
    assert points.dtype == np.float32
    distances = np.linalg.norm(points[:, None] - UNEVEN.means, axis=-1)
    mode = distances.argmin(axis=1)
    # The modes lie six deviations apart: each gets its third, +- 5 deviations.
    shares = np.bincount(mode, minlength=3) / 6000
    assert abs(shares - 1 / 3).max() < 5 * np.sqrt(2 / 9 / 6000)
    noise = (points - UNEVEN.means[mode]) / 0.5
    for column in noise.T:
        assert scipy.stats.kstest(column, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(noise.T)[0, 1]) < 5 / np.sqrt(6000)


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_points_depend_on_the_seed_alone(dtype):
    mixture = MIXTURES["ring"]
    seeds = [tf.constant([3, i], dtype) for i in (1, 1, 2)]
    one, again, other = (mixture.draw(seed, 5).numpy() for seed in seeds)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_density_is_the_mean_of_the_modes_densities():
    points = np.random.default_rng(0).normal(0, 3, (50, 2))
    expected = np.mean(
        [
            scipy.stats.multivariate_normal(mean, 0.25).pdf(points)
            for mean in UNEVEN.means
        ],
        axis=0,
    )
    found = UNEVEN.density(points)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["gaussian", "toy1d"])
def test_density_in_one_dimension_integrates_to_one(name):
    mixture = MIXTURES[name] if name in MIXTURES else TOY_DOMAINS[name][0]
    x = np.linspace(-10, 12, 5001)
    area = scipy.integrate.simpson(mixture.density(x[:, None]), x=x)
    assert area == pytest.approx(1, abs=1e-9)


def test_the_papers_mixtures():
    ring, grid = MIXTURES["ring"], MIXTURES["grid"]
    assert (len(ring.means), ring.deviation) == (8, 0.02)
    np.testing.assert_allclose(np.linalg.norm(ring.means, axis=1), 2, rtol=1e-6)
    # Neighbours on the circle are as far apart as the sides of the octagon are long.
    gaps = np.linalg.norm(ring.means[:, None] - ring.means, axis=-1)
    gaps = gaps + 9 * np.eye(8)
    np.testing.assert_allclose(gaps.min(axis=1), 4 * np.sin(np.pi / 8), rtol=1e-6)
    assert (len(grid.means), grid.deviation) == (25, 0.05)
    assert set(map(tuple, grid.means)) == {
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    }


def test_the_toy_domains():
    shapes = {n: (a.means.shape, b.means.shape) for n, (a, b) in TOY_DOMAINS.items()}
    assert shapes == {
        "toy1d": ((2, 1), (2, 1)),
        "toy2d": ((5, 2), (10, 2)),
        "toy2d_close": ((5, 2), (5, 2)),
    }
    for mixture in (m for pair in TOY_DOMAINS.values() for m in pair):
        gaps = np.linalg.norm(mixture.means[:, None] - mixture.means, axis=-1)
        gaps = gaps[~np.eye(len(gaps), dtype=bool)]
        # Good samples, within three deviations, are of one mode only.
        assert gaps.min() > 6 * mixture.deviation


def test_every_training_point_is_new_and_can_be_had_again():
    data = PointData(MIXTURES["grid"], 12, 4, seed=0)
    assert data.steps_per_epoch == 3
    batches = np.stack(list(data.batches().take(6).as_numpy_iterator()))
    assert batches.shape == (6, 4, 2)
    assert len(np.unique(batches.reshape(-1, 2), axis=0)) == 24
    again = next(data.batches(1, 2).as_numpy_iterator())
    np.testing.assert_array_equal(again, batches[5])
    other = next(PointData(MIXTURES["grid"], 12, 4, 1).batches().as_numpy_iterator())
    assert not np.array_equal(other, batches[0])


def test_less_than_a_batch():
    with pytest.raises(InputError, match=r"^batch_size=4 .* at most 3") as caught:
        PointData(MIXTURES["grid"], 3, 4, seed=0)
    assert caught.value.argument == "batch_size"


def test_replicas_share_a_batch():
    data = PointData(UNEVEN, 12, 6, seed=0)
    whole = next(data.batches(1).as_numpy_iterator())
    contexts = [tf.distribute.InputContext(2, worker, 2) for worker in range(2)]
    parts = [next(data.batches(1, 0, c).as_numpy_iterator()) for c in contexts]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    one_worker = data.batches(1, 0, tf.distribute.InputContext(1, 0, 2))
    turns = list(one_worker.take(2).as_numpy_iterator())
    np.testing.assert_array_equal(np.concatenate(turns), whole)
    with pytest.raises(InputError, match="choose a multiple of 4"):
        data.batches(context=tf.distribute.InputContext(1, 0, 4))
