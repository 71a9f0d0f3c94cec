"""Which sentences are drawn."""

import matplotlib.pyplot as plt
import tensorflow as tf

from apps.translator import drawing
from tests.evaluation.translator.test_translator import translator


def test_alignments_of_long_sentences_are_not_drawn():
    # With END 100 and 101 tokens.
    sentences = [" ".join(["a"] * number) for number in (99, 100)]
    found = translator(beam_size=1)(tf.constant(sentences))
    assert found.source_tokens.shape[1] == 101
    figures = dict(drawing.draw(translator(beam_size=1), sentences))
    plt.close("all")
    assert list(figures) == ["alignment_0"]
