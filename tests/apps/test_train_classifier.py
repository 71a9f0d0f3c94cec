"""The main job as a user runs it: also killed, and started again."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.models import LeNet5
from kerasapps.weights import keras_file
from tests.apps.in_process import run_well
from tests.apps.processes import arrays, kill_at, run_directory, start

FLAGS = (
    "--epochs=2 --batch_size=48 --checkpoint_every=5 --deterministic --ema=0.9 "
    "--augment=pad_and_crop:2"
)


def trained(directory):
    """Returns all arrays of the last checkpoint, byte for byte."""
    folder = run_directory(directory) / "checkpoints" / "worker-0"
    return arrays(max(folder.glob("*.npz")))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run; and one that was killed in mid-epoch, and again while it exported."""
    whole, killed = (tmp_path_factory.mktemp(name) for name in ("whole", "killed"))
    for pattern in (
        "runs/*/*/checkpoints/*/checkpoint-0000000010.npz",
        "saved_models/*/.unfinished-*",
    ):
        process = start("train_classifier", killed, FLAGS)
        kill_at(process, killed, pattern)
    run_well("train_classifier", FLAGS, killed)
    return whole, run_well("train_classifier", FLAGS, whole), killed


@pytest.fixture(scope="module")
def whole(runs):
    return runs[0], runs[1]


@pytest.fixture(scope="module")
def killed(runs):
    return runs[2]


def test_a_killed_run_ends_as_if_it_had_not_been(whole, killed):
    assert trained(whole[0]) == trained(killed)
    metrics = [
        json.loads((run_directory(directory) / "metrics.json").read_text())
        for directory in (whole[0], killed)
    ]
    assert metrics[0] == metrics[1]


def test_an_export_that_was_killed_leaves_nothing(killed):
    folder = killed / "saved_models" / "lenet"
    assert [path.name for path in folder.iterdir()] == ["1"]


def test_the_export_answers_as_the_trained_model(whole):
    directory, _ = whole
    folder = run_directory(directory)
    metrics = json.loads((folder / "metrics.json").read_text())
    model = LeNet5()
    keras_file.load_weights(model, folder / "model.keras")
    preprocess = Preprocessing.from_config(metrics["preprocessing"])
    encoded = (folder / "example.png").read_bytes()
    pixels = tf.io.decode_image(encoded)[tf.newaxis]
    logits = model(preprocess(pixels))
    exported = tf.saved_model.load(str(directory / metrics["export"])).signatures
    for answer in (
        exported["serving_default"](image_bytes=tf.constant([encoded])),
        exported["pixels"](pixels=pixels),
    ):
        np.testing.assert_allclose(answer["logits"], logits, rtol=1e-5, atol=1e-5)
        names = [name.decode() for name in answer["class_names"].numpy()[0]]
        assert names == list(metrics["class_accuracy"])


def test_a_finished_run_is_not_trained_again(whole):
    directory, _ = whole
    before = trained(directory)
    output = run_well("train_classifier", FLAGS, directory)
    assert "nothing left to train" in output
    assert trained(directory) == before
    assert [p.name for p in (directory / "saved_models/lenet").iterdir()] == ["1"]


def test_what_a_run_leaves(whole):
    folder = run_directory(whole[0])
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "learning_curves.png",
        "confusion_matrix.png",
        "first_layer_kernels.png",
        "predictions.png",
    }
    for part, tags in (
        ("train", {"epoch_loss", "epoch_accuracy", "epoch_learning_rate"}),
        ("validation", {"epoch_loss", "epoch_accuracy"}),
    ):
        events = EventAccumulator(str(folder / "tensorboard" / part))
        events.Reload()
        assert tags <= set(events.Tags()["tensors"])
        assert [event.step for event in events.Tensors("epoch_loss")] == [0, 1]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["train_examples"] == 1437
    assert metrics["validation_examples"] == 360
    assert len(metrics["history"]["loss"]) == 2
    assert 0.5 < metrics["accuracy"] <= metrics["top_5_accuracy"] <= 1


def test_it_says_where_everything_is_and_what_to_try_next(whole):
    directory, output = whole
    _, _, summary = output.partition("classified right")
    paths = [word.split("=")[-1] for word in summary.split() if "/" in word]
    for path in paths:
        assert (directory / path).exists(), path
    assert any(path.endswith("figures/") for path in paths)
    assert "saved_models/lenet/1" in paths
    assert "python -m apps.predict --model=saved_models/lenet/1" in summary


