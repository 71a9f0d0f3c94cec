import io

from kerasapps.figures.scaling import scaling

CURVES = {
    "depth": [(1, 1e6, 0.5), (2, 2e6, 0.6)],
    "width": [(1, 1e6, 0.5), (1.5, 2.2e6, 0.625)],
    "resolution": [(1, 1e6, 0.5), (1.4, 1.9e6, 0.55)],
    "compound": [(1, 1e6, 0.5), (2, 2.1e6, 0.7)],
}


def test_each_dimension_alone_and_all_together():
    figure = scaling(CURVES)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Depth", "Width", "Resolution", "All"]
    lines = [
        [line.get_xydata().tolist() for line in axes.lines] for axes in figure.axes
    ]
    assert lines[0] == [[[1, 0.5], [2, 0.6]]]
    assert lines[1] == [[[1, 0.5], [1.5, 0.625]]]
    assert lines[2] == [[[1, 0.5], [1.4, 0.55]]]
    assert lines[3] == [
        [[1, 0.5], [2, 0.6]],
        [[1, 0.5], [2.2, 0.625]],
        [[1, 0.5], [1.9, 0.55]],
        [[1, 0.5], [2.1, 0.7]],
    ]
    assert figure.axes[0].get_xlabel() == "factor of depth"
    assert figure.axes[3].get_xlabel() == "multiply-adds [million]"
    legend = [text.get_text() for text in figure.axes[3].get_legend().get_texts()]
    assert legend == list(CURVES)
    assert len({line.get_color() for line in figure.axes[3].lines}) == 4


def test_it_is_drawn():
    file = io.BytesIO()
    scaling(CURVES).savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")
