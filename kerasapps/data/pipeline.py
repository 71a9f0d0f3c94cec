"""Training data addressed by epoch and step.

What a step sees depends on the seed, the epoch and the step alone, never on how
the iterator got there. So a run that is resumed in mid-epoch sees what it would
have seen, and workers agree on a global batch without talking to each other.
"""

from collections.abc import Callable
from typing import Any, Protocol

import tensorflow as tf

from kerasapps.data.addressing import is_addressable
from kerasapps.errors import InputError

# What is kept in memory, and what is addressed by its position, is shuffled whole. Of
# the rest, records that can only be read one after the other, so many at a time are
# shuffled, not decoded yet: their loader is to mix what lies farther apart.
SHUFFLE_BUFFER = 16_384

# Decoded examples are kept in memory up to this many bytes, and made anew in each epoch
# beyond.
CACHE_BYTES = 2**30


def cache_if_small(dataset: tf.data.Dataset, size: int) -> tf.data.Dataset:
    """Returns `dataset`, kept in memory after the first pass if it is small enough.

    Args:
        dataset: Single examples.
        size: Their number.
    """
    specs = tf.nest.flatten(dataset.element_spec)
    if not all(spec.shape.is_fully_defined() for spec in specs):
        return dataset
    example_bytes = sum(spec.shape.num_elements() * spec.dtype.size for spec in specs)
    return dataset.cache() if size * example_bytes <= CACHE_BYTES else dataset


