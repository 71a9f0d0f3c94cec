"""Tests of the picture of densities on the line."""

import io

import numpy as np
import pytest
from matplotlib.quiver import Quiver
from scipy.stats import gaussian_kde

from kerasapps.errors import InputError
from kerasapps.figures.densities import densities, kernel_density

X = np.linspace(-3, 5, 81)
DATA = np.exp(-0.5 * X**2)
Z = np.array([0, 0.25, 1])
MAPPED = np.array([-1.0, 0, 2])


def test_kernel_density_is_scipys():
    samples = np.random.default_rng(0).normal(1, 0.7, 300)
    np.testing.assert_allclose(
        kernel_density(samples, X), gaussian_kde(samples)(X), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("count", [1, 50])
def test_a_single_value_is_a_peak(count):
    density = kernel_density(np.full(count, 2.0, np.float32), X)
    assert X[density.argmax()] == pytest.approx(2)
    assert density.sum() * 0.1 == pytest.approx(1)  # Points are 0.1 apart.


def test_lines_and_arrows():
    samples = np.random.default_rng(0).normal(size=100)
    real = np.linspace(0, 1, 81)
    figure = densities(
        X, DATA, [(f"step {step}", samples + step, real, Z, MAPPED) for step in (0, 1)]
    )
    above = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in above] == ["step 0", "step 1"]
    for step, axes in enumerate(above):
        data, generator = axes.lines
        np.testing.assert_array_equal(data.get_xydata(), np.stack([X, DATA], 1))
        np.testing.assert_allclose(
            generator.get_ydata(), gaussian_kde(samples + step)(X), atol=1e-12
        )
        assert (data.get_linestyle(), generator.get_linestyle()) == (":", "-")
    outputs = [axes for axes in figure.axes if axes.get_ylim() == (0, 1.02)]
    assert len(outputs) == 2
    for axes in outputs:
        (line,) = axes.lines
        np.testing.assert_array_equal(line.get_ydata(), real)
        assert line.get_linestyle() == "--"
    mappings = [
        (axes, artist)
        for axes in figure.axes
        for artist in axes.collections
        if isinstance(artist, Quiver)
    ]
    assert len(mappings) == 2
    for axes, arrows in mappings:
        # z from 0 to 1 is spread over x from -3 to 5.
        np.testing.assert_allclose(arrows.X, [-3, -1, 5])
        np.testing.assert_allclose(arrows.X + arrows.U, MAPPED)
        np.testing.assert_allclose(arrows.Y + arrows.V, 1)
        labels = [label.get_text() for label in axes.get_xticklabels()]
        assert labels == ["0", "0.5", "1"]
        assert axes.get_xlim() == above[0].get_xlim() == (-3, 5)
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_a_collapsed_generator_does_not_flatten_the_data():
    figure = densities(X, DATA, [("step 0", np.zeros(9), DATA, Z, MAPPED)])
    assert figure.axes[0].get_ylim() == (0, pytest.approx(3))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (1, np.zeros([3, 1]), r"step 0: samples must be \[samples\]"),
        (2, np.zeros(3), r"the discriminator \[81\], not \[2\] and \[3\]"),
        (3, np.zeros(2), r"z and G\(z\) must be \[points\], not \[2\] and \[3\]"),
        (4, np.zeros([3, 1]), r"not \[3\] and \[3, 1\]"),
    ],
)
def test_what_does_not_fit_is_named(place, value, message):
    frame = ["step 0", np.zeros(2), DATA, Z, MAPPED]
    frame[place] = value
    with pytest.raises(InputError, match=message):
        densities(X, DATA, [tuple(frame)])
    with pytest.raises(InputError, match=r"not \[81\] and \[80\]"):
        densities(X, DATA[1:], [])
