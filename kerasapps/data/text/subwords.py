"""A vocabulary of subwords: SentencePiece's unigram model, in TensorFlow's ops."""

import io
import re
from collections.abc import Sequence
from typing import Self

import numpy as np
import sentencepiece
import tensorflow as tf

from kerasapps.data.text.special_tokens import (
    NAMES,
    join,
    look_up,
    valid_utf8,
    with_end,
)
from kerasapps.errors import InputError
from kerasapps.tokens import BEGIN, END, PADDING, UNKNOWN

# Stands for a space in pieces; each sentence begins with one.
_SPACE = "\u2581"

# Characters of a piece at most.
LONGEST = 16

# An unknown character costs so much more than the least likely piece.
_UNKNOWN_PENALTY = np.float32(10)

# Of more sentences than these a part is enough to find pieces, and takes less memory.
_MOST_SENTENCES = 2_000_000

# Code points are less.
_CODES = 2**21

# SentencePiece's trainer leaves out sentences with these characters, or finds no piece
# for them, as they are signs of its own.
_RESERVED = "\0\x1f\u2585"

# Where Unicode has no characters of its own: of these some stand in for them.
_PRIVATE = range(0xE000, 0xF900)


class Subwords(tf.Module):
    """Pieces of words, of which a sentence gets the likeliest sequence.

    Kudo, "Subword Regularization: Improving Neural Network Translation Models with
    Multiple Subword Candidates", 2018, section 3.2, as the library SentencePiece has
    it (`model_type=unigram`, `normalization_rule_name=identity`): the pieces and their
    log probabilities are found by its trainer, and sentences are encoded to the same
    ids, but by core TensorFlow's ops, which can be exported. Runs of spaces count as
    one, and a run of unknown characters is one UNKNOWN.

    Args:
        pieces: The pieces without the special tokens, spaces in them written as U+2581.
        scores: The log probability of each.
        lowercase: Whether sentences are put in lower case first.

    Attributes:
        size: Number of tokens, the four special ones included.
    """

    # What the config calls the pieces.
    field = "pieces"

    def __init__(
        self, pieces: Sequence[str], scores: Sequence[float], lowercase: bool = False
    ):
        super().__init__()
        self.pieces = list(pieces)
        self.scores = list(scores)
        self.lowercase = lowercase
        self.size = len(NAMES) + len(self.pieces)
        self._tokens = tf.constant([*NAMES, *self.pieces])
        self._longest = max(map(len, self.pieces))
        self._children, self._id_of_node = _trie(self.pieces)
        of_pieces = np.array(self.scores, np.float32)
        specials = np.full(len(NAMES), -np.inf, np.float32)
        specials[UNKNOWN] = of_pieces.min() - _UNKNOWN_PENALTY
        self._scores = tf.constant(np.concatenate([specials, of_pieces]))

    @classmethod
    def train(
        cls, sentences: Sequence[str], vocabulary_size: int, lowercase: bool = False
    ) -> Self:
        """Returns the vocabulary that SentencePiece finds.

        Args:
            sentences: The corpus; for a vocabulary that two languages share, of both.
            vocabulary_size: Tokens at most, the four special ones included.
            lowercase: Whether sentences are put in lower case first.

        Raises:
            InputError: If `vocabulary_size` is too small for the characters of the
                corpus, or the corpus for any piece.
        """
        if lowercase:
            lowered = tf.strings.lower(tf.constant(sentences, tf.string), "utf-8")
            sentences = [sentence.decode() for sentence in lowered.numpy()]
        if not any(sentence.strip() for sentence in sentences):
            raise InputError("no subwords can be had: the sentences are blank")
        sentences = sentences[:: -(-len(sentences) // _MOST_SENTENCES)]
        stand_ins = _stand_ins(sentences)
        if stand_ins:
            sentences = [sentence.translate(stand_ins) for sentence in sentences]
        reserved = {stand_in: code for code, stand_in in stand_ins.items()}
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(sentences),
                model_writer=model,
                model_type="unigram",
                normalization_rule_name="identity",
                # No character of these sentences is UNKNOWN, be they ever so long.
                character_coverage=1,
                max_sentence_length=max(10, *(len(s.encode()) for s in sentences)),
                max_sentencepiece_length=LONGEST,
                vocab_size=vocabulary_size,
                hard_vocab_limit=False,
                pad_id=PADDING,
                bos_id=BEGIN,
                eos_id=END,
                unk_id=UNKNOWN,
                # Sums of floats depend on how many threads share them.
                num_threads=4,
                minloglevel=3,
            )
        except (RuntimeError, OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[-1]
            # SentencePiece's own words name flags that aren't ours.
            characters = re.search(rf"\b{vocabulary_size} vs (\d+)", reason)
            if characters:
                reason = (
                    f"their characters alone take {characters[1]}; choose "
                    f"{characters[1]} or more"
                )
            raise InputError(
                f"no {vocabulary_size} subwords can be had of {len(sentences)} "
                f"sentences: {reason}",
                argument="vocabulary_size",
            ) from error
        found = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        ids = range(len(NAMES), found.get_piece_size())
        return cls(
            [found.id_to_piece(i).translate(reserved) for i in ids],
            [found.get_score(i) for i in ids],
            lowercase,
        )

    def split(self, sentences: tf.Tensor) -> tf.RaggedTensor:
        """Returns the pieces of sentences as they are, known or not.

        Args:
            sentences: Strings `[batch]`.

        Returns:
            Strings `[batch, (tokens)]`, one for each id of `encode` but for END.
        """
        text = self._normalized(sentences)
        characters = tf.strings.unicode_split(text, "UTF-8")
        _, last = self._segment(text)
        there = tf.sequence_mask(characters.row_lengths(), tf.shape(last)[1])
        flat = tf.boolean_mask(last, there)
        piece = tf.cumsum(tf.cast(flat, tf.int64), exclusive=True)
        pieces = tf.RaggedTensor.from_value_rowids(characters.flat_values, piece)
        return tf.RaggedTensor.from_row_lengths(
            tf.strings.reduce_join(pieces, axis=1),
            tf.math.count_nonzero(last, axis=1),
        )

    def encode(self, sentences: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of sentences, int32 `[batch, (tokens)]`, with END last.

        Args:
            sentences: Strings `[batch]`.
        """
        ids, last = self._segment(self._normalized(sentences))
        return with_end(tf.ragged.boolean_mask(ids, last))

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns the piece of each id; U+2581 stands for a space before it.

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
            replacements: Strings `[batch, length]` that stand in for UNKNOWN.
        """
        text = join(ids, self._tokens, replacements)
        text = tf.strings.regex_replace(text, _SPACE, " ")
        return tf.strings.regex_replace(text, "^ +", "")

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            self.field: self.pieces,
            "scores": self.scores,
            "lowercase": self.lowercase,
        }

    def _normalized(self, sentences):
        """Returns sentences with a sign before each word, where the space was."""
        text = valid_utf8(sentences, self.lowercase)
        text = tf.strings.regex_replace(text, "^ +", "")
        text = tf.strings.regex_replace(text, " +", _SPACE)
        text = tf.where(text == "", "", _SPACE + text)
        return tf.strings.regex_replace(text, f"{_SPACE}+$", "")

    # Eagerly its loops would take much longer.
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def _segment(self, text):
        """Finds the best sequence of pieces for each text.

        Returns:
            The id of the best piece that ends with each character, int32 `[batch,
            characters + 1]`, and whether it is in the best sequence, bool of that
            shape.
        """
        codes = tf.strings.unicode_decode(text, "UTF-8")
        lengths = tf.cast(codes.row_lengths(), tf.int32)
        # One more, as the loops need one.
        codes = tf.pad(codes.to_tensor(), [[0, 0], [0, 1]])
        ids = self._pieces_from(codes)
        ids, sizes = self._best_ends(ids)
        return ids, _on_path(ids, sizes, lengths)

    def _pieces_from(self, codes):
        """Returns the piece of each length from each character on.

        Args:
            codes: Code points, int32 `[batch, characters]`, 0 after the end.

        Returns:
            int32 `[batch, characters, longest piece]`, PADDING where there is none.
        """
        count = tf.shape(codes)[1]
        codes = tf.pad(tf.cast(codes, tf.int64), [[0, 0], [0, self._longest - 1]])
        node = tf.zeros([tf.shape(codes)[0], count], tf.int64)
        ids = []
        for offset in range(self._longest):
            code = codes[:, offset : offset + count]
            # No key is negative: what has left the trie, node -1, stays outside.
            node = self._children.lookup(node * _CODES + code)
            ids.append(tf.gather(self._id_of_node, node + 1))
        # A character that is no piece is UNKNOWN.
        ids[0] = tf.where(ids[0] == PADDING, UNKNOWN, ids[0])
        return tf.stack(ids, axis=2)

    def _best_ends(self, ids):
        """Returns the best piece that ends with each character: the Viterbi algorithm.

        Args:
            ids: What `_pieces_from` returns.

        Returns:
            Ids and lengths, int32 `[batch, characters]` each.
        """
        batch, count = tf.shape(ids)[0], tf.shape(ids)[1]
        scores = tf.transpose(tf.gather(self._scores, ids), [1, 0, 2])
        ids = tf.transpose(ids, [1, 0, 2])
        lengths = tf.range(1, self._longest + 1)[tf.newaxis]

        def step(start, best, best_ids, best_sizes, all_ids, all_sizes):
            # best: of the paths to the character `start` and to those after it.
            # Of equal paths the first, that with the longer last piece, stays.
            paths = best[:, :1] + scores[start]
            better = paths > best[:, 1:]
            best = tf.where(better, paths, best[:, 1:])
            best_ids = tf.where(better, ids[start], best_ids)
            best_sizes = tf.where(better, lengths, best_sizes)
            all_ids = all_ids.write(start, best_ids[:, 0])
            all_sizes = all_sizes.write(start, best_sizes[:, 0])
            best = tf.pad(best, [[0, 0], [0, 1]], constant_values=-np.inf)
            best_ids = tf.pad(best_ids[:, 1:], [[0, 0], [0, 1]])
            best_sizes = tf.pad(best_sizes[:, 1:], [[0, 0], [0, 1]])
            return start + 1, best, best_ids, best_sizes, all_ids, all_sizes

        unreached = tf.fill([batch, self._longest], -np.inf)
        best = tf.concat([tf.zeros([batch, 1]), tf.cast(unreached, tf.float32)], axis=1)
        none = tf.zeros([batch, self._longest], tf.int32)
        found = [tf.TensorArray(tf.int32, count, element_shape=[None]) for _ in "12"]
        *_, all_ids, all_sizes = tf.while_loop(
            lambda start, *_: start < count, step, [0, best, none, none, *found]
        )
        return tf.transpose(all_ids.stack()), tf.transpose(all_sizes.stack())


def _stand_ins(sentences):
    """Returns what stands in for the reserved characters that sentences have.

    Returns:
        From code point to code point, those of characters that no sentence has.
    """
    found = [
        ord(character)
        for character in _RESERVED
        if any(character in sentence for sentence in sentences)
    ]
    if not found:
        return {}
    used = set().union(*sentences)
    free = (code for code in _PRIVATE if chr(code) not in used)
    return dict(zip(found, free, strict=False))


def _on_path(ids, sizes, lengths):
    """Returns where the pieces of the best sequences end.

    Args:
        ids: Of the best piece that ends with each character, int32 `[batch,
            characters]`.
        sizes: Characters of that piece, int32 `[batch, characters]`.
        lengths: Characters of each text, int32 `[batch]`.

    Returns:
        bool `[batch, characters]`; of UNKNOWN ones in a row only the last counts.
    """
    batch, count = tf.shape(ids)[0], tf.shape(ids)[1]
    ids, sizes = tf.transpose(ids), tf.transpose(sizes)

    def step(last, next_end, next_id, ends):
        here = next_end == last + 1
        merged = (ids[last] == UNKNOWN) & (next_id == UNKNOWN)
        ends = ends.write(last, here & ~merged)
        next_end = tf.where(here, next_end - sizes[last], next_end)
        next_id = tf.where(here, ids[last], next_id)
        return last - 1, next_end, next_id, ends

    *_, ends = tf.while_loop(
        lambda last, *_: last >= 0,
        step,
        [
            count - 1,
            lengths,
            tf.zeros([batch], tf.int32),
            tf.TensorArray(tf.bool, count, element_shape=[None]),
        ],
    )
    return tf.transpose(ends.stack())


def _trie(pieces):
    """Returns the trie of the pieces.

    Returns:
        A table from a node times `_CODES` plus a code point to the node's child, -1
        for none; and the id of the piece that ends at each node, PADDING for none,
        int32 `[1 + nodes]`, from the node -1 on.
    """
    children, ids = {}, [PADDING]
    for number, piece in enumerate(pieces):
        node = 0
        for character in piece:
            key = node * _CODES + ord(character)
            if key not in children:
                children[key] = len(ids)
                ids.append(PADDING)
            node = children[key]
        ids[node] = len(NAMES) + number
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            tf.constant(list(children), tf.int64),
            tf.constant(list(children.values()), tf.int64),
        ),
        default_value=-1,
    )
    return table, tf.constant([PADDING, *ids])
