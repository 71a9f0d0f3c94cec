"""A vocabulary of words and punctuation marks."""

import tensorflow as tf

from kerasapps.data.text.frequent_tokens import FrequentTokens
from kerasapps.data.text.special_tokens import valid_utf8

# Where a mark stands against the text beside it. As a sign of the text itself it would
# be taken for that; a black square takes its place.
_JOINER = "\uffed"
_SQUARE = "\u25a0"
_LETTER = r"[\p{L}\p{M}\p{N}_]"
_MARK = rf"[^\p{{L}}\p{{M}}\p{{N}}_ {_JOINER}]"


class Words(FrequentTokens):
    """The words that are frequent enough; all others are UNKNOWN.

    A word is a run of letters, combining marks, digits and underscores (Unicode's
    categories L, M and N); each other visible character is a token by itself, a mark.
    Where a mark stands against the character before it, or against the letter or digit
    after it, the token says so by a joiner on that side. So "Don't!" is `Don`, `+'+`,
    `t`, `+!`, with + for the joiner, and decoding is exact but for runs of white space:
    tokens are joined by spaces, and the joiners take these away.
    """

    field = "words"
    separator = " "

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns a readable token for each id, without joiners."""
        return tf.strings.regex_replace(super().tokens(ids), _JOINER, "")

    def decode(
        self, ids: tf.Tensor, replacements: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns sentences, strings `[batch]`, with spaces where no joiner is."""
        text = super().decode(ids, replacements)
        return tf.strings.regex_replace(text, f" ?{_JOINER} ?", "")

    @staticmethod
    def _split(sentences, lowercase):
        def replace(pattern, replacement):
            nonlocal text
            text = tf.strings.regex_replace(text, pattern, replacement)

        text = valid_utf8(sentences, lowercase)
        replace(_JOINER, _SQUARE)
        replace(r"[\s\p{Z}\p{Cc}]+", " ")
        text = " " + text
        replace(rf"({_MARK})({_LETTER})", rf"\1{_JOINER} \2")
        # Two spaces are where there was one before the mark.
        replace(rf"({_MARK})", rf" {_JOINER}\1")
        replace(f"  {_JOINER}", " ")
        return tf.strings.split(text)
