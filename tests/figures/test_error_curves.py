from kerasapps.figures.error_curves import error_curves


def test_one_colour_a_network_and_a_line_for_each_curve():
    figure = error_curves(
        {
            "plain": {"training": [0.5, 0.25], "held-out": [0.6, 0.5]},
            "residual": {"training": [0.25, 0.125]},
        }
    )
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines) == ["plain, training", "plain, held-out", "residual, training"]
    assert lines["plain, held-out"].get_xydata().tolist() == [[1, 60], [2, 50]]
    assert lines["residual, training"].get_ydata().tolist() == [25, 12.5]
    colors = [line.get_color() for line in axes.lines]
    assert colors[0] == colors[1] != colors[2]
    assert {line.get_marker() for line in axes.lines} == {""}
    widths = [line.get_linewidth() for line in axes.lines]
    assert widths[0] < widths[1] == widths[2]


def test_a_single_epoch_is_a_dot_at_a_whole_number():
    (axes,) = error_curves(
        {"a": {"training": [0.5]}, "b": {"training": [1, 1, 1]}}
    ).axes
    assert [line.get_marker() for line in axes.lines] == ["o", ""]
    assert all(tick == round(tick) for tick in axes.get_xticks())
