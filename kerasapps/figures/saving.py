"""From a figure to a file."""

import pathlib

from matplotlib.figure import Figure

from kerasapps.replacing import replacing


def save(figure: Figure, path: str | pathlib.Path) -> None:
    """Writes a figure as PNG, whole or not at all, and makes the folder it is in.

    Args:
        figure: The figure.
        path: The file, its name ending in ".png".
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        figure.savefig(partial, dpi=150, bbox_inches="tight", pad_inches=0.15)
