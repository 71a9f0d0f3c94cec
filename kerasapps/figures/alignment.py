"""Which source words each translated word was made from."""

from collections.abc import Sequence

import numpy as np

from kerasapps.figures.literal import Figure


def alignment(
    weights: np.ndarray, source: Sequence[str], target: Sequence[str]
) -> Figure:
    """Draws the weights between the words of a sentence and those of its translation.

    As figure 3 of Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly
    Learning to Align and Translate", 2015: the source runs along the top, its
    translation down the side. Grey goes from black, 0, to white, the largest weight:
    attention that is spread over many words is seen, too.

    Args:
        weights: From 0 to 1, float `[target tokens, source tokens]`.
        source: The source's tokens.
        target: The tokens of the translation.

    Raises:
        ValueError: If there are not as many weights as tokens.
    """
    if weights.shape != (len(target), len(source)):
        raise ValueError(
            f"weights of shape {weights.shape} for {len(target)} target and "
            f"{len(source)} source tokens; they are [target tokens, source tokens]"
        )
    figure = Figure(
        figsize=(0.3 * len(source) + 2, 0.3 * len(target) + 2), layout="constrained"
    )
    axes = figure.subplots()
    picture = axes.imshow(weights, cmap="gray", vmin=0, interpolation="nearest")
    figure.colorbar(picture, shrink=0.5)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(source)), visible(source), rotation=90)
    axes.set_yticks(range(len(target)), visible(target))
    axes.tick_params(length=0)
    return figure


def visible(tokens: Sequence[str]) -> list[str]:
    """Returns tokens as an axis can show them: a sign stands for white space.

    Args:
        tokens: Any tokens.
    """
    return ["\u2423" if token.isspace() else token for token in tokens]
