import io
import logging
import warnings

import numpy as np
import pytest
from matplotlib.font_manager import findfont, fontManager

from kerasapps.figures import literal
from kerasapps.figures.confusion_matrix import confusion_matrix
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.figures.literal import Figure
from kerasapps.figures.saving import save


def drawn(text):
    figure = Figure(figsize=(2, 1), layout="constrained")
    figure.subplots().set_title(text)
    figure.savefig(io.BytesIO(), bbox_inches="tight")
    return figure


@pytest.mark.parametrize("text", ["$x_{$", "a $ and $ b", "$\\frac{$", "$x$"])
def test_dollars_are_no_formulas(text):
    figure = drawn(text)
    assert figure.axes[0].title.get_window_extent().width > 5 * len(text)


def test_all_figures_are_literal(tmp_path):
    names = ["$x_{$", "b$"]
    save(confusion_matrix(np.eye(2, dtype=int), names), tmp_path / "a.png")
    save(learning_curves({"$loss_{$": [1.0, 2.0]}), tmp_path / "b.png")


def test_characters_come_from_another_font():
    (stix,) = (f for f in fontManager.ttflist if f.fname.endswith("/STIXGeneral.ttf"))
    usual = literal._characters(findfont("DejaVu Sans"))
    figure = drawn(min(literal._characters(stix.fname) - usual))
    first, *others = figure.axes[0].title.get_fontfamily()
    assert (first, len(others)) == ("sans-serif", 1)


def test_characters_that_no_font_has_are_told_once(caplog, monkeypatch):
    monkeypatch.setattr(fontManager, "ttflist", [])
    for cached in (literal._say_missing, literal._family_with):
        cached.cache_clear()
    with caplog.at_level(logging.WARNING), warnings.catch_warnings(action="error"):
        drawn("\u4e00\u4e8c")
        drawn("\u4e8c\u4e09")
    literal._family_with.cache_clear()
    assert [record.name for record in caplog.records] == [literal.__name__]
