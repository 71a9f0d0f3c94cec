"""Pairs of sentences in two languages as networks take them."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.tokens import BEGIN, PADDING

# The first bucket's length; from one to the next it grows by an eighth, at least by 1.
_SHORTEST = 8
_GROWTH = 8


class SentencePairs:
    """Shuffled batches of about the same number of tokens, without end.

    It is a `kerasapps.data.pipeline.TrainingData`: what a step sees depends on the
    seed, the epoch and the step alone. Vaswani et al., "Attention Is All You Need",
    2017, section 5.1: pairs are batched by approximate length, each batch with so many
    source tokens and so many target tokens.

    A pair is as long as the longer of its sentences. A bucket takes pairs up to a
    length and has a batch size of its own, `tokens_per_batch` through that length. The
    pairs that fill no batch of their bucket go on into the next longer one; those of
    the last are left out of the epoch, other ones in each.

    A batch is `((source, target_in), target_out, weights)`: int32 `[batch, source
    tokens]`; int32 `[batch, target tokens]`, from BEGIN on; the same without BEGIN and
    with END; float32 `[batch]`. All weights are 1 over the mean number of target tokens
    in the global batch: so where the loss of a pair is the sum over its tokens, the
    mean over the pairs of all replicas is the mean over the tokens. Sources and targets
    are each padded to the length of the smallest bucket that the longest of the global
    batch fits into: so all replicas have the same shapes, and there are few of them,
    each to be compiled but once.

    Args:
        source_ids: Ids of each sentence with END last: int arrays, or a ragged tensor
            `[pairs, (tokens)]`.
        target_ids: The same of the translations.
        tokens_per_batch: Tokens of a batch over all replicas, on the side that has
            more, padding included; at most.
        seed: Seeds the order.
        max_length: Pairs with more tokens on either side, END included, are left out.
        replicas: Replicas that share a batch; each gets as many pairs.

    Attributes:
        steps_per_epoch: Batches of an epoch.
        too_long: Number of pairs that are left out since they are too long.

    Raises:
        InputError: If there is less than one batch, or a batch is too small for a pair
            a replica.
    """

    def __init__(
        self,
        source_ids: Sequence[np.ndarray] | tf.RaggedTensor,
        target_ids: Sequence[np.ndarray] | tf.RaggedTensor,
        tokens_per_batch: int,
        seed: int,
        max_length: int,
        replicas: int = 1,
    ):
        self._source = _ragged(source_ids)
        self._target = _ragged(target_ids)
        self._seed = seed
        self._replicas = replicas
        lengths = np.maximum(
            self._source.row_lengths().numpy(), self._target.row_lengths().numpy()
        )
        kept = np.flatnonzero(lengths <= max_length)
        self.too_long = len(lengths) - len(kept)
        if not len(kept):
            raise InputError(
                f"none of the {len(lengths)} training pairs has at most {max_length} "
                "tokens on both sides; choose a larger max_length",
                argument="max_length",
            )
        bounds = _bounds(lengths[kept].max())
        buckets = np.searchsorted(bounds, lengths[kept])
        sizes = _batch_sizes(
            np.bincount(buckets), bounds, tokens_per_batch // replicas, replicas
        )
        self.steps_per_epoch = len(sizes)
        if len(kept) < replicas:
            raise InputError(
                f"there are {len(kept)} training pairs for {replicas} replicas; choose "
                "fewer replicas",
                argument="replicas",
            )
        if not len(sizes):
            raise InputError(
                f"tokens_per_batch={tokens_per_batch} is more than the {len(kept)} "
                "training pairs fill; choose at most "
                f"{len(kept) // replicas * replicas * bounds[-1]}",
                argument="tokens_per_batch",
            )
        # As tensors they are no part of the graphs below.
        self._kept = tf.constant(kept)
        self._bucket_of = tf.constant(buckets)
        self._bounds = tf.constant(bounds)
        self._sizes = tf.constant(sizes)

    def batches(
        self,
        epoch: int = 0,
        step: int = 0,
        context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """Returns a replica's batches from a step of an epoch on.

        Args:
            epoch: Epoch to begin with, from 0.
            step: Steps of that epoch to leave out.
            context: The `tf.distribute.InputContext` of this worker. Worker w of n
                gets every n-th pair of a batch, from the w-th on; its replicas take
                turns.

        Raises:
            InputError: If the batches aren't made for that many replicas.
        """
        context = context or tf.distribute.InputContext()
        replicas = context.num_replicas_in_sync
        if self._replicas % replicas:
            raise InputError(
                f"the batches are made for {self._replicas} replicas, and {replicas} "
                "share them; give their number"
            )
        workers, worker = context.num_input_pipelines, context.input_pipeline_id
        turns = replicas // workers

        def one_epoch(this_epoch):
            order, firsts, sizes = self._plan(this_epoch)

            def one_batch(first, size):
                def shares(x):
                    # Those of this worker's replicas, one after the other.
                    shape = [[turns, size // replicas], tf.shape(x, tf.int64)[1:]]
                    return tf.reshape(x[worker::workers], tf.concat(shape, axis=0))

                batch = self._batch(order[first : first + size])
                batch = tf.nest.map_structure(shares, batch)
                return tf.data.Dataset.from_tensor_slices(batch)

            skipped = tf.where(this_epoch == epoch, tf.cast(step, tf.int64), 0)
            return (
                tf.data.Dataset.from_tensor_slices((firsts, sizes))
                .skip(skipped)
                .flat_map(one_batch)
            )

        options = tf.data.Options()
        options.deterministic = True
        return (
            tf.data.Dataset.counter(epoch)
            .flat_map(one_epoch)
            .prefetch(tf.data.AUTOTUNE)
            .with_options(options)
        )

    def _plan(self, epoch):
        """Returns the pairs of an epoch in order, and first and size of each batch."""
        pairs_seed, batches_seed = tf.unstack(
            tf.random.stateless_uniform(
                [2, 2], [self._seed, epoch], minval=None, maxval=None, dtype=tf.int64
            )
        )
        # Shuffled within each bucket: what one leaves over comes first in the next.
        shuffled = _shuffle(tf.range(len(self._kept)), pairs_seed)
        by_bucket = tf.argsort(tf.gather(self._bucket_of, shuffled), stable=True)
        order = tf.gather(self._kept, tf.gather(shuffled, by_bucket))
        turn = _shuffle(tf.range(self.steps_per_epoch), batches_seed)
        firsts = tf.cumsum(self._sizes, exclusive=True)
        return order, tf.gather(firsts, turn), tf.gather(self._sizes, turn)

    def _batch(self, pairs):
        """Returns the global batch of these pairs, padded."""
        source = tf.gather(self._source, pairs)
        target = tf.gather(self._target, pairs)
        begin = tf.fill([tf.shape(pairs)[0], 1], BEGIN)
        target_in = tf.concat([begin, target[:, :-1]], axis=1)
        lengths = target.row_lengths()
        width = self._width(lengths)
        weight = 1 / tf.reduce_mean(tf.cast(lengths, tf.float32))
        weights = tf.fill(tf.shape(lengths), weight)
        source = _padded(source, self._width(source.row_lengths()))
        return (source, _padded(target_in, width)), _padded(target, width), weights

    def _width(self, lengths):
        """Returns the length of the smallest bucket for sentences of these lengths."""
        longest = tf.reduce_max(lengths)
        return self._bounds[tf.searchsorted(self._bounds, [longest])[0]]


def padded_pairs(
    source_ids: Sequence[np.ndarray], target_ids: Sequence[np.ndarray], max_length: int
) -> tuple[tf.data.Dataset, int]:
    """Returns pairs to evaluate with, one by one and padded alike, and their number.

    Args:
        source_ids: Ids of each sentence with END last, int arrays.
        target_ids: The same of the translations.
        max_length: Pairs with more tokens on either side, END included, are left out.

    Returns:
        A data set of `((source, target_in), target_out, weight)` as a row of
        `SentencePairs` has them, with one weight for all; and the number of pairs.

    Raises:
        InputError: If no pair is short enough.
    """
    kept = [
        pair
        for pair in zip(source_ids, target_ids, strict=True)
        if max(map(len, pair)) <= max_length
    ]
    if not kept:
        raise InputError(
            f"none of the {len(source_ids)} held-out pairs has at most {max_length} "
            "tokens on both sides; choose a larger max_length",
            argument="max_length",
        )
    source, target = (_ragged(side) for side in zip(*kept, strict=True))
    target_in = tf.concat([tf.fill([len(kept), 1], BEGIN), target[:, :-1]], axis=1)
    weight = np.float32(len(kept) / len(target.flat_values))
    data = tf.data.Dataset.from_tensor_slices(
        (
            (source.to_tensor(PADDING), target_in.to_tensor(PADDING)),
            target.to_tensor(PADDING),
            np.full(len(kept), weight),
        )
    )
    return data, len(kept)


def _padded(ids, width):
    return ids.to_tensor(PADDING, shape=tf.stack([-1, width]))


def _ragged(ids) -> tf.RaggedTensor:
    if isinstance(ids, tf.RaggedTensor):
        return tf.cast(ids, tf.int32)
    flat = np.concatenate([np.zeros(0, np.int32), *ids]).astype(np.int32)
    return tf.RaggedTensor.from_row_lengths(flat, [len(row) for row in ids])


def _shuffle(values, seed):
    return tf.random.experimental.stateless_shuffle(values, seed)


def _bounds(longest: int) -> np.ndarray:
    """Returns the length up to which each bucket takes pairs, int64."""
    bounds = [_SHORTEST]
    while bounds[-1] < longest:
        bounds.append(bounds[-1] + max(bounds[-1] // _GROWTH, 1))
    return np.minimum(bounds, longest)


def _batch_sizes(counts, bounds, tokens, replicas) -> np.ndarray:
    """Returns the pairs of each batch, int64, from the shortest bucket to the longest.

    Args:
        counts: Number of pairs in each bucket.
        bounds: Lengths of the buckets.
        tokens: Tokens of a replica's share of a batch, at most.
        replicas: Number of shares.
    """
    sizes, left = [], 0
    # Python's own integers, that no number of tokens is too large for.
    for count, bound in zip(counts.tolist(), bounds.tolist(), strict=True):
        size = tokens // bound * replicas
        if not size:
            raise InputError(
                f"tokens_per_batch={tokens * replicas} is too little for a pair of "
                f"{bound} tokens on each of {replicas} replicas; choose "
                f"{bound * replicas} or more, or a smaller max_length",
                argument="tokens_per_batch",
            )
        batches, left = divmod(left + count, size)
        sizes += [size] * batches
    return np.array(sizes, np.int64)
