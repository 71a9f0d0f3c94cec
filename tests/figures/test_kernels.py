import io

import numpy as np
import pytest

from kerasapps.figures.kernels import kernels


def tiles(weights):
    return [image.get_array() for image in kernels(weights).axes[0].images]


def test_grey_tiles_have_zero_in_the_middle():
    weights = np.zeros([2, 3, 1, 2])
    weights[0, 2, 0, 0] = 4
    weights[1, 0, 0, 0] = -2
    first, second = tiles(weights)
    expected = np.array([[0.5, 0.5, 1], [0.25, 0.5, 0.5]])
    np.testing.assert_allclose(first, np.dstack([expected] * 3))
    np.testing.assert_allclose(second, 0.5 * np.ones([2, 3, 3]))


def test_colour_tiles_each_from_least_to_greatest():
    weights = np.random.default_rng(0).normal(size=[5, 5, 3, 7])
    weights[..., 4] *= 100
    for index, tile in enumerate(tiles(weights)):
        kernel = weights[..., index]
        assert (tile.min(), tile.max()) == (0, 1)
        # A straight line from weight to brightness.
        assert np.corrcoef(kernel.ravel(), tile.ravel())[0, 1] == pytest.approx(1)


def test_a_tile_for_each_channel_of_other_numbers():
    weights = np.arange(2.0 * 2 * 4 * 5).reshape(2, 2, 4, 5)
    drawn = tiles(weights)
    assert len(drawn) == 20
    kernel = weights[:, :, 3, 1]
    np.testing.assert_allclose(drawn[4 + 3][..., 0], 0.5 + kernel / kernel.max() / 2)


@pytest.mark.parametrize("shape", [(5, 5, 1, 6), (11, 11, 3, 96), (1, 1, 3, 1)])
def test_it_draws(shape):
    figure = kernels(np.random.default_rng(0).normal(size=shape))
    assert (
        f"{shape[3]} kernels of {shape[0]}x{shape[1]}x{shape[2]}"
        in figure.get_suptitle()
    )
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")
