"""Beam search: the most likely sequences that a translator can find."""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from kerasapps.tokens import BEGIN, END, PADDING, UNKNOWN

# Less than any score; infinity would make NaN of a product with zero.
_NEVER = -1e9


class Hypotheses(NamedTuple):
    """Translations of a batch, the best of each sentence first.

    Attributes:
        tokens: int32 `[batch, n_best, length]`; each ends with END, unless it didn't
            come to one in time, and is padded.
        scores: float32 `[batch, n_best]`, the log-probabilities over the length
            penalty.
        alignments: float32 `[batch, n_best, length, source]`, what each token took from
            each token of the source, the mean over those models that align; of no
            length `source` if none does, or if they weren't asked for.
    """

    tokens: tf.Tensor
    scores: tf.Tensor
    alignments: tf.Tensor


def length_penalty(length: int | tf.Tensor, alpha: float) -> tf.Tensor:
    """Returns what log-probabilities of so many tokens are divided by.

    ((5 + length) / 6)^alpha: Wu et al., "Google's Neural Machine Translation System",
    2016, section 7, without its coverage; the Transformer's alpha is 0.6, and 0
    compares the probabilities themselves.

    Args:
        length: Number of tokens, END included.
        alpha: The power.
    """
    return tf.pow((5.0 + tf.cast(length, tf.float32)) / 6.0, alpha)


def beam_search(
    translators: Sequence[keras.Model],
    source: tf.Tensor,
    max_length: int | tf.Tensor,
    beam_size: int = 4,
    alpha: float = 0.6,
    n_best: int = 1,
    allow_unknown: bool = True,
    aligned: bool = True,
) -> Hypotheses:
    """Returns the best sequences that a beam finds; it is greedy with a beam of 1.

    In each step all sequences of the beam are continued by all tokens. Those that end
    are set aside, the best others stay; it stops when none of them can get better than
    the worst of as many set aside as the beam holds. Models keep their states from step
    to step, in the order of the beam. Of several models the probabilities are averaged.

    Where nothing has ended after `max_length` tokens, what is begun is returned. With a
    limit of its own, a sentence gets the same translation in any batch.

    The search keeps tokens, scores and states. Alignments are as large as the source is
    long, for each token: they are had by writing what is returned once more.

    Args:
        translators: One model of `kerasapps.models` that translates, or an ensemble
            that shares its vocabularies.
        source: int32 `[batch, source]`, padded.
        max_length: The most tokens, END included: a scalar, or int32 `[batch]` for each
            sentence its own.
        beam_size: Sequences that are kept.
        alpha: Of the `length_penalty`.
        n_best: Sequences that are returned of each sentence, at most `beam_size`.
        allow_unknown: Whether UNKNOWN may be written.
        aligned: Whether alignments are returned.
    """
    search = _Search(translators, source, max_length, beam_size, alpha, allow_unknown)
    beam = search.begin()
    beam = tf.while_loop(search.goes_on, lambda *beam: search.step(_Beam(*beam)), beam)
    tokens, scores = search.best(_Beam(*beam), n_best)
    if aligned and any(translator.aligns for translator in translators):
        return Hypotheses(tokens, scores, search.alignments(tokens))
    return Hypotheses(tokens, scores, tf.zeros([*tf.unstack(tf.shape(tokens)), 0]))


class _Beam(NamedTuple):
    """The state of the search; `[batch, beam, ...]` but for the first and the last.

    `open_` and `closed_` are sequences that go on and that have ended.
    """

    position: tf.Tensor
    open_tokens: tf.Tensor
    open_scores: tf.Tensor
    closed_tokens: tf.Tensor
    closed_scores: tf.Tensor
    states: list  # of each model, `[batch * beam, ...]`


