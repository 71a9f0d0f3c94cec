"""Images one after the other."""

import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from kerasapps.errors import InputError
from kerasapps.figures.tiling import check_images
from kerasapps.replacing import replacing


def save_animation(
    frames: Sequence[np.ndarray],
    path: str | pathlib.Path,
    seconds_per_frame: float = 0.2,
) -> None:
    """Writes an endless GIF, whole or not at all, and makes the folder it is in.

    The last frame stays five times as long as the others. A frame has at most 256
    colours; grey ones are kept exactly.

    Args:
        frames: uint8 `[height, width, channels]` each, all of one shape, with 1 or 3
            channels.
        path: The file, its name ending in ".gif".
        seconds_per_frame: How long each frame is seen; GIF counts hundredths.

    Raises:
        InputError: If there is no frame, or if one has another shape or dtype, or if
            the time is less than a hundredth of a second.
    """
    if not len(frames):
        raise InputError("an animation needs one frame or more")
    if seconds_per_frame < 0.01:
        raise InputError(f"a frame takes 0.01 seconds or more, not {seconds_per_frame}")
    for frame in frames:
        check_images(frame)
        if frame.shape != frames[0].shape:
            raise InputError(
                f"all frames must be {[*frames[0].shape]} as the first is, "
                f"not {[*frame.shape]}"
            )
    first, *others = (
        Image.fromarray(frame.squeeze(-1) if frame.shape[-1] == 1 else frame)
        for frame in frames
    )
    hundredths = round(100 * seconds_per_frame)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        first.save(
            partial,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=[10 * hundredths] * len(others) + [50 * hundredths],
            loop=0,
        )
