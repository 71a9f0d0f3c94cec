"""Learning rates over the steps."""

import io

from kerasapps.figures.learning_rate import learning_rate


def test_a_line_for_each_schedule_from_the_first_step_on():
    figure = learning_rate({"short": [0.1, 0.2, 0.1], "long": [0.05, 0.1]})
    (axes,) = figure.axes
    short, long = axes.lines
    assert short.get_xydata().tolist() == [[1, 0.1], [2, 0.2], [3, 0.1]]
    assert long.get_xydata().tolist() == [[1, 0.05], [2, 0.1]]
    assert short.get_color() != long.get_color()
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["short", "long"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "learning rate")
    assert axes.get_ylim()[0] == 0
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")
