import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data import pipeline
from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.errors import InputError

SIZE, BATCH = 27, 6  # Four steps; three examples are left over.


def records(size):
    """Examples 0 to size - 1, which are read one after the other."""
    return tf.data.Dataset.range(size).filter(lambda number: True)


def training_data(size=SIZE, batch_size=BATCH, seed=0, examples=tf.data.Dataset.range):
    """Examples 0 to size - 1, each with the seed that it was transformed by."""
    return ShuffledExamples(
        examples(size),
        size,
        batch_size,
        lambda x, seed: (x, seed),
        seed,
    )


def take(count, *args, data=None, **kwargs):
    """The first batches: examples [count, batch], seeds [count, batch, 2]."""
    batches = (data or training_data()).batches(*args, **kwargs)
    examples, seeds = zip(*batches.take(count).as_numpy_iterator(), strict=True)
    return np.stack(examples), np.stack(seeds)


@pytest.fixture(scope="module")
def epochs():
    """Three epochs, from the first step on."""
    return take(12)


def test_an_epoch_holds_each_example_once_but_for_the_left_over(epochs):
    assert training_data().steps_per_epoch == 4
    examples, _ = epochs
    assert examples.shape == (12, BATCH)
    for epoch in range(3):
        of_epoch = examples[4 * epoch : 4 * epoch + 4].ravel()
        assert len(set(of_epoch)) == 24
        assert set(of_epoch) < set(range(SIZE))


def test_epochs_and_seeds_differ_in_order(epochs):
    orders = [epochs[0][i : i + 4] for i in (0, 4, 8)]
    orders.append(take(4, data=training_data(seed=1))[0])
    orders.append(np.arange(24).reshape(4, BATCH))
    for one, other in itertools.combinations(orders, 2):
        assert not np.array_equal(one, other)


@pytest.mark.parametrize(("epoch", "step"), [(0, 0), (0, 1), (0, 3), (1, 2), (2, 0)])
def test_a_step_is_the_same_whatever_came_before(epochs, epoch, step):
    done = 4 * epoch + step
    for whole, resumed in zip(epochs, take(12 - done, epoch, step), strict=True):
        np.testing.assert_array_equal(whole[done:], resumed)


