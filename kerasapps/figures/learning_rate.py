"""How the learning rate changes."""

from collections.abc import Mapping, Sequence

from kerasapps.figures.colors import PALETTE
from kerasapps.figures.literal import Figure


def learning_rate(rates: Mapping[str, Sequence[float]]) -> Figure:
    """Draws learning rates over the steps.

    Such as equation 3 of Vaswani et al., "Attention Is All You Need", 2017, for several
    sizes and warm-ups.

    Args:
        rates: For the name of each schedule its rates, from the first step on.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for number, (name, values) in enumerate(rates.items()):
        axes.plot(
            range(1, len(values) + 1),
            values,
            color=PALETTE[number % len(PALETTE)],
            linewidth=1.8,
            label=name,
        )
    axes.set_xlabel("step")
    axes.set_ylabel("learning rate")
    axes.ticklabel_format(axis="y", scilimits=(-2, 3))
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
