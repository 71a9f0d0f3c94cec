import numpy as np
import pytest

from kerasapps.evaluation.gan.perceptual_path_length import (
    lerp,
    perceptual_path_length,
    slerp,
)


def _draw(random, size):
    return random.normal(size=(size, 6))


def _squared(scale):
    return lambda a, b: np.square(scale * (a - b)).sum(axis=-1)


def test_slerp_goes_along_the_great_circle_at_one_speed():
    start, end = np.array([[2.0, 0.0]]), np.array([[0.0, 5.0]])
    for t in (0.0, 0.25, 1.0):
        angle = t * np.pi / 2
        np.testing.assert_allclose(
            slerp(start, end, np.array([[t]])),
            [[np.cos(angle), np.sin(angle)]],
            atol=1e-15,
        )


@pytest.mark.parametrize("ends", [False, True])
def test_a_linear_generator_has_the_length_of_the_lines(ends):
    # All lines alike, so that no outlier is one: d / epsilon^2 = (scale * length)^2.
    ones = iter(range(1000))

    def draw(random, size):
        return np.full((size, 6), float(next(ones) % 2))

    length = perceptual_path_length(draw, lerp, _squared(3.0), 100, 25, ends)
    assert length == pytest.approx(9 * 6, rel=1e-6)


def test_on_the_sphere_it_is_the_square_of_the_angle():
    axes = iter(range(1000))

    def alternating(random, size):
        vectors = np.zeros((size, 6))
        vectors[:, next(axes) % 2] = 1
        return vectors

    length = perceptual_path_length(alternating, slerp, _squared(1.0), 64, 16)
    assert length == pytest.approx((np.pi / 2) ** 2, rel=1e-4)


def test_the_ends_of_the_distribution_are_left_out():
    distances = np.r_[np.zeros(9), np.full(982, 2.0), np.full(9, 1e9)] * 1e-8
    length = perceptual_path_length(_draw, lerp, lambda a, b: distances, 1000, 1000)
    assert length == pytest.approx(2.0)


def test_no_samples_are_an_error():
    with pytest.raises(ValueError, match="samples"):
        perceptual_path_length(_draw, lerp, _squared(1.0), 0)
