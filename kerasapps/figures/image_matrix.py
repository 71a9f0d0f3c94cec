"""Images in rows and columns."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from kerasapps.errors import InputError
from kerasapps.figures.colors import ORANGE
from kerasapps.figures.literal import Figure
from kerasapps.figures.tiling import check_images, gap_of, starts

# That of kerasapps.figures.saving: at it each pixel of an image is a whole number of
# pixels of the file.
_DPI = 150
# The most pixels in a row or a column of images: the width of a slide.
_LENGTH = 2000
# No image is scaled up beyond this.
_SIDE = 200
_FONT_SIZE = 11
# Around everything, in pixels.
_MARGIN = 12


def image_matrix(
    images: np.ndarray,
    row_titles: Sequence[str] | None = None,
    column_titles: Sequence[str] | None = None,
    title: str | None = None,
    gap_after_row: Sequence[int] = (),
    gap_after_column: Sequence[int] = (),
    framed_columns: Sequence[int] = (),
) -> Figure:
    """Draws rows and columns of images, as large as fits on a slide.

    Images are scaled up by a whole number or, where they are too many for their size,
    the means of blocks of pixels are drawn.

    Args:
        images: uint8 `[rows, columns, height, width, channels]` with 1 or 3 channels.
        row_titles: What stands on the left of each row. Rows that follow each other
            under the same title share it.
        column_titles: What stands above each column; the same holds of these.
        title: What stands above all.
        gap_after_row: Rows, from 0, that a wider gap follows.
        gap_after_column: Columns, from 0, that a wider gap follows.
        framed_columns: Columns, from 0, whose images are framed, as the nearest
            training images in figure 2 of Goodfellow et al., "Generative Adversarial
            Networks", 2014.

    Raises:
        InputError: If images have another shape or dtype, if titles are more or fewer
            than rows or columns, or if a row or column that is named doesn't exist.
    """
    check_images(images, "rows", "columns")
    rows, columns = images.shape[:2]
    for name, count, titles, places in (
        ("row", rows, row_titles, gap_after_row),
        ("column", columns, column_titles, [*gap_after_column, *framed_columns]),
    ):
        if titles is not None and len(titles) != count:
            raise InputError(f"{len(titles)} {name} titles for {count} {name}s")
        for place in places:
            if not 0 <= place < count:
                raise InputError(f"no {name} {place}: there are 0 to {count - 1}")

    images = _shrunk(images)
    height, width = images.shape[2:4]
    gap = gap_of(height)
    tops = starts(rows, height, gap, _inner(gap_after_row, rows))
    apart = [column + step for column in framed_columns for step in (-1, 0)]
    wide = _inner([*gap_after_column, *apart], columns)
    lefts = starts(columns, width, gap, wide)
    # Grey as colours, which are drawn exactly as they are.
    whole = np.full((tops[-1], lefts[-1], 3), 255, np.uint8)
    frame = np.round(255 * np.array(to_rgb(ORANGE)))
    for row, column in np.ndindex(rows, columns):
        top, left = tops[row], lefts[column]
        if column in framed_columns:
            around = whole[top - gap : top + height + gap]
            around[:, left - gap : left + width + gap] = frame
        whole[top : top + height, left : left + width] = images[row, column]

    zoom = max(1, min(_SIDE // max(height, width), _LENGTH // max(whole.shape)))
    figure = Figure(dpi=_DPI)
    figure.set_size_inches(np.array(whole.shape[1::-1]) * zoom / _DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    extent = (0, whole.shape[1], whole.shape[0], 0)
    axes.imshow(whole, interpolation="nearest", extent=extent)
    axes.spines[:].set_visible(False)
    axes.tick_params(
        length=0, labelsize=_FONT_SIZE, labeltop=True, labelbottom=False, pad=3
    )
    beside = _shared(row_titles, tops, height)
    above = _shared(column_titles, lefts, width)
    for set_ticks, groups in ((axes.set_yticks, beside), (axes.set_xticks, above)):
        middles = [(begin + end) / 2 for _, begin, end in groups]
        set_ticks(middles, [name for name, _, _ in groups])
    labels = axes.get_xticklabels()
    if any(
        label.get_window_extent().width > (end - begin) * zoom
        for label, (_, begin, end) in zip(labels, above, strict=True)
    ):
        for label in labels:
            label.set(rotation=90)
    if title is not None:
        axes.set_title(title, fontweight="bold", fontsize=_FONT_SIZE + 1, loc="left")
    _make_room(figure, axes)
    return figure


def _shrunk(images):
    rows, columns, height, width, channels = images.shape
    factor = math.ceil(max(rows * height, columns * width) / _LENGTH)
    if factor == 1:
        return images
    flat = images.reshape(-1, height, width, channels)
    pictures = (Image.fromarray(i.squeeze(-1) if channels == 1 else i) for i in flat)
    small = np.stack([np.asarray(picture.reduce(factor)) for picture in pictures])
    return small.reshape(rows, columns, *small.shape[1:3], channels)


def _inner(places, count):
    """Returns the places that something follows."""
    return sorted({place for place in places if 0 <= place < count - 1})


def _shared(titles, begins, size):
    """Returns the title, begin and end of each group of equal titles."""
    pairs = zip(titles or (), begins, strict=False)
    groups = []
    for title, group in itertools.groupby(pairs, key=lambda pair: pair[0]):
        places = [place for _, place in group]
        groups.append((title, places[0], places[-1] + size))
    return groups


def _make_room(figure, axes):
    """Widens the figure by what stands around the axes, by whole pixels."""
    width, height = figure.bbox.size
    box = axes.get_tightbbox()
    left = math.ceil(max(0, -box.x0)) + _MARGIN
    below = math.ceil(max(0, -box.y0)) + _MARGIN
    right = math.ceil(max(0, box.x1 - width)) + _MARGIN
    above = math.ceil(max(0, box.y1 - height)) + _MARGIN
    wide, high = left + width + right, below + height + above
    figure.set_size_inches(wide / _DPI, high / _DPI)
    axes.set_position((left / wide, below / high, width / wide, height / high))
