"""Which modes of a distribution in the plane a generator finds, step by step."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter

from kerasapps.errors import InputError
from kerasapps.figures.literal import Figure

# Cells of a panel in each direction, and the deviation by which densities are blurred
# so that a mode narrower than a cell is seen too, in cells.
_CELLS = 160
_BLUR = 3.5
# How far the panels reach beyond the target's samples, in their width.
_BEYOND = 0.25


def mode_collapse(
    target: np.ndarray,
    frames: Sequence[tuple[int, np.ndarray]],
    covered: Sequence[int] | None = None,
    modes: int | None = None,
) -> Figure:
    """Draws the density of the target and those of generated points at several steps.

    Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks",
    2016, figure 2. Each density is drawn from 0, white, to its own greatest. Where
    more than a hundredth of the points is outside the panel, their share is written
    into it.

    Args:
        target: Samples of the target, float `[samples, 2]`.
        frames: For each panel the training step and the points generated at it, float
            `[points, 2]`.
        covered: Modes covered at each of these steps; not drawn by default.
        modes: Modes of the target, with `covered`.

    Raises:
        InputError: If points aren't in the plane, or if numbers of covered modes are
            more or fewer than the frames or given without `modes`.
    """
    for points in (target, *(points for _, points in frames)):
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise InputError(f"points must be [points, 2], not {[*points.shape]}")
    if covered is not None and (len(covered) != len(frames) or modes is None):
        raise InputError(
            f"{len(frames)} frames need as many numbers of covered modes, and the "
            f"number of all modes, not {len(covered)} and {modes}"
        )
    titles = ["target", *(f"step {step:,}" for step, _ in frames)]
    if covered is not None:
        counts = [f"{modes} modes", *(f"{count} of {modes} modes" for count in covered)]
        titles = [
            f"{title}\n{count}" for title, count in zip(titles, counts, strict=True)
        ]

    middle = (target.max(axis=0) + target.min(axis=0)) / 2
    half = (0.5 + _BEYOND) * (np.ptp(target, axis=0).max() or 1)
    low, high = middle - half, middle + half
    figure = Figure(figsize=(1.9 * len(titles), 2.45), layout="constrained")
    panels = figure.subplots(1, len(titles), sharex=True, sharey=True, squeeze=False)[0]
    for axes, title, points in zip(
        panels, titles, (target, *(points for _, points in frames)), strict=True
    ):
        cells, _, _ = np.histogram2d(
            *points.T, bins=_CELLS, range=np.stack([low, high], axis=1)
        )
        density = gaussian_filter(cells, _BLUR, mode="constant")
        axes.imshow(
            density.T,
            origin="lower",
            extent=(low[0], high[0], low[1], high[1]),
            cmap="Blues",
            vmin=0,
            vmax=density.max() or 1,
            interpolation="bilinear",
        )
        outside = 1 - cells.sum() / len(points)
        if outside > 0.01:
            axes.text(
                0.5,
                0.03,
                f"{outside:.0%} outside",
                transform=axes.transAxes,
                ha="center",
                fontsize=9,
            )
        axes.set_title(title, fontsize=11)
        axes.tick_params(labelsize=9)
        axes.label_outer()
        axes.spines[:].set_color("0.7")
    return figure
