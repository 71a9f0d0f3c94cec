"""Tests of animations."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from kerasapps.errors import InputError
from kerasapps.figures.animation import save_animation


def read(path):
    with Image.open(path) as animation:
        frames = [
            (np.asarray(frame.convert("RGB")), frame.info["duration"])
            for frame in ImageSequence.Iterator(animation)
        ]
        return *zip(*frames, strict=True), animation.info["loop"]


def test_grey_frames_are_kept_exactly(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, [3, 7, 9, 1], np.uint8)
    save_animation(frames, tmp_path / "new" / "a.gif", seconds_per_frame=0.08)
    images, milliseconds, loop = read(tmp_path / "new" / "a.gif")
    np.testing.assert_array_equal(images, frames.repeat(3, axis=-1))
    assert milliseconds == (80, 80, 400)
    assert loop == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.gif"]


def test_frames_of_colours(tmp_path):
    colors = np.array([[255, 0, 0], [0, 128, 255], [40, 90, 10]], np.uint8)
    frames = [np.broadcast_to(color, [6, 5, 3]).copy() for color in colors]
    frames[1][2:4] = colors[2]
    save_animation(frames, tmp_path / "a.gif")
    images, milliseconds, _ = read(tmp_path / "a.gif")
    np.testing.assert_array_equal(images, frames)
    assert milliseconds == (200, 200, 1000)


def test_bad_frames_leave_the_old_animation(tmp_path):
    path = tmp_path / "a.gif"
    good = np.zeros([4, 4, 3], np.uint8)
    save_animation([good], path)
    before = path.read_bytes()
    for frames, message in (
        ([], "one frame or more"),
        ([good, good[:3]], r"must be \[4, 4, 3\].*not \[3, 4, 3\]"),
        ([good, good.astype(float)], "uint8"),
        ([good[None]], "uint8"),
    ):
        with pytest.raises(InputError, match=message):
            save_animation(frames, path)
    with pytest.raises(InputError, match=r"0\.01 seconds or more, not 0"):
        save_animation([good], path, seconds_per_frame=0)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
