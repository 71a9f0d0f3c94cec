"""Tests of images in rows and columns."""

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from kerasapps.errors import InputError
from kerasapps.figures.colors import ORANGE
from kerasapps.figures.image_matrix import image_matrix
from kerasapps.figures.pixels import pixels
from kerasapps.figures.saving import save


def random_images(rows, columns, height, width, channels):
    shape = [rows, columns, height, width, channels]
    return np.random.default_rng(0).integers(0, 255, shape, np.uint8)


def drawn(figure):
    (axes,) = figure.axes
    (picture,) = axes.images
    return np.asarray(picture.get_array())


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_in_their_places(channels):
    images = random_images(2, 3, 4, 6, channels)
    whole = drawn(image_matrix(images))
    assert whole.shape == (11, 22, 3)
    np.testing.assert_array_equal(
        whole[6:10, 15:21], np.broadcast_to(images[1, 2], [4, 6, 3])
    )
    np.testing.assert_array_equal(
        whole[1:5, 1:7], np.broadcast_to(images[0, 0], [4, 6, 3])
    )


def test_wider_gaps():
    images = random_images(3, 2, 4, 6, 3)
    whole = drawn(image_matrix(images, gap_after_row=[1], gap_after_column=[0]))
    # Three pixels instead of one.
    assert whole.shape == (1 + 3 * 5 + 2, 1 + 2 * 7 + 2, 3)
    np.testing.assert_array_equal(whole[6:10, 1:7], images[1, 0])
    np.testing.assert_array_equal(whole[13:17, 10:16], images[2, 1])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_framed_column_stands_apart(channels):
    images = random_images(2, 3, 4, 6, channels)
    whole = drawn(image_matrix(images, framed_columns=[2]))
    left = 1 + 2 * 7 + 2
    np.testing.assert_array_equal(
        whole[6:10, left : left + 6], np.broadcast_to(images[1, 2], [4, 6, 3])
    )
    orange = [round(255 * value) for value in to_rgb(ORANGE)]
    frame = (whole == orange).all(axis=-1)
    # Three lines of eight pixels, and two at the sides of each of eight rows.
    assert frame.sum() == 3 * 8 + 2 * 8
    assert frame[:, left - 1].all()
    assert frame[:, left + 6].all()
    assert not frame[:, : left - 1].any()


def test_titles_stand_at_the_middles_and_are_shared():
    images = random_images(3, 2, 4, 6, 1)
    figure = image_matrix(images, ["a", "a", "b"], ["first", "second"], "All")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_yticks().tolist() == [(1 + 10) / 2, (11 + 15) / 2]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["first", "second"]
    assert axes.get_xticks().tolist() == [4, 11]
    assert axes.get_title(loc="left") == "All"
    plain = image_matrix(images).axes[0]
    assert not len(plain.get_xticks())
    assert not len(plain.get_yticks())


def test_only_column_titles_that_are_too_wide_are_turned():
    images = random_images(1, 2, 28, 28, 1)
    for title, rotation in (("short", 0), ("one that is far too long for this", 90)):
        axes = image_matrix(images, column_titles=["a", title]).axes[0]
        assert [label.get_rotation() for label in axes.get_xticklabels()] == [
            rotation
        ] * 2


def test_a_shared_title_may_be_as_wide_as_its_columns():
    titles = ["wider than one image of 200 pixels"] * 3
    axes = image_matrix(random_images(1, 3, 28, 28, 1), column_titles=titles).axes[0]
    (label,) = axes.get_xticklabels()
    assert label.get_rotation() == 0


def test_everything_is_inside_the_figure():
    figure = image_matrix(
        random_images(2, 2, 8, 8, 1),
        ["a title at the left", "another"],
        ["a title that has to be turned", ""],
        "A title that is much wider than the images are, all four of them together",
    )
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


@pytest.mark.parametrize("size", [5, 28, 128])
def test_pixels_are_enlarged_by_a_whole_number(size, tmp_path):
    images = random_images(2, 3, size, size, 1)
    times = 200 // size
    figure = image_matrix(images, ["a", "b"], title="Title")
    enlarged = drawn(figure).repeat(times, axis=0).repeat(times, axis=1)
    height, width, _ = enlarged.shape
    picture = pixels(figure)
    box = figure.axes[0].get_window_extent()
    left, top = round(box.x0), len(picture) - round(box.y1)
    np.testing.assert_array_equal(picture[top:, left:][:height, :width], enlarged)

    save(image_matrix(images), tmp_path / "matrix.png")
    written = np.round(255 * matplotlib.image.imread(tmp_path / "matrix.png"))
    top, left = np.argwhere((written[..., :3] < 255).any(axis=-1)).min(axis=0)
    gap = times * (drawn(figure) < 255).any(axis=(1, 2)).argmax()
    saved = written[top - gap :, left - gap :][:height, :width, :3]
    np.testing.assert_array_equal(saved, enlarged)


def test_too_many_pixels_are_averaged():
    images = np.zeros([2, 3, 1024, 1024, 1], np.uint8)
    images[:, :, ::2] = 200  # The mean is 100.
    figure = image_matrix(images)
    whole = drawn(figure)
    # 3072 pixels don't fit into 2000, half of them do.
    gap = 13
    assert whole.shape == (2 * (512 + gap) + gap, 3 * (512 + gap) + gap, 3)
    assert set(np.unique(whole)) == {100, 255}
    assert max(figure.get_size_inches()) < 13.5


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((3, 4, 4, 1), {}, r"\[rows, columns, height, width, .*not uint8 \[3, 4, 4"),
        ((2, 3, 4, 4, 2), {}, "channels 1 or 3"),
        ((2, 3, 4, 4, 1), {"row_titles": ["a"]}, "1 row titles for 2 rows"),
        ((2, 3, 4, 4, 1), {"column_titles": "ab"}, "2 column titles for 3 columns"),
        ((2, 3, 4, 4, 1), {"gap_after_row": [2]}, "no row 2: there are 0 to 1"),
        ((2, 3, 4, 4, 1), {"framed_columns": [-1]}, "no column -1"),
    ],
)
def test_what_does_not_fit_is_named(shape, arguments, message):
    with pytest.raises(InputError, match=message):
        image_matrix(np.zeros(shape, np.uint8), **arguments)
