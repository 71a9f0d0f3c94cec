"""Alignments: where words and weights are drawn."""

import io

import numpy as np
import pytest

from kerasapps.figures.alignment import alignment

WEIGHTS = np.array([[0.75, 0.25, 0.0], [0.0, 0.0, 1.0]])


def test_source_along_the_top_target_down_the_side():
    figure = alignment(WEIGHTS, ["un", "chien", "</s>"], ["dog", "</s>"])
    axes, bar = figure.axes
    (picture,) = axes.images
    np.testing.assert_array_equal(picture.get_array(), WEIGHTS)
    assert bar.get_ylim() == (0, 1)
    assert picture.get_clim() == (0, 1)
    # 0 is black and 1 white; the first row is the upper one.
    np.testing.assert_allclose(picture.cmap([0.0, 1.0])[:, :3], [[0] * 3, [1] * 3])
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")
    assert axes.xaxis.get_ticks_position() == "top"
    assert [t.get_text() for t in axes.get_xticklabels()] == ["un", "chien", "</s>"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["dog", "</s>"]


def test_white_space_is_seen_and_dollars_are_no_formulas():
    figure = alignment(np.eye(3), [" ", "$", "$x"], ["a", "$x_{$", " "])
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["␣", "$", "$x"]
    figure.savefig(io.BytesIO(), format="png")


def test_white_is_the_largest_weight():
    figure = alignment(WEIGHTS / 5, ["un", "chien", "</s>"], ["dog", "</s>"])
    assert figure.axes[0].images[0].get_clim() == (0, 0.2)


def test_weights_of_other_tokens():
    with pytest.raises(ValueError, match=r"\(2, 3\) for 3 target and 2 source"):
        alignment(WEIGHTS, ["a", "b"], ["c", "d", "e"])
