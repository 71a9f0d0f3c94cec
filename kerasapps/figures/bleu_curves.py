"""How translations fare with long sentences and with rare words."""

from collections.abc import Mapping, Sequence

import numpy as np

from kerasapps.figures.colors import PALETTE
from kerasapps.figures.literal import Figure


def bleu_curves(
    curves: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]],
) -> Figure:
    """Draws BLEU against what sentences differ in, a panel each, for several networks.

    Against the length as figure 2 of Bahdanau, Cho and Bengio, "Neural Machine
    Translation by Jointly Learning to Align and Translate", 2015; against the length
    and the words' average rank by frequency as figure 3 of Sutskever, Vinyals and Le,
    "Sequence to Sequence Learning with Neural Networks", 2014.

    Args:
        curves: For each quantity, as "sentence length", and for each network's name the
            positions of its groups of sentences and their BLEU, from 0 to 100. A group
            whose BLEU is NaN is left out.
    """
    figure = Figure(figsize=(5.2 * len(curves), 4), layout="constrained")
    panels = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for axes, (quantity, networks) in zip(panels, curves.items(), strict=True):
        for number, (name, (positions, scores)) in enumerate(networks.items()):
            scores = np.asarray(scores)
            there = np.isfinite(scores)
            axes.plot(
                np.asarray(positions)[there],
                scores[there],
                color=PALETTE[number % len(PALETTE)],
                marker="o",
                markersize=3.5,
                linewidth=1.8,
                label=name,
            )
        axes.set_xlabel(quantity)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    # Once all lines are there, or the first panel's height cuts those of the others.
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("BLEU")
    panels[0].legend(frameon=False)
    return figure
