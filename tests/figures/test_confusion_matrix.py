import io

import numpy as np

from kerasapps.figures.confusion_matrix import confusion_matrix

MATRIX = np.array([[8, 2, 0], [0, 5, 5], [0, 0, 0]])


def test_counts_names_and_shares():
    figure = confusion_matrix(MATRIX, ["cat", "dog", "cow"])
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == "Confusion matrix: 13 of 20 right (65.0%)"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["cat", "dog", "cow"]
    # Columns are what was predicted; a class without examples has no shares.
    counts = {text.get_position(): text.get_text() for text in axes.texts}
    assert counts == {(0, 0): "8", (1, 0): "2", (1, 1): "5", (2, 1): "5"}
    np.testing.assert_allclose(
        axes.images[0].get_array(), [[0.8, 0.2, 0], [0, 0.5, 0.5], [0, 0, 0]]
    )


def test_many_classes_keep_their_names_but_not_their_counts():
    names = [f"class {index}" for index in range(120)]
    axes = confusion_matrix(np.eye(120, dtype=int), names).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    assert len(axes.texts) == 0


def test_it_draws_a_thousand_classes():
    figure = confusion_matrix(np.eye(1000, dtype=int), ["name"] * 1000)
    figure.savefig(file := io.BytesIO(), format="png", dpi=20)
    assert file.getvalue().startswith(b"\x89PNG")
