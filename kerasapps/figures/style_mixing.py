"""Images whose styles come from two sources."""

from collections.abc import Sequence

import numpy as np

from kerasapps.errors import InputError
from kerasapps.figures.image_matrix import image_matrix
from kerasapps.figures.literal import Figure
from kerasapps.figures.tiling import check_images


def style_mixing(
    sources_a: np.ndarray,
    sources_b: np.ndarray,
    mixtures: np.ndarray,
    row_titles: Sequence[str],
) -> Figure:
    """Draws sources A on the left, sources B above, and between them their mixtures.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, figure 3: in the upper rows the coarse styles are B's,
    then the middle ones, then the fine ones; all others are A's.

    Args:
        sources_a: uint8 `[rows, height, width, channels]` with 1 or 3 channels.
        sources_b: uint8 `[columns, height, width, channels]`.
        mixtures: uint8 `[rows, columns, height, width, channels]`.
        row_titles: Which styles are B's in each row, for example "coarse styles
            from B". Rows that follow each other under the same title are one band.

    Raises:
        InputError: If the shapes don't fit each other, or titles are more or fewer
            than rows.
    """
    check_images(mixtures, "rows", "columns")
    rows, columns, *shape = mixtures.shape
    for name, sources, count in (("A", sources_a, rows), ("B", sources_b, columns)):
        check_images(sources, "images")
        if sources.shape != (count, *shape):
            raise InputError(
                f"sources {name} must be {[count, *shape]} to fit mixtures "
                f"{[*mixtures.shape]}, not {[*sources.shape]}"
            )
    if len(row_titles) != rows:
        raise InputError(f"{len(row_titles)} row titles for {rows} rows")
    images = np.full((rows + 1, columns + 1, *shape), 255, np.uint8)
    images[0, 1:] = sources_b
    images[1:, 0] = sources_a
    images[1:, 1:] = mixtures
    titles = ["", *row_titles]
    bands = [row for row in range(rows) if titles[row] != titles[row + 1]]
    figure = image_matrix(images, titles, gap_after_row=bands, gap_after_column=[0])
    (axes,) = figure.axes
    middle = axes.get_yticks()[0]
    axes.text(
        middle * shape[1] / shape[0],
        middle,
        "sources B →\n\nsources A ↓",
        ha="center",
        va="center",
        fontsize=11,
    )
    return figure
