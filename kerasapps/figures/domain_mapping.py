"""Where the points of one domain are mapped to in another."""

from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from kerasapps.errors import InputError
from kerasapps.figures.colors import BLACK, PALETTE
from kerasapps.figures.literal import Figure

# Without black, which marks the target's modes.
_COLORS = PALETTE[:-1]
# Light enough for colours to be told apart on it.
_GREYS = LinearSegmentedColormap.from_list("greys", ["0.55", "1"])


def line_mapping(
    points: np.ndarray,
    point_modes: np.ndarray,
    target_modes: np.ndarray,
    target_deviation: float,
    grid: np.ndarray,
    models: Sequence[tuple[str, np.ndarray, np.ndarray, int]],
) -> Figure:
    """Draws mappings between two domains on the line, one panel a model.

    Kim et al., "Learning to Discover Cross-Domain Relations with Generative Adversarial
    Networks", 2017, figure 3: points of A, coloured by their mode, at their place in B,
    whose modes are bands of three deviations to either side; the line is the function.

    Args:
        points: Points of domain A, float `[points]`.
        point_modes: The mode of A that each is of, integer `[points]`.
        target_modes: Means of the modes of B, float `[modes]`.
        target_deviation: Standard deviation of each of them.
        grid: Where the function is drawn, ascending, float `[n]`.
        models: For each its name, the points mapped to B, float `[points]`, the grid
            mapped, float `[n]`, and the number of B's modes that are hit.

    Raises:
        InputError: If the shapes don't fit each other.
    """
    _check("points", points, (len(point_modes),))
    _check("target_modes", target_modes, (len(target_modes),))
    for name, mapped, curve, _ in models:
        _check(f"{name}: mapped points", mapped, points.shape)
        _check(f"{name}: the grid mapped", curve, grid.shape)
    figure = Figure(figsize=(3.1 * len(models), 3.3), layout="constrained")
    panels = figure.subplots(1, len(models), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (name, mapped, curve, hit) in zip(panels, models, strict=True):
        for mean in target_modes:
            axes.axhspan(
                mean - 3 * target_deviation,
                mean + 3 * target_deviation,
                color="0.87",
                linewidth=0,
            )
        axes.plot(grid, curve, color=BLACK, linewidth=1.2)
        _scatter(axes, points, mapped, point_modes)
        axes.set_title(_title(name, hit, len(target_modes)), fontsize=11)
        axes.set_xlabel("domain A")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("domain B")
    return figure


def plane_mapping(
    point_modes: np.ndarray,
    target_modes: np.ndarray,
    extent: tuple[float, float, float, float],
    models: Sequence[tuple[str, np.ndarray, np.ndarray, int]],
) -> Figure:
    """Draws mappings into a domain in the plane, one panel a model.

    Kim et al., "Learning to Discover Cross-Domain Relations with Generative Adversarial
    Networks", 2017, figure 4: points of A, coloured by their mode, where they are
    mapped to in B, whose modes are crosses, over the output of B's discriminator.

    Args:
        point_modes: The mode of A that each point is of, integer `[points]`.
        target_modes: Means of the modes of B, float `[modes, 2]`.
        extent: Left, right, lower and upper end of the panels.
        models: For each its name, the points mapped to B, float `[points, 2]`, the
            discriminator's output from 0 to 1 on a grid over the panel, float
            `[rows, columns]`, the lowest row first, and the number of B's modes that
            are hit.

    Raises:
        InputError: If the shapes don't fit each other.
    """
    _check("target_modes", target_modes, (len(target_modes), 2))
    for name, mapped, real, _ in models:
        _check(f"{name}: mapped points", mapped, (len(point_modes), 2))
        if real.ndim != 2:
            raise InputError(
                f"{name}: the discriminator's output must be [rows, columns], "
                f"not {[*real.shape]}"
            )
    left, right, low, high = extent
    tall = (high - low) / (right - left)
    figure = Figure(
        figsize=(2.8 * len(models) + 0.9, 2.8 * tall + 0.6), layout="constrained"
    )
    panels = figure.subplots(1, len(models), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (name, mapped, real, hit) in zip(panels, models, strict=True):
        axes.imshow(
            real,
            origin="lower",
            extent=extent,
            cmap=_GREYS,
            vmin=0,
            vmax=1,
            interpolation="bilinear",
        )
        _scatter(axes, mapped[:, 0], mapped[:, 1], point_modes)
        axes.plot(
            *target_modes.T,
            linestyle="",
            marker="x",
            markersize=9,
            markeredgewidth=2,
            color=BLACK,
            path_effects=[withStroke(linewidth=4, foreground="white")],
            zorder=3,
        )
        axes.set_xlim(left, right)
        axes.set_ylim(low, high)
        axes.set_title(_title(name, hit, len(target_modes)), fontsize=11)
        axes.spines[:].set_color("0.7")
        # Without the ends, which would run into those of the next panel.
        axes.xaxis.set_major_locator(MaxNLocator(6, prune="both"))
    bar = figure.colorbar(
        ScalarMappable(cmap=_GREYS),
        ax=[*panels],
        label="discriminator of B",
        ticks=[0, 0.5, 1],
        aspect=25,
        pad=0.02,
    )
    bar.outline.set_visible(False)
    return figure


def _check(name, array, shape):
    if array.shape != shape:
        raise InputError(f"{name} must be {[*shape]}, not {[*array.shape]}")


def _scatter(axes, x, y, modes):
    axes.scatter(
        x,
        y,
        s=22,
        color=[_COLORS[mode % len(_COLORS)] for mode in modes],
        edgecolors="white",
        linewidths=0.4,
        zorder=2.5,
    )


def _title(name, hit, modes):
    return f"{name}\n{hit} of {modes} modes"
