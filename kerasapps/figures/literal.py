"""Figures that show text as it is, in whatever script."""

import functools
import logging
import warnings
from typing import Any

import matplotlib.figure
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text


class Figure(matplotlib.figure.Figure):
    """A figure whose text is literal: names of classes and files, sentences.

    A dollar sign is no formula. Characters that the text's font lacks are taken from
    another font of the machine; those that none has are told once, and show as boxes.
    """

    def draw(self, renderer: Any) -> None:
        """Draws the figure, as matplotlib does."""
        for text in self.findobj(Text):
            text.set_parse_math(False)
            _fall_back(text)
        with _without_warnings():
            super().draw(renderer)

    def get_tightbbox(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the box around all that is drawn, as matplotlib does."""
        with _without_warnings():
            return super().get_tightbbox(*args, **kwargs)


def _without_warnings():
    """Returns a context without matplotlib's warning of each missing glyph."""
    return warnings.catch_warnings(action="ignore", category=UserWarning)


def _fall_back(text):
    """Gives a text the further fonts that its characters need."""
    own = _characters(font_manager.findfont(text.get_fontproperties()))
    missing = {c for c in text.get_text() if c.isprintable()} - own
    if missing:
        found = filter(None, map(_family_with, sorted(missing)))
        text.set_fontfamily([*dict.fromkeys([*text.get_fontfamily(), *found])])


@functools.cache
def _family_with(character: str) -> str | None:
    """Returns a family of fonts that has a character; says so where none has."""
    for font in font_manager.fontManager.ttflist:
        # The last resort has a box for everything.
        if "LastResort" not in font.fname and character in _characters(font.fname):
            return font.name
    _say_missing()
    return None


@functools.cache
def _say_missing() -> None:
    """Says once in a process that there are characters without a font."""
    logging.getLogger(__name__).warning(
        "Some characters in figures are in no font of this machine and show as boxes; "
        "install one that has their script, such as Noto Sans CJK"
    )


@functools.cache
def _characters(path: str) -> frozenset[str]:
    """Returns the characters that a font has."""
    try:
        codes = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):  # None that FreeType can read.
        return frozenset()
    return frozenset(map(chr, codes))
