"""Networks that translate answer alike on JAX, where TensorFlow can't be imported."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasapps.models import RNNencdec, RNNsearch, Seq2SeqLSTM, Transformer
from tests.evaluation.translator.test_beam_search import SMALL
from tests.models.translators import SOURCE, TARGET, VOCABULARIES, moved

ROOT = Path(__file__).parents[2]
FACTORIES = (Seq2SeqLSTM, RNNencdec, RNNsearch, Transformer)
SCRIPT = """
import sys
sys.modules["tensorflow"] = None
import keras, numpy as np
import kerasapps.models
given = np.load("inputs.npz")
source, target = given["source"], given["target"]
for name in sys.argv[1:]:
    model = keras.saving.load_model(f"{name}.keras", compile=False)
    memory = model.encode(source)
    states = model.initial_states(memory, 7)
    step, _, _ = model.step(target[:, 0], 0, memory, states)
    np.savez(f"{name}.npz", logits=model([source, target]), step=step)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("translators")
    np.savez(folder / "inputs.npz", source=SOURCE, target=TARGET)
    expected = {}
    for factory in FACTORIES:
        separate = {"shared_embeddings": False} if factory is Transformer else {}
        model = moved(factory(**VOCABULARIES, **SMALL[factory], **separate))
        model.save(folder / f"{factory.__name__}.keras")
        expected[factory] = np.asarray(model([SOURCE, TARGET]))
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, *(f.__name__ for f in FACTORIES)],
        cwd=folder,
        env=os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return {f: (expected[f], np.load(folder / f"{f.__name__}.npz")) for f in FACTORIES}


@pytest.mark.parametrize("factory", FACTORIES, ids=lambda f: f.__name__)
def test_on_jax(answers, factory):
    expected, found = answers[factory]
    np.testing.assert_allclose(found["logits"], expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["step"], expected[:, 0], rtol=1e-4, atol=1e-4)