def test_the_flagfile_runs_it_again(whole, tmp_path):
    (flagfile,) = run_directory(whole[0]).glob("*.flags")
    flags = f"--flagfile={flagfile} --run_dir=again"
    output = run_well("train_classifier", flags, tmp_path)
    assert "SavedModel" in output
    folder = tmp_path / "again" / "checkpoints" / "worker-0"
    assert arrays(max(folder.glob("*.npz"))) == trained(whole[0])


def test_options_of_training(tmp_path):
    output = run_well(
        "train_classifier",
        "--model=lenet1989 --model_options=name=small --epochs=1 --num_devices=2 "
        "--dtype_policy=mixed_bfloat16 --clip_norm=1 --optimizer=adamw "
        "--weight_decay=0.01 --schedule=step --warmup_epochs=0.5 --export_dir=",
        tmp_path,
    )
    assert "on 2 device(s)" in output
    assert not (tmp_path / "saved_models").exists()


def test_options_of_compilation(tmp_path):
    keras_file.save(LeNet5(output="softmax"), tmp_path / "start.keras")
    run_well(
        "train_classifier",
        "--model_options=output=softmax --epochs=1 --jit_compile "
        "--dtype_policy=mixed_float16 --label_smoothing=0.1 --optimizer=rmsprop "
        "--learning_rate=0.001 --schedule=plateau --weights=start.keras",
        tmp_path,
    )
    assert (tmp_path / "saved_models" / "lenet" / "1").is_dir()


def test_a_scaled_network_and_one_that_starts_from_it(tmp_path):
    scaled = "--model=resnet20 --scale=0.3,0.5,0.5 --epochs=1"
    run_well("train_classifier", f"{scaled} --run_dir=one --export_dir=", tmp_path)
    before = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert before["preprocessing"]["image_shape"] == [16, 16, 3]
    # Blocks 1, 1, 1 and widths 8, 16, 32; the head has 10 classes.
    by_hand = sum(
        count * (9 * a * b + 2 * b)
        for a, b, count in [
            *[(3, 8, 1), (8, 8, 2), (8, 16, 1), (16, 16, 1), (16, 32, 1), (32, 32, 1)]
        ]
    )
    assert before["parameters"] == by_hand + 32 * 10 + 10
    output = run_well(
        "train_classifier",
        f"{scaled} --run_dir=other --pretrained=one/model.keras --num_classes=11 "
        "--shorter_side=18 --export_dtype=bfloat16 --optimizer=sgd --nesterov "
        "--learning_rate=0.001 --warmup_epochs=0.2 --warmup_rate=0.0001",
        tmp_path,
    )
    assert "fresh: fc" in output
    after = json.loads((tmp_path / "other" / "metrics.json").read_text())
    assert after["preprocessing"]["mean"] == before["preprocessing"]["mean"]
    assert after["preprocessing"]["shorter_side"] == 18
    variables = tmp_path / "saved_models/resnet20/1/variables/variables"
    dtypes = tf.train.load_checkpoint(str(variables)).get_variable_to_dtype_map()
    assert tf.bfloat16 in dtypes.values()


def accuracy(directory):
    return json.loads((run_directory(directory) / "metrics.json").read_text())[
        "accuracy"
    ]


def test_the_first_command_learns_to_read(tmp_path):
    run_well("train_classifier", "", tmp_path)
    assert accuracy(tmp_path) >= 0.97
    assert (tmp_path / "saved_models" / "lenet" / "1").is_dir()
    # Started anew with another seed, it is another run and another version.
    folder = run_directory(tmp_path)
    again = f"--noresume --seed=1 --epochs=1 --run_dir={folder}"
    output = run_well("train_classifier", again, tmp_path)
    assert "nothing left" not in output
    assert "saved_models/lenet/2" in output
    events = EventAccumulator(str(folder / "tensorboard" / "train"))
    events.Reload()
    assert [event.step for event in events.Tensors("epoch_loss")] == [0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_it_learns_from_any_seed(seed, tmp_path):
    run_well("train_classifier", f"--seed={seed} --export_dir=", tmp_path)
    assert accuracy(tmp_path) >= 0.97
