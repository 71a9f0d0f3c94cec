"""A vocabulary of words and punctuation marks."""

from collections.abc import Sequence

import tensorflow as tf

from kerasapps.data.text.counting import most_frequent
from kerasapps.data.text.special_tokens import (
    NAMES,
    id_table,
    shown,
    text_of,
    valid,
    with_end,
)

# Where a mark stands against the text beside it. As a sign of the text itself it would
# be taken for that; a black square takes its place.
_JOINER = "\uffed"
_SQUARE = "\u25a0"
_LETTER = r"[\p{L}\p{M}\p{N}_]"
_MARK = rf"[^\p{{L}}\p{{M}}\p{{N}}_ {_JOINER}]"


class Words(tf.Module):
    """The words that are frequent enough; all others are UNKNOWN.

    A word is a run of letters, combining marks, digits and underscores (Unicode's
    categories L, M and N); each other visible character is a token by itself, a mark.
    Where a mark stands against the character before it, or against the letter or digit
    after it, the token says so by a joiner on that side. So "Don't!" is `Don`, `+'+`,
    `t`, `+!`, with + for the joiner, and decoding is exact but for runs of white space:
    tokens are joined by spaces, and the joiners take these away.

    Everything is core TensorFlow, and can be exported.

    Args:
        words: The words, without the special tokens.
        lowercase: Whether sentences are put in lower case first.

    Attributes:
        size: Number of tokens, the four special ones included.
    """

    def __init__(self, words: Sequence[str], lowercase: bool = False):
        super().__init__()
        self.words = list(words)
        self.lowercase = lowercase
        self.size = len(NAMES) + len(self.words)
        self._tokens = tf.constant([*NAMES, *self.words])
        self._ids = id_table(self.words)

    @classmethod
    def train(
        cls, sentences: Sequence[str], size: int, lowercase: bool = False
    ) -> "Words":
        """Returns the vocabulary of the most frequent words.

        Args:
            sentences: The corpus; for a vocabulary that two languages share, of both.
            size: Tokens at most, the four special ones included.
            lowercase: Whether sentences are put in lower case first.

        Raises:
            InputError: If `size` leaves no place for a word, or there is none.
        """
        return cls(
            most_frequent(lambda s: _split(s, lowercase), sentences, size), lowercase
        )

    def split(self, sentences: tf.Tensor) -> tf.RaggedTensor:
        """Returns the tokens of sentences as they are, known or not.

        Args:
            sentences: Strings `[batch]`.

        Returns:
            Strings `[batch, (tokens)]`, one for each id of `encode` but for END.
        """
        return _split(sentences, self.lowercase)

    def encode(self, sentences: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of sentences, int32 `[batch, (tokens)]`, with END last.

        Args:
            sentences: Strings `[batch]`.
        """
        tokens = self.split(sentences)
        return with_end(tokens.with_flat_values(self._ids.lookup(tokens.flat_values)))

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns a readable token for each id, without joiners.

        Args:
            ids: int32 `[batch, length]`.

        Returns:
            Strings `[batch, length]`; those of padding are empty.
        """
        return tf.strings.regex_replace(shown(ids, self._tokens), _JOINER, "")

    def decode(
        self, ids: tf.Tensor, replacements: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns sentences, strings `[batch]`.

        Args:
            ids: int32 `[batch, length]`; what follows END is left out.
            replacements: Strings `[batch, length]` that stand in for UNKNOWN, as the
                source's words of `split` that a network was looking at.
        """
        text = text_of(ids, self._tokens, replacements, separator=" ")
        return tf.strings.regex_replace(text, f" ?{_JOINER} ?", "")

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {"words": self.words, "lowercase": self.lowercase}


def _split(sentences: tf.Tensor, lowercase: bool) -> tf.RaggedTensor:
    def replace(pattern, replacement):
        nonlocal text
        text = tf.strings.regex_replace(text, pattern, replacement)

    text = valid(sentences, lowercase)
    replace(_JOINER, _SQUARE)
    replace(r"[\s\p{Z}\p{Cc}]+", " ")
    text = " " + text
    replace(rf"({_MARK})({_LETTER})", rf"\1{_JOINER} \2")
    # Two spaces are where there was one before the mark.
    replace(rf"({_MARK})", rf" {_JOINER}\1")
    replace(f"  {_JOINER}", " ")
    return tf.strings.split(text)
