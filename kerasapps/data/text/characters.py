"""A vocabulary of characters."""

import tensorflow as tf

from kerasapps.data.text.frequent_tokens import FrequentTokens
from kerasapps.data.text.special_tokens import valid_utf8


class Characters(FrequentTokens):
    """Unicode's code points, white space among them; rare ones are UNKNOWN."""

    field = "characters"

    @staticmethod
    def _split(sentences, lowercase):
        return tf.strings.unicode_split(valid_utf8(sentences, lowercase), "UTF-8")
