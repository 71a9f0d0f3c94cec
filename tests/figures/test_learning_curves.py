import io

import matplotlib.pyplot as plt

from kerasapps.figures.learning_curves import learning_curves

HISTORY = {
    "accuracy": [0.5, 0.75, 0.8125],
    "learning_rate": [0.1, 0.01, 0.001],
    "loss": [2.0, 1.0, 0.5],
    "val_accuracy": [0.4, 0.6, 0.7],
    "val_loss": [2.5, 1.5, 1.25],
}


def test_a_panel_for_each_metric():
    figure = learning_curves(HISTORY)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Loss",
        "Accuracy",
        "Learning rate",
    ]
    assert [axes.get_xlabel() for axes in figure.axes] == ["epoch"] * 3
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "loss",
        "accuracy [%]",
        "learning rate",
    ]
    loss, accuracy, learning_rate = [
        [line.get_xydata().tolist() for line in axes.lines] for axes in figure.axes
    ]
    assert loss == [[[1, 2], [2, 1], [3, 0.5]], [[1, 2.5], [2, 1.5], [3, 1.25]]]
    assert [curve[-1][1] for curve in accuracy] == [0.8125, 0.7]
    assert learning_rate == [[[1, 0.1], [2, 0.01], [3, 0.001]]]
    legend = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert legend == ["training, last 81.25%", "validation, last 70.00%"]


def test_one_epoch_is_seen():
    figure = learning_curves({"loss": [1.0]})
    (line,) = figure.axes[0].lines
    assert line.get_marker() == "o"


def test_it_draws_beside_pyplot():
    file = io.BytesIO()
    learning_curves(HISTORY).savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")
    assert plt.get_fignums() == []
