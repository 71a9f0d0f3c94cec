"""The tokens that every vocabulary has, as text has them, and text of tokens."""

import tensorflow as tf

from kerasapps.tokens import END, PADDING, UNKNOWN

# The strings of PADDING, BEGIN, END and UNKNOWN. The last is also written: in one
# piece, which "<unk>" isn't to sacreBLEU.
NAMES = ("", "<s>", "</s>", "UNK")


def valid_utf8(sentences: tf.Tensor, lowercase: bool) -> tf.Tensor:
    """Returns sentences in UTF-8, with U+FFFD for bytes that aren't.

    Args:
        sentences: Strings `[batch]`.
        lowercase: Whether they are put in lower case, too.
    """
    sentences = tf.strings.unicode_transcode(sentences, "UTF-8", "UTF-8")
    return tf.strings.lower(sentences, "utf-8") if lowercase else sentences


def with_end(ids: tf.RaggedTensor) -> tf.RaggedTensor:
    """Returns the ids of each sentence with END after them.

    Args:
        ids: int32 `[batch, (tokens)]`.
    """
    ends = tf.fill([ids.nrows(), 1], END)
    return tf.concat([ids, tf.RaggedTensor.from_tensor(ends)], axis=1)


def before_end(ids: tf.Tensor) -> tf.Tensor:
    """Returns which of the ids stand for text: those before the first END.

    Args:
        ids: int32 `[batch, length]`, padded at the end.

    Returns:
        bool `[batch, length]`.
    """
    open_yet = tf.cumsum(tf.cast(ids == END, tf.int32), axis=1) == 0
    return open_yet & (ids >= UNKNOWN)


def look_up(ids: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
    """Returns the token of each id, strings `[batch, length]`.

    Args:
        ids: int32 `[batch, length]`; what isn't an id of the vocabulary is UNKNOWN.
        tokens: The vocabulary, a string for each id.
    """
    known = (ids >= PADDING) & (ids < len(tokens))
    return tf.gather(tokens, tf.where(known, ids, UNKNOWN))


def join(
    ids: tf.Tensor,
    tokens: tf.Tensor,
    replacements: tf.Tensor | None,
    separator: str = "",
) -> tf.Tensor:
    """Returns the tokens before END of each sentence in one string, `[batch]`.

    Args:
        ids: int32 `[batch, length]`.
        tokens: The vocabulary, a string for each id.
        replacements: Strings `[batch, length]` that stand in for UNKNOWN.
        separator: What stands between two tokens.
    """
    strings = look_up(ids, tokens)
    if replacements is not None:
        strings = tf.where(ids == UNKNOWN, replacements, strings)
    kept = tf.ragged.boolean_mask(strings, before_end(ids))
    return tf.strings.reduce_join(kept, axis=1, separator=separator)
