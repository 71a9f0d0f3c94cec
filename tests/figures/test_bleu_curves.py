"""BLEU against lengths and ranks."""

import io

from kerasapps.figures.bleu_curves import bleu_curves


def test_a_panel_for_each_quantity_and_a_line_for_each_network():
    figure = bleu_curves(
        {
            "sentence length": {
                "RNNsearch": ([10, 20], [30.0, 29.0]),
                "RNNencdec": ([10, 20, 30], [25.0, float("nan"), 5.0]),
            },
            "average rank": {"RNNsearch": ([100, 200], [61.0, 20.0])},
        }
    )
    lengths, ranks = figure.axes
    assert lengths.get_xlabel() == "sentence length"
    assert ranks.get_xlabel() == "average rank"
    assert lengths.get_ylabel() == "BLEU"
    search, encoder_decoder = lengths.lines
    assert search.get_xydata().tolist() == [[10, 30], [20, 29]]
    # The group without a sentence is left out.
    assert encoder_decoder.get_xydata().tolist() == [[10, 25], [30, 5]]
    assert ranks.lines[0].get_xydata().tolist() == [[100, 61], [200, 20]]
    assert ranks.lines[0].get_color() == search.get_color()
    assert search.get_color() != encoder_decoder.get_color()
    legend = [text.get_text() for text in lengths.get_legend().get_texts()]
    assert legend == ["RNNsearch", "RNNencdec"]
    assert ranks.get_ylim() == lengths.get_ylim()
    bottom, top = lengths.get_ylim()
    assert bottom == 0
    assert top > 61
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")
