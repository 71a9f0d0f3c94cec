"""The most frequent tokens of a corpus."""

import collections
from collections.abc import Callable, Sequence

import tensorflow as tf

from kerasapps.data.text.special_tokens import NAMES
from kerasapps.errors import InputError

_BATCH = 4096


def most_frequent(
    split: Callable[[tf.Tensor], tf.RaggedTensor], sentences: Sequence[str], size: int
) -> list[str]:
    """Returns the most frequent tokens, equally frequent ones in alphabetical order.

    Args:
        split: From strings `[batch]` to their tokens, strings `[batch, (tokens)]`.
        sentences: The corpus.
        size: Size of the vocabulary, the four special tokens included.

    Raises:
        InputError: If `size` leaves no place for a token, or the corpus has none.
    """
    if size <= len(NAMES):
        raise InputError(
            f"a vocabulary of {size} tokens has no place for a word; {len(NAMES)} are "
            "special, choose more"
        )
    counts = collections.Counter()
    for first in range(0, len(sentences), _BATCH):
        tokens = split(tf.constant(sentences[first : first + _BATCH]))
        counts.update(tokens.flat_values.numpy().tolist())
    if not counts:
        raise InputError("the sentences to make a vocabulary of are blank; give text")
    ordered = sorted(counts, key=lambda token: (-counts[token], token))
    return [token.decode() for token in ordered[: size - len(NAMES)]]