def test_a_batch_is_the_same_in_every_iteration():
    data = training_data()
    batches = data.batches()
    for one, other in zip(
        next(batches.as_numpy_iterator()),
        next(batches.as_numpy_iterator()),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("global_seed", [0, 7])
def test_the_programs_own_seed_does_not_matter(epochs, global_seed):
    tf.random.set_seed(global_seed)
    for one, other in zip(epochs, take(12), strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_example_of_every_epoch_has_a_seed_of_its_own(epochs):
    _, seeds = epochs
    assert seeds.dtype == np.int64
    assert len(np.unique(seeds.reshape(-1, 2), axis=0)) == 12 * BATCH


def test_the_seeds_draw_other_numbers_in_each_epoch(epochs):
    # Not only pairs that differ: what an augmentation draws from them does.
    _, seeds = epochs
    drawn = {float(tf.random.stateless_uniform([], s)) for s in seeds.reshape(-1, 2)}
    assert len(drawn) == 12 * BATCH


def test_seeds_of_the_transformation_follow_the_runs_seed(epochs):
    _, seeds = take(12, data=training_data(seed=1))
    assert not set(map(tuple, seeds.reshape(-1, 2))) & set(
        map(tuple, epochs[1].reshape(-1, 2))
    )


@pytest.mark.parametrize(("workers", "replicas"), [(2, 2), (2, 6), (3, 3)])
@pytest.mark.parametrize(("epoch", "step"), [(0, 0), (1, 3)])
def test_workers_share_the_global_batches(epochs, workers, replicas, epoch, step):
    done = 4 * epoch + step
    turns = replicas // workers  # Replicas of a worker take a batch each.
    shares = [
        take(
            3 * turns,
            epoch,
            step,
            tf.distribute.InputContext(workers, worker, replicas),
        )
        for worker in range(workers)
    ]
    for i in range(3):
        parts = [
            np.concatenate(
                [
                    np.c_[examples[t], seeds[t]]
                    for t in range(i * turns, (i + 1) * turns)
                ]
            )
            for examples, seeds in shares
        ]
        assert {len(part) for part in parts} == {BATCH // workers}
        together = sorted(map(tuple, np.concatenate(parts)))
        whole = np.c_[epochs[0][done + i], epochs[1][done + i]]
        assert together == sorted(map(tuple, whole))


SOURCES = pytest.mark.parametrize("source", [tf.data.Dataset.range, records])


@SOURCES
def test_a_set_larger_than_the_buffer(source, monkeypatch):
    monkeypatch.setattr(pipeline, "SHUFFLE_BUFFER", 5)
    data = training_data(size=24, examples=source)
    examples, _ = take(8, data=data)
    for epoch in (examples[:4], examples[4:]):
        assert sorted(epoch.ravel()) == list(range(24))
    assert not np.array_equal(examples[:4], examples[4:])
    np.testing.assert_array_equal(take(2, 1, 2, data=data)[0], examples[6:])


@SOURCES
def test_each_example_can_be_left_over(source, monkeypatch):
    monkeypatch.setattr(pipeline, "SHUFFLE_BUFFER", 5)
    data = training_data(examples=source)
    epochs = take(4 * 60, data=data)[0].reshape(60, 24)
    left_over = [set(range(SIZE)) - set(epoch) for epoch in epochs]
    assert {len(numbers) for numbers in left_over} == {3}
    assert set().union(*left_over) == set(range(SIZE))


def test_what_is_addressable_is_permuted_whole_however_large(monkeypatch):
    monkeypatch.setattr(pipeline, "SHUFFLE_BUFFER", 200)
    size = 4000
    data = training_data(size, 100)
    epochs = take(80, data=data)[0].reshape(2, size)
    for epoch in epochs:
        assert sorted(epoch) == list(range(size))
    # Of a random order its deviation is 0.016; of that buffer it would be 0.99.
    correlations = np.corrcoef([range(size), *epochs])
    assert np.abs(correlations[np.triu_indices(3, 1)]).max() < 0.06


@pytest.mark.parametrize(
    ("examples", "parts"),
    [
        ((["a", "b"], [0, 1]), lambda example: example),
        ((["a", "b"],), lambda example: (*example, tf.strings.length(example[0]))),
        (["a", "b"], lambda example: (example, tf.strings.length(example))),
        (
            {"name": ["a", "b"], "of": {"label": [0, 1]}},
            lambda example: (example["name"], example["of"]["label"]),
        ),
    ],
)
@pytest.mark.parametrize("cache_bytes", [0, 1000])
def test_an_example_is_any_structure(examples, parts, cache_bytes, monkeypatch):
    monkeypatch.setattr(pipeline, "CACHE_BYTES", cache_bytes)

    def prepare(example):
        name, number = parts(example)
        return {"upper": tf.strings.upper(name)}, number

    def transform(example, seed):
        named, number = example
        return named | {"number": number, "seed": seed}

    dataset = tf.data.Dataset.from_tensor_slices(examples)
    data = ShuffledExamples(dataset, 2, 2, transform, seed=0, prepare=prepare)
    batch = next(data.batches().as_numpy_iterator())
    assert batch["seed"].shape == (2, 2)
    pairs = sorted(zip(batch["upper"], batch["number"], strict=True))
    assert pairs in ([(b"A", 0), (b"B", 1)], [(b"A", 1), (b"B", 1)])


def test_fewer_examples_than_a_batch():
    with pytest.raises(
        InputError, match=r"^batch_size=6 is more than the 5 .* at most 5"
    ) as caught:
        training_data(size=5)
    assert caught.value.argument == "batch_size"
    assert training_data(size=6).steps_per_epoch == 1


def test_a_batch_that_does_not_divide_by_the_replicas():
    with pytest.raises(
        InputError, match=r"^batch_size=6 .* by the 4 replicas"
    ) as caught:
        training_data().batches(context=tf.distribute.InputContext(1, 0, 4))
    assert caught.value.argument == "batch_size"


@pytest.mark.parametrize("fits", [True, False])
def test_what_is_the_same_in_each_epoch_is_done_once_if_it_fits(fits, monkeypatch):
    monkeypatch.setattr(pipeline, "CACHE_BYTES", 80 if fits else 79)
    called = []

    def tenfold(x):
        called.append(x)
        return 10 * x

    def prepare(x):
        return tf.ensure_shape(tf.numpy_function(tenfold, [x], tf.int64), [])

    examples = tf.data.Dataset.range(10)
    data = ShuffledExamples(examples, 10, 5, lambda x, seed: x, seed=1, prepare=prepare)
    epochs = np.stack(list(data.batches().take(6).as_numpy_iterator())).reshape(3, 10)
    np.testing.assert_array_equal(np.sort(epochs), [range(0, 100, 10)] * 3)
    assert len(np.unique(epochs, axis=0)) == 3
    assert len(called) == 10 if fits else len(called) >= 30
