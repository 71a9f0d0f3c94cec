"""A vocabulary of the most frequent tokens of a corpus, as words or characters."""

import collections
from collections.abc import Sequence
from typing import ClassVar, Self

import tensorflow as tf

from kerasapps.data.text.special_tokens import NAMES, join, look_up, with_end
from kerasapps.errors import InputError
from kerasapps.tokens import UNKNOWN

# Sentences split at a time.
_BATCH = 4096


class FrequentTokens(tf.Module):
    """The tokens that are frequent enough; all others are UNKNOWN.

    A subclass says what sentences are split into. Everything is core TensorFlow, and
    can be exported.

    Args:
        tokens: The tokens, without the special ones, each but once.
        lowercase: Whether sentences are put in lower case first.

    Attributes:
        size: Number of tokens, the four special ones included.
        lowercase: Whether sentences are put in lower case first.
    """

    # What the config calls the tokens.
    field: ClassVar[str]
    # What stands between two tokens of a text.
    separator: ClassVar[str] = ""

    def __init__(self, tokens: Sequence[str], lowercase: bool = False):
        super().__init__()
        self._own_tokens = list(tokens)
        self.lowercase = lowercase
        self.size = len(NAMES) + len(tokens)
        self._tokens = tf.constant([*NAMES, *tokens])
        self._ids = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(tokens, tf.string), tf.range(len(NAMES), self.size)
            ),
            default_value=UNKNOWN,
        )

    @classmethod
    def train(
        cls, sentences: Sequence[str], vocabulary_size: int, lowercase: bool = False
    ) -> Self:
        """Returns the vocabulary of the most frequent tokens.

        Equally frequent ones come in alphabetical order.

        Args:
            sentences: The corpus; for a vocabulary that two languages share, of both.
            vocabulary_size: Tokens at most, the four special ones included.
            lowercase: Whether sentences are put in lower case first.

        Raises:
            InputError: If `vocabulary_size` leaves no place for a token, or the corpus
                has none.
        """
        if vocabulary_size <= len(NAMES):
            raise InputError(
                f"a vocabulary of {vocabulary_size} tokens has no place for any but "
                f"the {len(NAMES)} special ones; choose more",
                argument="vocabulary_size",
            )
        counts = collections.Counter()
        for first in range(0, len(sentences), _BATCH):
            batch = tf.constant(sentences[first : first + _BATCH])
            counts.update(cls._split(batch, lowercase).flat_values.numpy().tolist())
        if not counts:
            raise InputError(
                "the sentences to make a vocabulary of are blank; give text"
            )
        ordered = sorted(counts, key=lambda token: (-counts[token], token))
        most_frequent = ordered[: vocabulary_size - len(NAMES)]
        return cls([token.decode() for token in most_frequent], lowercase)

    def split(self, sentences: tf.Tensor) -> tf.RaggedTensor:
        """Returns the tokens of sentences as they are, known or not.

        Args:
            sentences: Strings `[batch]`.

        Returns:
            Strings `[batch, (tokens)]`, one for each id of `encode` but for END.
        """
        return self._split(sentences, self.lowercase)

    def encode(self, sentences: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of sentences, int32 `[batch, (tokens)]`, with END last.

        Args:
            sentences: Strings `[batch]`.
        """
        tokens = self.split(sentences)
        return with_end(tokens.with_flat_values(self._ids.lookup(tokens.flat_values)))

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns a readable token for each id.

        Args:
            ids: int32 `[batch, length]`.

        Returns:
            Strings `[batch, length]`; those of padding are empty.
        """
        return look_up(ids, self._tokens)

    def decode(
        self, ids: tf.Tensor, replacements: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns sentences, strings `[batch]`.

        Args:
            ids: int32 `[batch, length]`; what follows END is left out.
            replacements: Strings `[batch, length]` that stand in for UNKNOWN, as the
                source's tokens of `split` that a network was looking at.
        """
        return join(ids, self._tokens, replacements, self.separator)

    def get_config(self) -> dict:
        """Returns the tokens, by the name of the field, and `lowercase`."""
        return {self.field: self._own_tokens, "lowercase": self.lowercase}

    @staticmethod
    def _split(sentences: tf.Tensor, lowercase: bool) -> tf.RaggedTensor:
        """Returns the tokens of strings `[batch]`, strings `[batch, (tokens)]`."""
        raise NotImplementedError
