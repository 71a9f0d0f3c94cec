"""What a Transformer adds to the embedding of each position."""

import numpy as np

from kerasapps.figures.colors import PALETTE
from kerasapps.figures.literal import Figure

_CURVES = 4


def positional_encodings(encodings: np.ndarray) -> Figure:
    """Draws all encodings as a picture, and some of their channels as curves.

    Vaswani et al., "Attention Is All You Need", 2017, section 3.5: each channel is a
    sinusoid over the positions, with wavelengths from 2 pi to 10,000 times that.

    Args:
        encodings: float `[positions, channels]`, from -1 to 1.
    """
    positions, channels = encodings.shape
    figure = Figure(figsize=(11, 4), layout="constrained")
    picture, curves = figure.subplots(1, 2)
    image = picture.imshow(
        encodings,
        cmap="RdBu_r",
        vmin=-1,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
    )
    figure.colorbar(image, ax=picture).outline.set_visible(False)
    picture.set_title("All channels", loc="left", fontweight="bold")
    picture.set_xlabel("channel")
    picture.set_ylabel("position")
    # Sines, the even channels, of the first quarter: the others hardly change.
    chosen = np.linspace(0, max(channels // 4, 1), _CURVES).astype(int) // 2 * 2
    for number, channel in enumerate(sorted(set(chosen.tolist()))):
        curves.plot(
            range(positions),
            encodings[:, channel],
            color=PALETTE[number],
            linewidth=1.8,
            label=f"channel {channel}",
        )
    curves.set_title("Some of them", loc="left", fontweight="bold")
    curves.set_xlabel("position")
    curves.set_ylabel("encoding")
    curves.grid(alpha=0.25)
    curves.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", frameon=False)
    return figure
