"""A vocabulary of characters."""

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


class Characters(tf.Module):
    """Unicode's code points, white space among them; rare ones are UNKNOWN.

    Everything is core TensorFlow, and can be exported.

    Args:
        characters: The characters, without the special tokens.
        lowercase: Whether sentences are put in lower case first.

    Attributes:
        size: Number of tokens, the four special ones included.
    """

    def __init__(self, characters: Sequence[str], lowercase: bool = False):
        super().__init__()
        self.characters = list(characters)
        self.lowercase = lowercase
        self.size = len(NAMES) + len(self.characters)
        self._tokens = tf.constant([*NAMES, *self.characters])
        self._ids = id_table(self.characters)

    @classmethod
    def train(
        cls, sentences: Sequence[str], size: int, lowercase: bool = False
    ) -> "Characters":
        """Returns the vocabulary of the most frequent characters.

        Args:
            sentences: The corpus; for a vocabulary that two languages share, of both.
            size: Tokens at most, the four special ones included.
            lowercase: Whether sentences are put in lower case first.

        Raises:
            InputError: If `size` leaves no place for a character, or there is none.
        """
        return cls(
            most_frequent(lambda s: _split(s, lowercase), sentences, size), lowercase
        )

    def split(self, sentences: tf.Tensor) -> tf.RaggedTensor:
        """Returns the characters of sentences as they are, known or not.

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
        """Returns the character of each id.

        Args:
            ids: int32 `[batch, length]`.

        Returns:
            Strings `[batch, length]`; those of padding are empty.
        """
        return shown(ids, self._tokens)

    def decode(
        self, ids: tf.Tensor, replacements: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns sentences, strings `[batch]`.

        Args:
            ids: int32 `[batch, length]`; what follows END is left out.
            replacements: Strings `[batch, length]` that stand in for UNKNOWN.
        """
        return text_of(ids, self._tokens, replacements)

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {"characters": self.characters, "lowercase": self.lowercase}


def _split(sentences: tf.Tensor, lowercase: bool) -> tf.RaggedTensor:
    return tf.strings.unicode_split(valid(sentences, lowercase), "UTF-8")
