"""What was learned, epoch by epoch."""

from collections.abc import Mapping, Sequence

from matplotlib.ticker import MaxNLocator, PercentFormatter

from kerasapps.figures.colors import BLUE, ORANGE
from kerasapps.figures.literal import Figure

# Up to here a curve's epochs are marked; one alone would be no line at all.
_MARKED_EPOCHS = 30


def learning_curves(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draws each metric over the epochs, training and validation in one panel.

    Args:
        history: The values of each metric, one an epoch, as `keras.callbacks.History`
            has them: the validation's are named "val_" and the metric. The loss
            comes first, the learning rate last.
    """
    metrics = [name for name in history if not name.startswith("val_")]
    metrics.sort(key=lambda name: (name == "learning_rate", name != "loss"))
    figure = Figure(figsize=(4.6 * len(metrics), 3.8), layout="constrained")
    for axes, metric in zip(
        figure.subplots(1, len(metrics), squeeze=False)[0], metrics, strict=True
    ):
        percent = metric.endswith("accuracy")
        curves = {"training": (history[metric], BLUE)}
        if f"val_{metric}" in history:
            curves["validation"] = (history[f"val_{metric}"], ORANGE)
        for label, (values, color) in curves.items():
            last = f"{values[-1]:.2%}" if percent else f"{values[-1]:.3g}"
            axes.plot(
                range(1, len(values) + 1),
                values,
                color=color,
                linewidth=1.8,
                marker="o" if len(values) <= _MARKED_EPOCHS else "",
                markersize=3.5,
                clip_on=False,  # A rate of 0 lies on the edge.
                label=f"{label}, last {last}",
            )
        words = metric.replace("_", " ")
        axes.set_title(words.capitalize(), loc="left", fontweight="bold")
        axes.set_xlabel("epoch")
        axes.set_ylabel(words + (" [%]" if percent else ""))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if percent:
            axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        if metric == "learning_rate":
            axes.set_ylim(bottom=0)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        if metric != "learning_rate":
            axes.legend(frameon=False)
    return figure
