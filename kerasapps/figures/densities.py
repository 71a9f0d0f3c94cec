"""How a generator's density on the line meets that of the data."""

from collections.abc import Sequence

import numpy as np
from matplotlib.lines import Line2D
from sklearn.neighbors import KernelDensity

from kerasapps.errors import InputError
from kerasapps.figures.colors import BLACK, BLUE, GREEN
from kerasapps.figures.literal import Figure


def densities(
    x: np.ndarray,
    data_density: np.ndarray,
    frames: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
) -> Figure:
    """Draws the data's density, the generator's, and the discriminator over the line.

    Goodfellow et al., "Generative Adversarial Networks", 2014, figure 1: the data's
    density is dotted black, the generator's solid green, the discriminator dashed blue.
    Below, arrows lead from points z, equally spaced or drawn, to x = G(z).

    Args:
        x: Where the densities are drawn, ascending, float `[n]`.
        data_density: The data's density there, float `[n]`.
        frames: For each panel its title, generated samples, float `[samples]`, the
            discriminator's output at x, float `[n]` from 0 to 1, points z, float
            `[points]`, and G(z), float `[points]`.

    Raises:
        InputError: If the shapes don't fit each other.
    """
    if x.ndim != 1 or len(x) < 2 or data_density.shape != x.shape:
        raise InputError(
            "x and data_density must be [n] with 2 or more points, "
            f"not {[*x.shape]} and {[*data_density.shape]}"
        )
    for title, samples, real, z, mapped in frames:
        if samples.ndim != 1 or not len(samples) or real.shape != x.shape:
            raise InputError(
                f"{title}: samples must be [samples] and the discriminator "
                f"{[*x.shape]}, not {[*samples.shape]} and {[*real.shape]}"
            )
        if z.ndim != 1 or not len(z) or mapped.shape != z.shape:
            raise InputError(
                f"{title}: z and G(z) must be [points], "
                f"not {[*z.shape]} and {[*mapped.shape]}"
            )

    figure = Figure(figsize=(3.3 * len(frames), 4.2), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.02, hspace=0)
    grid = figure.subplots(
        2, len(frames), sharey="row", squeeze=False, height_ratios=[5, 2]
    )
    generated = [kernel_density(samples, x) for _, samples, _, _, _ in frames]
    # One scale for all panels, of which a collapsed generator's peak may reach out.
    greatest = data_density.max()
    top = float(np.clip(1.05 * np.max(generated), 1.6 * greatest, 3 * greatest))
    for (above, below), density, (title, _, real, z, mapped) in zip(
        grid.T, generated, frames, strict=True
    ):
        above.plot(x, data_density, ":", color=BLACK, linewidth=2.2)
        above.plot(x, density, color=GREEN, linewidth=2.2)
        output = above.twinx()
        output.plot(x, real, "--", color=BLUE, linewidth=2)
        above.set_xlim(x[0], x[-1])
        above.set_ylim(0, top)
        output.set_ylim(0, 1.02)
        output.set_yticks([0, 0.5, 1])
        output.tick_params(labelright=above is grid[0, -1], colors=BLUE)
        above.set_title(title, loc="left", fontweight="bold")
        for axes in (above, output):
            axes.spines[:].set_color("0.7")
            axes.spines["top"].set_visible(False)
        _draw_mapping(below, x, z, mapped)
        if above is grid[0, -1]:
            output.set_ylabel("discriminator", color=BLUE)
    grid[0, 0].set_ylabel("density")
    figure.legend(
        [
            Line2D([], [], linestyle=":", color=BLACK, linewidth=2.2),
            Line2D([], [], color=GREEN, linewidth=2.2),
            Line2D([], [], linestyle="--", color=BLUE, linewidth=2),
        ],
        ["data", "generator", "discriminator"],
        loc="outside upper center",
        ncols=3,
        frameon=False,
    )
    return figure


def kernel_density(samples: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Estimates the density of samples on the line with a Gaussian kernel.

    The kernel's deviation is Scott's, the samples' times their number to the power of
    -1/5, but at least the distance of two points of x: a generator may give one value
    only.

    Args:
        samples: float `[samples]`.
        x: Where the density is wanted, ascending, float `[n]`.

    Returns:
        float64 `[n]`.
    """
    samples = np.asarray(samples, np.float64)
    width = samples.std(ddof=1) * len(samples) ** -0.2 if len(samples) > 1 else 0
    width = max(width, np.diff(x).mean())
    kernels = KernelDensity(bandwidth=width).fit(samples[:, None])
    return np.exp(kernels.score_samples(x[:, None]))


def _draw_mapping(axes, x, z, mapped):
    """Draws a line for x over one for z, which is as long, and arrows between them."""
    low, high = z.min(), z.max()
    along = (z - low) / ((high - low) or 1)
    foot = x[0] + along * (x[-1] - x[0])
    axes.hlines([0, 1], x[0], x[-1], color="0.3", linewidth=1)
    axes.quiver(
        foot,
        np.zeros_like(foot),
        mapped - foot,
        np.ones_like(foot),
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.006,
        headwidth=4,
        color="0.3",
    )
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(0, 1)
    axes.set_xticks(
        np.linspace(x[0], x[-1], 3),
        [f"{value:.3g}" for value in np.linspace(low, high, 3)],
    )
    axes.set_yticks([0, 1], ["z", "x"], fontstyle="italic", fontsize=12)
    axes.tick_params(left=False)
    axes.spines[:].set_visible(False)
