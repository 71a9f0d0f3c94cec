"""How the errors of several trainings fall."""

from collections.abc import Mapping, Sequence

from matplotlib.ticker import MaxNLocator

from kerasapps.figures.colors import PALETTE
from kerasapps.figures.literal import Figure


def error_curves(errors: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draws training and held-out errors of several networks over the epochs.

    As figures 1 and 6 of He et al. 2015 (ResNet) do: thin and dashed is the error on
    the training images, bold that on the held-out ones. Figure 1 of Krizhevsky et al.
    2012 (AlexNet) is the training error alone, which is then bold.

    Args:
        errors: For each network's name the errors after each epoch, in 0 to 1: lists
            under "training" and, if there is any, "held-out".

    Returns:
        The figure.
    """
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for number, (name, curves) in enumerate(errors.items()):
        color = PALETTE[number % len(PALETTE)]
        for kind, values in curves.items():
            bold = kind == "held-out" or len(curves) == 1
            axes.plot(
                range(1, len(values) + 1),
                [100 * value for value in values],
                color=color,
                linewidth=2.2 if bold else 1,
                linestyle="-" if bold else "--",
                # A line of one point can't be seen.
                marker="o" if len(values) == 1 else "",
                label=f"{name}, {kind}",
            )
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_ylabel("error (%)")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