class _Search:
    def __init__(
        self, translators, source, max_length, beam_size, alpha, allow_unknown
    ):
        self._translators = translators
        # What is never a next token.
        self._never = [PADDING, BEGIN, *([] if allow_unknown else [UNKNOWN])]
        self._size = beam_size
        self._alpha = alpha
        self._batch = tf.shape(source)[0]
        limits = tf.convert_to_tensor(max_length, tf.int32)
        self._length = tf.reduce_max(limits)
        self._limits = tf.broadcast_to(limits, [self._batch])
        # The same for all sequences of a sentence.
        self._memories = [
            tf.nest.map_structure(
                lambda x: tf.repeat(x, beam_size, axis=0), translator.encode(source)
            )
            for translator in translators
        ]

    def begin(self):
        tokens = tf.fill([self._batch, self._size, self._length], PADDING)
        # All sequences are the same as yet: one of them is enough.
        scores = tf.tile([[0.0] + [_NEVER] * (self._size - 1)], [self._batch, 1])
        never = tf.fill([self._batch, self._size], _NEVER)
        states = [
            translator.initial_states(memory, self._length)
            for translator, memory in self._models()
        ]
        return _Beam(tf.constant(0), tokens, scores, tokens, never, states)

    def goes_on(self, position, _open, open_scores, _closed, closed_scores, _states):
        # Nothing gets more likely by going on, and no penalty is larger than the last.
        reachable = open_scores[:, 0] / length_penalty(self._limits, self._alpha)
        hopes = reachable > tf.reduce_min(closed_scores, axis=1)
        return tf.reduce_any((position < self._limits) & hopes)

    def step(self, beam):
        position = beam.position
        before = tf.gather(beam.open_tokens, tf.maximum(position - 1, 0), axis=-1)
        token = tf.where(position == 0, BEGIN, before)
        log_probabilities, states = self._advance(token, position, beam)
        vocabulary = log_probabilities.shape[-1]
        continued = beam.open_scores[..., None] + log_probabilities
        # Each sequence can end in one way: of twice as many, enough go on. The greedy
        # search takes what is best, and be it the end.
        number = 2 * self._size if self._size > 1 else 1
        scores, places = tf.math.top_k(tf.reshape(continued, [self._batch, -1]), number)
        parents, token = places // vocabulary, places % vocabulary

        here = tf.range(self._length) == position  # [length]
        tokens = tf.where(
            here, token[..., None], tf.gather(beam.open_tokens, parents, batch_dims=1)
        )
        # Of sentences that have come to their limit nothing changes any more.
        active = (position < self._limits)[:, None]
        ends = token == END

        def best(scores, *values):
            scores, places = tf.math.top_k(scores, self._size)
            return scores, *(tf.gather(v, places, batch_dims=1) for v in values)

        open_scores, open_tokens, parents = best(
            tf.where(ends, _NEVER, scores), tokens, parents
        )
        open_scores = tf.where(active, open_scores, beam.open_scores)
        open_tokens = tf.where(active[..., None], open_tokens, beam.open_tokens)
        penalized = scores / length_penalty(position + 1, self._alpha)
        penalized = tf.where(ends & active, penalized, _NEVER)
        closed_scores, closed_tokens = best(
            tf.concat([beam.closed_scores, penalized], axis=1),
            tf.concat([beam.closed_tokens, tokens], axis=1),
        )
        rows = tf.reshape(tf.range(self._batch)[:, None] * self._size + parents, [-1])
        return _Beam(
            position + 1,
            open_tokens,
            open_scores,
            closed_tokens,
            closed_scores,
            tf.nest.map_structure(lambda x: tf.gather(x, rows), states),
        )

    def best(self, beam, n_best):
        """Returns tokens and scores: of what has ended, and after it of what hasn't."""
        penalty = length_penalty(self._limits, self._alpha)
        unfinished = beam.open_scores / penalty[:, None]
        scores = tf.concat([beam.closed_scores, unfinished], axis=1)
        last = tf.concat([beam.closed_scores, unfinished + _NEVER / 2], axis=1)
        _, places = tf.math.top_k(last, n_best)
        tokens = tf.concat([beam.closed_tokens, beam.open_tokens], axis=1)
        return [tf.gather(x, places, batch_dims=1) for x in (tokens, scores)]

    def alignments(self, tokens):
        """Returns what each token took from the source, by writing them once more.

        Args:
            tokens: int32 `[batch, n_best, length]`, n_best at most that of the beam.

        Returns:
            float32 `[batch, n_best, length, source]`.
        """
        n_best = tokens.shape[1]
        flat = tf.reshape(tokens, [-1, self._length])
        rows = tf.range(self._batch)[:, None] * self._size + tf.range(n_best)
        rows = tf.reshape(rows, [-1])
        aligning = [
            (translator, tf.nest.map_structure(lambda x: tf.gather(x, rows), memory))
            for translator, memory in self._models()
            if translator.aligns
        ]
        # As far as any of them goes.
        used = tf.reduce_max(tf.math.count_nonzero(flat, axis=1, dtype=tf.int32))

        def step(position, token, states, found):
            steps = [
                translator.step(token, position, memory, before)
                for (translator, memory), before in zip(aligning, states, strict=True)
            ]
            mean = tf.add_n([alignment for _, _, alignment in steps]) / len(steps)
            written = flat[:, position]
            mean = tf.where((written != PADDING)[:, None], mean, 0.0)
            after = [states for _, states, _ in steps]
            return position + 1, written, after, found.write(position, mean)

        begun = [
            tf.constant(0),
            tf.fill([tf.shape(flat)[0]], BEGIN),
            [model.initial_states(memory, used) for model, memory in aligning],
            tf.TensorArray(tf.float32, used, element_shape=[None, None]),
        ]
        *_, found = tf.while_loop(lambda position, *_: position < used, step, begun)
        found = tf.transpose(found.stack(), [1, 0, 2])
        found = tf.pad(found, [[0, 0], [0, self._length - used], [0, 0]])
        source = tf.shape(found)[2]
        return tf.reshape(found, [self._batch, n_best, self._length, source])

    def _advance(self, token, position, beam):
        """Returns log-probabilities, `[batch, beam, vocabulary]`, and states."""
        flat = tf.reshape(token, [-1])
        steps = [
            translator.step(flat, position, memory, states)
            for (translator, memory), states in zip(
                self._models(), beam.states, strict=True
            )
        ]
        each = tf.stack([tf.nn.log_softmax(logits) for logits, _, _ in steps])
        mean = tf.reduce_logsumexp(each, axis=0) - tf.math.log(float(len(steps)))
        vocabulary = mean.shape[-1]
        mean += _NEVER * tf.reduce_max(tf.one_hot(self._never, vocabulary), axis=0)
        return (
            tf.reshape(mean, [self._batch, self._size, vocabulary]),
            [states for _, states, _ in steps],
        )

    def _models(self):
        return zip(self._translators, self._memories, strict=True)