class TrainingData(Protocol):
    """What a training takes its batches from.

    Attributes:
        steps_per_epoch: Batches of an epoch.
    """

    steps_per_epoch: int

    def batches(
        self,
        epoch: int = 0,
        step: int = 0,
        context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """Returns a replica's batches from a step of an epoch on, without end.

        They don't end with an epoch: pass `steps_per_epoch` to `fit`. Where `fit` has
        to find the end by itself, a step without data still counts in the metrics and
        in the optimizer's iterations.

        Args:
            epoch: Epoch to begin with, from 0.
            step: Steps of that epoch to leave out.
            context: This worker's place among all; None for one worker with one
                replica.

        Raises:
            InputError: If a batch can't be shared by the replicas.
        """
        ...


class ShuffledExamples:
    """Shuffled, augmented and batched examples: `TrainingData` of any data set.

    An example is whatever structure the data set has: a dict, a tuple or one tensor.

    The order of an epoch is a permutation of all examples, drawn anew in each, where
    they are kept in memory or where the data set is addressable, see
    `addressing.is_addressable`. Else a buffer of `SHUFFLE_BUFFER` examples passes over
    them. Each example can be among those that are left over.

    Args:
        examples: Data set of single examples in a fixed order.
        size: Number of examples.
        batch_size: Examples in a batch, over all replicas of all workers. The
            examples that are left over at the end of an epoch are dropped: an uneven
            split over replicas would weigh its examples more.
        transform: Called in the graph with the (prepared) example and with a seed of
            its own, int64 [2], that depends on `seed`, the epoch and the example.
            Returns what the model takes.
        seed: Seeds the order and the transformation.
        prepare: Called in the graph with an example; returns another, the same in each
            epoch, as by decoding. Done only once where the results fit in memory.

    Attributes:
        steps_per_epoch: Batches of an epoch.

    Raises:
        InputError: If there is less than one batch.
    """

    def __init__(
        self,
        examples: tf.data.Dataset,
        size: int,
        batch_size: int,
        transform: Callable[[Any, tf.Tensor], Any],
        seed: int,
        prepare: Callable[[Any], Any] | None = None,
    ):
        if size < batch_size:
            raise InputError(
                f"batch_size={batch_size} is more than the {size} training "
                f"examples; choose at most {size}",
                argument="batch_size",
            )
        self.steps_per_epoch = size // batch_size
        self._examples = examples
        self._batch_size = batch_size
        self._transform = transform
        self._size = size
        self._buffer = min(size, SHUFFLE_BUFFER)
        cached = None
        if prepare:
            # Numbered, for `map` would take a tuple apart.
            prepared = examples.enumerate().map(
                lambda _, example: prepare(example),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
            cached = cache_if_small(prepared, size)
            if cached is not prepared:
                self._examples = cached
                self._buffer = size
            else:
                cached = None
                self._transform = lambda example, seed: transform(
                    prepare(example), seed
                )
        self._is_addressable = cached is None and is_addressable(examples)
        self._seed = seed

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
            context: Worker w of n gets every n-th example, from the w-th on; its
                replicas take turns. None for one worker with one replica.

        Raises:
            InputError: If the batch doesn't divide by the number of replicas.
        """
        context = context or tf.distribute.InputContext()
        replicas = context.num_replicas_in_sync
        share = replica_batch_size(self._batch_size, replicas)

        def one_epoch(this_epoch):
            skipped = tf.where(this_epoch == epoch, step, 0) * self._batch_size
            epoch_seed = _draw(self._seed + 1, this_epoch)
            order = self._permuted if self._is_addressable else self._buffered
            return order(
                this_epoch,
                lambda examples: examples.skip(tf.cast(skipped, tf.int64)).shard(
                    context.num_input_pipelines, context.input_pipeline_id
                ),
            ).map(lambda index, example: (tf.stack([epoch_seed, index]), example))

        options = tf.data.Options()
        options.deterministic = True
        return (
            tf.data.Dataset.counter(epoch)
            .flat_map(one_epoch)
            .map(
                lambda seed, example: self._transform(example, seed),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
            .batch(share, drop_remainder=True)
            .prefetch(tf.data.AUTOTUNE)
            .with_options(options)
        )

    def _permuted(self, epoch, part):
        """Returns the part of an epoch that a worker sees, with the indices."""
        order = _permutation(self._size, self._seed, epoch)
        taken = order[: self.steps_per_epoch * self._batch_size]
        # Numbers alone are shuffled and skipped. The examples are then picked out.
        return part(tf.data.Dataset.from_tensor_slices(taken)).map(
            lambda index: (index, tf.data.experimental.at(self._examples, index))
        )

    def _buffered(self, epoch, part):
        """Returns the same of examples that are read one after the other."""
        # Of this function's graph alone: the order must not depend on the program's
        # seed, and a shuffle seed that is a tensor fails where that is 0.
        tf.random.set_seed(1)
        taken = self.steps_per_epoch * self._batch_size
        numbered = self._examples.enumerate()
        if self._buffer < self._size:
            # What is left in the buffer would be from the end alone.
            left_over = _permutation(self._size, self._seed, epoch)[taken:]
            numbered = numbered.filter(
                lambda index, _: tf.reduce_all(index != left_over)
            )
        shuffled = numbered.shuffle(
            self._buffer,
            seed=_draw(self._seed, epoch),
            reshuffle_each_iteration=False,
        )
        return part(shuffled.take(taken))


def replica_batch_size(batch_size: int, replicas: int) -> int:
    """Returns the examples of a batch that each replica gets.

    Args:
        batch_size: Examples in a batch, over all replicas.
        replicas: Number of replicas.

    Raises:
        InputError: If the batch doesn't divide by the number of replicas.
    """
    if batch_size % replicas:
        raise InputError(
            f"batch_size={batch_size} does not divide by the {replicas} replicas "
            f"that share it; choose a multiple of {replicas}",
            argument="batch_size",
        )
    return batch_size // replicas


def _draw(seed, epoch):
    return tf.random.stateless_uniform(
        [], [seed, epoch], minval=None, maxval=None, dtype=tf.int64
    )


def _permutation(size, seed, epoch):
    seeds = tf.stack([tf.cast(seed, tf.int64), tf.cast(epoch, tf.int64)])
    return tf.random.experimental.stateless_shuffle(
        tf.range(size, dtype=tf.int64), seeds
    )
