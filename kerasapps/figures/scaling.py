"""What a larger network brings, by the dimension in which it is larger."""

from collections.abc import Mapping, Sequence

from matplotlib.ticker import PercentFormatter

from kerasapps.figures.colors import BLUE, ORANGE, VERMILION
from kerasapps.figures.literal import Figure

_STYLES = {
    "depth": (BLUE, "s"),
    "width": (ORANGE, "^"),
    "resolution": (VERMILION, "D"),
    "compound": ("black", "o"),
}


def scaling(curves: Mapping[str, Sequence[tuple[float, float, float]]]) -> Figure:
    """Draws accuracy over the factor of each dimension alone, and over multiply-adds.

    Figures 3 and 8 of Tan and Le, "EfficientNet: Rethinking Model Scaling for
    Convolutional Neural Networks", 2019.

    Args:
        curves: For "depth", "width", "resolution" and "compound" the networks, from the
            baseline on: factor, multiply-adds and accuracy, from 0 to 1, of each. The
            factors of the compound networks aren't drawn.
    """
    alone = [name for name in curves if name != "compound"]
    figure = Figure(figsize=(3.6 * (len(alone) + 1), 3.6), layout="constrained")
    panels = figure.subplots(1, len(alone) + 1, sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, alone, strict=False):
        factors, _, accuracies = zip(*curves[name], strict=True)
        _draw(axes, name, factors, accuracies)
        axes.set_title(name.capitalize(), loc="left", fontweight="bold")
        axes.set_xlabel(f"factor of {name}")
    together = panels[-1]
    for name, networks in curves.items():
        _, multiply_adds, accuracies = zip(*networks, strict=True)
        _draw(together, name, [m / 1e6 for m in multiply_adds], accuracies)
    together.set_title("All", loc="left", fontweight="bold")
    together.set_xlabel("multiply-adds [million]")
    together.legend(frameon=False)
    panels[0].set_ylabel("accuracy [%]")
    panels[0].yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    for axes in panels:
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw(axes, name, x, y):
    color, marker = _STYLES[name]
    axes.plot(x, y, color=color, marker=marker, linewidth=1.8, label=name)
