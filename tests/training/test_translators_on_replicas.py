"""Two replicas train a translator as one does, on the same global batches."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.text.pairs import SentencePairs
from kerasapps.models import RNNsearch, Seq2SeqLSTM, Transformer
from kerasapps.tokens import END
from kerasapps.training import distribution, fit_repair
from kerasapps.training.optimizers import make_optimizer
from kerasapps.training.sequence_losses import (
    Perplexity,
    SequenceCrossentropy,
    TokenAccuracy,
)
from tests.checks import two_replicas
from tests.evaluation.translator.test_beam_search import SMALL

VOCABULARY = 12


def train(factory, replicas):
    """Returns the history of two epochs."""
    strategy = two_replicas() if replicas > 1 else tf.distribute.get_strategy()
    random = np.random.default_rng(0)

    def sentences():
        # All in one bucket: 64 tokens are 8 pairs, and 32 are 4.
        return [
            np.array([*random.integers(4, VOCABULARY, length), END])
            for length in random.integers(2, 8, 41)
        ]

    data = SentencePairs(sentences(), sentences(), 64, 1, 100, replicas)
    assert data.steps_per_epoch == 5
    keras.utils.set_random_seed(0)
    no_dropout = {"dropout": 0.0} if factory is Transformer else {}
    with strategy.scope():
        model = factory(VOCABULARY, VOCABULARY, **SMALL[factory], **no_dropout)
        model.compile(
            make_optimizer("adam", 0.01, clip_global_norm=0.5),
            loss=SequenceCrossentropy(0.1),
            metrics=[TokenAccuracy(), Perplexity()],
            # As on two; XLA takes longer than the training.
            jit_compile=False,
        )
        model.optimizer.build(model.trainable_variables)
    if replicas > 1:
        fit_repair.repair(model)
    return model.fit(
        distribution.training_batches(strategy, data),
        steps_per_epoch=data.steps_per_epoch,
        epochs=2,
        shuffle=False,
        verbose=0,
    ).history


@pytest.mark.parametrize(
    "factory",
    [
        RNNsearch,
        *(pytest.param(m, marks=pytest.mark.slow) for m in (Seq2SeqLSTM, Transformer)),
    ],
)
def test_two_replicas_train_as_one(factory):
    one, two = (train(factory, replicas) for replicas in (1, 2))
    assert one["loss"][1] < one["loss"][0]
    for name, values in one.items():
        np.testing.assert_allclose(two[name], values, rtol=1e-3, err_msg=name)
