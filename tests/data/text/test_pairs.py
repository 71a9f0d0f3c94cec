"""Batches of sentence pairs: what is in them, and that steps are addressed."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.text.pairs import SentencePairs, padded_pairs
from kerasapps.errors import InputError
from kerasapps.tokens import BEGIN, END, PADDING
from kerasapps.training.sequence_losses import SequenceCrossentropy

COUNT, TOKENS, MAX_LENGTH = 203, 100, 40


def corpus(count=COUNT, longest=45):
    """Pairs of which each token but END is the pair's number and a hundred."""
    random = np.random.default_rng(0)
    lengths = random.integers(1, longest + 1, [2, count])
    return [
        [np.array([100 + i] * (n - 1) + [END]) for i, n in enumerate(of_side)]
        for of_side in lengths
    ]


SOURCE, TARGET = corpus()
LENGTHS = np.array([max(map(len, p)) for p in zip(SOURCE, TARGET, strict=True)])


def pairs(replicas=1, seed=0, tokens=TOKENS, max_length=MAX_LENGTH):
    return SentencePairs(SOURCE, TARGET, tokens, seed, max_length, replicas)


def take(count, *args, data=None, **kwargs):
    batches = (data or pairs()).batches(*args, **kwargs)
    return list(batches.take(count).as_numpy_iterator())


def rows(batch):
    """Source, target input, target output and weight of each pair of a batch."""
    (source, target_in), target_out, weights = batch
    ids = [[tuple(row.tolist()) for row in x] for x in (source, target_in, target_out)]
    return list(zip(*ids, weights.tolist(), strict=True))


def stripped(row):
    return [token for token in row if token != PADDING]


def assert_same(ones, others):
    assert len(ones) == len(others)
    for one, other in zip(ones, others, strict=True):
        for a, b in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def epochs():
    """Three epochs, from the first step on."""
    return take(3 * pairs().steps_per_epoch)


def test_the_parts_of_a_batch(epochs):
    by_source = {tuple(s): t for s, t in zip(SOURCE, TARGET, strict=True)}
    for batch in epochs[: pairs().steps_per_epoch]:
        assert [x.dtype.name for x in tf.nest.flatten(batch)] == ["int32"] * 3 + [
            "float32"
        ]
        mean = (batch[1] != PADDING).sum() / len(batch[1])
        for source, target_in, target, weight in rows(batch):
            # A source of END alone belongs to several targets.
            if len(stripped(source)) > 1:
                expected = by_source[tuple(stripped(source))].tolist()
                assert stripped(target) == expected
            assert stripped(target_in) == [BEGIN, *stripped(target)[:-1]]
            assert stripped(target)[-1] == END
            assert list(target)[: len(stripped(target))] == stripped(target)
            assert weight == pytest.approx(1 / mean, rel=1e-6)


