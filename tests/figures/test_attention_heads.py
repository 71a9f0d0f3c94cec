"""A matrix for each head."""

import io

import numpy as np
import pytest

from kerasapps.figures.attention_heads import attention_heads


@pytest.mark.parametrize("heads", [1, 4, 6])
def test_a_matrix_with_words_for_each_head(heads):
    weights = np.random.default_rng(0).dirichlet(np.ones(3), size=[heads, 2])
    figure = attention_heads(weights, ["dog", "</s>"], ["un", "chien", "</s>"])
    *drawn, bar = [axes for axes in figure.axes if axes.get_visible()]
    assert bar.get_ylim() == (0, weights.max())
    assert len(drawn) == heads
    for head, (axes, matrix) in enumerate(zip(drawn, weights, strict=True), 1):
        (picture,) = axes.images
        np.testing.assert_array_equal(picture.get_array(), matrix)
        assert picture.get_clim() == (0, weights.max())
        assert axes.get_xlabel() == f"head {head}"
        labels = [t.get_text() for t in axes.get_xticklabels()]
        assert labels == ["un", "chien", "</s>"]
        assert [t.get_text() for t in axes.get_yticklabels()] == ["dog", "</s>"]
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_weights_of_other_tokens():
    with pytest.raises(ValueError, match=r"for 3 queries and 2 keys"):
        attention_heads(np.zeros([1, 2, 3]), ["a", "b", "c"], ["d", "e"])