def test_tokens_of_a_batch_and_its_shape(epochs):
    # The buckets, by hand: 8 + max(1, 8 // 8) = 9 and so on; from 16 on by 2, from 24
    # by 3, from 33 by 4, and none beyond what is there.
    buckets = [*range(8, 17), 18, 20, 22, 24, 27, 30, 33, 37, 40]
    for batch in epochs:
        (source, target_in), target, _ = batch
        assert source.shape[1] in buckets
        assert target.shape[1] in buckets
        assert target_in.shape == target.shape
        assert max(source.size, target.size) <= TOKENS
        longest = max(
            (source != PADDING).sum(1).max(), (target != PADDING).sum(1).max()
        )
        (bucket,) = [b for b in buckets if b >= longest][:1]
        assert max(source.shape[1], target.shape[1]) == bucket
        # As many pairs as go into the tokens, but for those of a shorter bucket that
        # fill a batch of a longer one.
        assert len(source) <= TOKENS // bucket
    full = [len(b[1]) == TOKENS // max(b[0][0].shape[1], b[1].shape[1]) for b in epochs]
    assert np.mean(full) > 0.8


def test_an_epoch_holds_each_pair_once_but_for_a_few(epochs):
    steps = pairs().steps_per_epoch
    assert pairs().too_long == (LENGTHS > MAX_LENGTH).sum() > 0
    kept = np.flatnonzero(LENGTHS <= MAX_LENGTH)
    expected = [(tuple(SOURCE[i]), tuple(TARGET[i])) for i in kept]
    seen = []
    for epoch in range(3):
        of_epoch = [
            (tuple(stripped(s)), tuple(stripped(t)))
            for batch in epochs[steps * epoch : steps * (epoch + 1)]
            for s, _, t, _ in rows(batch)
        ]
        assert len(set(of_epoch)) == len(of_epoch)
        assert set(of_epoch) <= set(expected)
        # A batch of the last bucket has 100 // 40 pairs: at most one is left over.
        assert len(of_epoch) >= len(expected) - 1
        seen.append(of_epoch)
    assert seen[0] != seen[1] != seen[2]


def test_left_over_pairs_are_others_in_each_epoch():
    # Seven pairs of one length, in batches of four.
    sentences = [np.array([10 + i, END]) for i in range(7)]
    data = SentencePairs(sentences, sentences, 8, 0, 10)
    assert data.steps_per_epoch == 1
    seen = [{row[0][0] for row in rows(batch)} for batch in take(20, data=data)]
    assert {len(of_epoch) for of_epoch in seen} == {4}
    assert set.union(*seen) == set(range(10, 17))
    assert len(set(map(frozenset, seen))) > 5


def test_lengths_are_mixed_over_the_epoch(epochs):
    steps = pairs().steps_per_epoch
    widths = [batch[1].shape[1] for batch in epochs[:steps]]
    assert widths != sorted(widths)
    assert np.mean(widths[: steps // 2]) == pytest.approx(
        np.mean(widths[steps // 2 :]), rel=0.3
    )


def test_seeds_and_epochs_differ(epochs):
    steps = pairs().steps_per_epoch
    orders = [epochs[i : i + steps] for i in (0, steps, 2 * steps)]
    orders.append(take(steps, data=pairs(seed=1)))
    for one, other in itertools.combinations(orders, 2):
        assert [rows(batch) for batch in one] != [rows(batch) for batch in other]
    assert_same(take(steps, data=pairs()), epochs[:steps])


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (1, 0), (1, 5), (2, -1)])
def test_a_step_is_the_same_whatever_came_before(epochs, epoch, step):
    steps = pairs().steps_per_epoch
    step %= steps
    done = epoch * steps + step
    assert_same(take(3 * steps - done, epoch, step), epochs[done:])


def test_ragged_tensors_do_as_well(epochs):
    data = SentencePairs(
        tf.ragged.constant([s.tolist() for s in SOURCE], dtype=tf.int64),
        tf.ragged.constant([t.tolist() for t in TARGET], dtype=tf.int32),
        TOKENS,
        0,
        MAX_LENGTH,
    )
    assert_same(take(4, data=data), epochs[:4])


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_replicas_share_the_global_batch(workers):
    data = pairs(replicas=4, tokens=300)
    whole = take(6, 1, 2, data=data)
    shares = [
        take(
            6 * (4 // workers),
            1,
            2,
            data=data,
            context=tf.distribute.InputContext(workers, worker, 4),
        )
        for worker in range(workers)
    ]
    turns = 4 // workers
    for i, batch in enumerate(whole):
        parts = [
            share[t] for share in shares for t in range(i * turns, (i + 1) * turns)
        ]
        assert len(parts) == 4
        assert {len(part[1]) for part in parts} == {len(batch[1]) // 4}
        together = [row for part in parts for row in rows(part)]
        assert sorted(together) == sorted(rows(batch))


def test_the_loss_that_fit_tells_is_the_mean_over_the_tokens(epochs):
    source, target = keras.Input([None], dtype="int32"), keras.Input([None])
    embedded = keras.layers.Embedding(400, 4)(target)
    context = keras.layers.Embedding(400, 4)(source)
    context = keras.ops.mean(context, axis=1, keepdims=True)
    outputs = keras.layers.Dense(400)(embedded + context)
    model = keras.Model([source, target], outputs)
    model.compile(keras.optimizers.SGD(0.0), SequenceCrossentropy(), jit_compile=False)
    loss = model.fit(pairs().batches(), steps_per_epoch=1, verbose=0).history["loss"]
    inputs, wanted, _ = epochs[0]
    logits = model(inputs).numpy().astype(float)
    logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
    each = -np.take_along_axis(logits, wanted[..., None], axis=-1)[..., 0]
    assert loss[0] == pytest.approx(each[wanted != PADDING].mean(), rel=1e-5)


def test_pairs_to_evaluate_with_come_in_their_order():
    data, count = padded_pairs(SOURCE, TARGET, MAX_LENGTH)
    kept = np.flatnonzero(LENGTHS <= MAX_LENGTH)
    assert count == len(kept) < COUNT
    weight = count / sum(len(TARGET[i]) for i in kept)
    found = list(data.as_numpy_iterator())
    assert len(found) == count
    for i, ((source, target_in), target, found_weight) in zip(kept, found, strict=True):
        assert stripped(source) == SOURCE[i].tolist()
        assert stripped(target_in) == [BEGIN, *TARGET[i][:-1]]
        assert stripped(target) == TARGET[i].tolist()
        assert found_weight == pytest.approx(weight)
        assert {x.dtype for x in (source, target_in, target)} == {np.dtype("int32")}
    with pytest.raises(InputError, match="none of the 203 held-out pairs"):
        padded_pairs(SOURCE, [np.full(2, END)] * COUNT, 1)


def test_what_does_not_fit():
    with pytest.raises(InputError, match=r"none of the 203 .* at most 1 tokens"):
        SentencePairs(SOURCE, [np.full(2, END)] * COUNT, TOKENS, 0, 1)
    with pytest.raises(InputError, match=r"=30 is too little .* 33 tokens .* 33 or"):
        pairs(tokens=30)
    with pytest.raises(InputError, match=r"10 tokens on each of 8 .* choose 80 or"):
        pairs(tokens=79, replicas=8)
    with pytest.raises(
        InputError, match=r"=3000 is more than the 2 .* at most"
    ) as error:
        SentencePairs(SOURCE[:2], TARGET[:2], 3000, 0, 100)
    with pytest.raises(InputError, match="2 training pairs for 3 replicas"):
        SentencePairs(SOURCE[:2], TARGET[:2], 300, 0, 100, replicas=3)
    most = int(str(error.value).split()[-1])
    assert SentencePairs(SOURCE[:2], TARGET[:2], most, 0, 100).steps_per_epoch == 1
    context = tf.distribute.InputContext(1, 0, 3)
    with pytest.raises(InputError, match="made for 4 replicas, and 3 share them"):
        pairs(replicas=4, tokens=300).batches(context=context)
