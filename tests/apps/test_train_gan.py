"""The GANs' app as a user runs it: processes, killed and started again too."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.weights import keras_file
from tests.apps.conftest import GAN_RUNS
from tests.apps.in_process import run_all
from tests.apps.processes import arrays, finish, kill_at, run_directory, start

ROOT = Path(__file__).parents[2]
DCGAN = (
    "--epochs=2 --batch_size=96 --checkpoint_every=5 --deterministic --gif "
    "--samples=16 --ema=0.9"
)
DCGAN_STEPS = 1437 // 96
STYLEGAN = (
    "--model=stylegan --image_size=16 --model_options=latent_size=8 "
    "--model_options=fmap_base=32 --model_options=fmap_max=8 --penalty=r1 --ema=0.9 "
    "--epochs=1 --batch_size=96 --checkpoint_every=3 --deterministic --samples=16"
)


def outcome(folder):
    """Returns all that must be the same of two runs."""
    checkpoints = sorted((folder / "checkpoints").rglob("*.npz"))
    # Of each stage the last one.
    last = {path.parent.name: path for path in checkpoints}
    networks = [
        keras_file.load(folder / f"{name}.keras").get_weights()
        for name in ("model", "discriminator")
    ]
    return {
        "checkpoints": {name: arrays(path) for name, path in last.items()},
        "networks": [[w.tobytes() for w in weights] for weights in networks],
        "metrics": metrics_of(folder),
        "samples": {p.name: arrays(p) for p in sorted(folder.glob("samples/*.npz"))},
    }


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """DCGAN and StyleGAN undisturbed and killed; the first on two devices too."""
    places = {
        name: tmp_path_factory.mktemp(name)
        for name in ("dcgan", "dcgan_killed", "stylegan", "stylegan_killed", "two")
    }
    outputs = {}
    whole = start("train_gan", places["dcgan"], DCGAN)
    killed = start("train_gan", places["dcgan_killed"], DCGAN)
    pattern = f"runs/*/*/checkpoints/*/checkpoint-{DCGAN_STEPS + 6:010}.npz"
    kill_at(killed, places["dcgan_killed"], pattern)
    again = start("train_gan", places["dcgan_killed"], DCGAN)
    outputs["dcgan"], outputs["dcgan_killed"] = finish(whole), finish(again)
    whole = start("train_gan", places["stylegan"], STYLEGAN)
    killed = start("train_gan", places["stylegan_killed"], STYLEGAN)
    pattern = "runs/*/*/checkpoints/*/16x16/checkpoint-0000000006.npz"
    kill_at(killed, places["stylegan_killed"], pattern)
    two = start("train_gan", places["two"], f"{DCGAN} --num_devices=2 --export_dir=")
    outputs["stylegan"] = finish(whole)
    again = start("train_gan", places["stylegan_killed"], STYLEGAN)
    outputs["two"], outputs["stylegan_killed"] = finish(two), finish(again)
    return places, outputs


@pytest.mark.parametrize("name", ["dcgan", "stylegan"])
def test_a_killed_run_ends_as_if_it_had_not_been(runs, name):
    places, outputs = runs
    whole, killed = places[name], places[f"{name}_killed"]
    assert "Resuming" in outputs[f"{name}_killed"]
    one, other = outcome(run_directory(whole)), outcome(run_directory(killed))
    for part, value in one.items():
        assert other[part] == value, part
    versions = [p.name for p in (killed / "saved_models" / name).iterdir()]
    assert versions == ["1"]


def test_a_killed_run_goes_on_in_its_stage(runs):
    output = runs[1]["stylegan_killed"]
    assert "Stage 8x8 of " in output
    assert "at epoch 1, step 7" in output


def test_two_devices_learn_the_same(runs):
    places, outputs = runs
    assert "on 2 device(s)" in outputs["two"]
    one, two = (
        metrics_of(run_directory(places[name]))["history"] for name in ("dcgan", "two")
    )
    for name in ("generator_loss", "discriminator_loss"):
        np.testing.assert_allclose(two[name], one[name], rtol=0.02)
    assert not (places["two"] / "saved_models").exists()


def test_what_a_run_leaves(runs):
    folder = run_directory(runs[0]["dcgan"])
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "learning_curves.png",
        "samples.png",
        "samples_over_training.png",
        "samples.gif",
    }
    with Image.open(folder / "figures" / "samples.gif") as animation:
        assert animation.n_frames == 3
    names = [path.name for path in sorted((folder / "samples").iterdir())]
    assert names == ["00000.npz", "00001.npz", "00002.npz"]
    metrics = metrics_of(folder)
    history = metrics["history"]
    shares = {"real_right", "generated_right"}
    assert set(history) == shares | {
        "generator_loss",
        "discriminator_loss",
        "learning_rate",
    }
    assert {len(values) for values in history.values()} == {2}
    for name in shares:
        assert all(0 <= share <= 1 for share in history[name])
    for part, tags in (("train", "epoch_generator_loss"), ("samples", "samples")):
        events = EventAccumulator(str(folder / "tensorboard" / part))
        events.Reload()
        found = events.Tags()
        assert tags in [*found["tensors"], *found["images"]]
    assert metrics["model"] == "dcgan"
    assert metrics["dataset"] == "digits"


def test_a_grown_run_leaves_all_stages(runs):
    folder = run_directory(runs[0]["stylegan"])
    stages = {path.name for path in folder.glob("checkpoints/worker-0/*")}
    assert stages == {"8x8", "16x16"}
    sizes = []
    for path in sorted((folder / "samples").iterdir()):
        with np.load(path) as file:
            sizes.append(file["samples"].shape[1:3])
    assert sizes == [(8, 8), (8, 8), (16, 16)]
    history = metrics_of(folder)["history"]
    assert {len(values) for values in history.values()} == {2}
    assert "penalty" in history
    assert not keras_file.load(folder / "model.keras").synthesis.fading


@pytest.mark.parametrize("name", ["dcgan", "stylegan"])
def test_model_samples_and_export_are_one(runs, name):
    directory = runs[0][name]
    folder = run_directory(directory)
    model = keras_file.load(folder / "model.keras")
    z = draw(model, 16)
    pixels = np.clip(generate(model, z) * 127.5 + 127.5, 0, 255)
    with np.load(max((folder / "samples").iterdir())) as last:
        assert np.abs(last["samples"] - pixels).max() < 0.55
    place = directory / metrics_of(folder)["export"]
    exported = tf.saved_model.load(str(place)).signatures["serving_default"]
    answer = exported(z=tf.constant(z))
    answered = answer["pixels"].numpy()
    # Of a StyleGAN the noise is another one.
    difference = np.abs(answered - pixels)
    assert difference.max() < 0.55 if name == "dcgan" else difference.mean() < 15
    assert pixels.std(axis=0).mean() > 1
    decoded = Image.open(io.BytesIO(answer["png_bytes"][0].numpy()))
    np.testing.assert_array_equal(np.array(decoded), answered[0, ..., 0])


def test_it_says_where_everything_is_and_what_to_try_next(runs):
    directory, output = runs[0]["dcgan"], runs[1]["dcgan"]
    _, _, summary = output.partition("drawing and exporting.")
    words = summary.replace(",", " ").split()
    paths = [word.split("=")[-1] for word in words if "/" in word]
    for path in paths:
        assert (directory / path).exists(), path
    assert "saved_models/dcgan/1" in paths
    assert "python -m apps.evaluate_gan --model=runs/train_gan/dcgan_digits" in summary


def test_a_finished_run_and_its_flagfile(runs):
    directory = runs[0]["dcgan"]
    folder = run_directory(directory)
    before = outcome(folder)
    (flagfile,) = folder.glob("*.flags")
    # In one process, as what a process leaves isn't what is tested.
    results = run_all(
        "train_gan",
        {
            "finished": DCGAN,
            "again": f"--flagfile={flagfile} --run_dir=again --export_dir=",
        },
        directory,
    )
    assert [result.code for result in results.values()] == [0, 0], results
    assert "nothing left to train" in results["finished"].output
    assert outcome(folder) == before
    assert [p.name for p in (directory / "saved_models/dcgan").iterdir()] == ["1"]
    assert "nothing left" not in results["again"].output
    again = outcome(directory / "again")
    assert again["networks"] == before["networks"]
    assert again["samples"] == before["samples"]


@pytest.mark.parametrize("name", GAN_RUNS)
def test_all_kinds_of_examples(gan_runs, name):
    folder, results = gan_runs
    result = results[name]
    assert result.code == 0, result.errors
    assert "Traceback" not in result.errors
    exports = "--export_dir=" not in GAN_RUNS[name]
    assert (folder / "exported" / name / "1").is_dir() == exports
    metrics = metrics_of(folder / "runs" / name)
    assert metrics["model"] in GAN_RUNS[name] or name == "dcgan"
    for values in metrics["history"].values():
        assert np.isfinite(values).all()
    assert (folder / "runs" / name / "figures" / "learning_curves.png").is_file()


def test_the_discriminator_s_rate_falls_with_its_own_steps(gan_runs):
    folder, _ = gan_runs
    # In the one epoch the rate hasn't fallen yet, in none of D's two steps a batch.
    constant, decayed = (
        keras_file.load(folder / "runs" / name / "discriminator.keras").get_weights()
        for name in ("labels", "labels_decayed")
    )
    for one, other in zip(constant, decayed, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-6)


def test_conditions_are_those_of_the_images(gan_runs):
    folder, _ = gan_runs
    labels = metrics_of(folder / "runs" / "labels")["conditions"]
    assert labels["names"] == ["a", "b", "c"]
    assert labels["mean"] is None
    attributes = metrics_of(folder / "runs" / "attributes")["conditions"]
    assert attributes["names"] == ["length", "twice"]
    # Of the training images, which are most of all.
    lines = (folder / "classes/attributes.csv").read_text().splitlines()[1:]
    lengths = np.array([float(line.split(",")[1]) for line in lines])
    for measure, expected in (("mean", lengths.mean()), ("deviation", lengths.std())):
        length, twice = attributes[measure]
        assert length == pytest.approx(expected, rel=0.15)
        assert twice == pytest.approx(2 * length, rel=1e-5)
    shape = metrics_of(folder / "runs" / "shape")["conditions"]
    assert shape["names"] == ["thickness", "slant", "width", "height"]
    signatures = {
        name: tf.saved_model.load(str(folder / "exported" / name / "1"))
        .signatures["sample"]
        .structured_input_signature[1]
        for name in ("labels", "attributes")
    }
    assert set(signatures["labels"]) == {"seed", "labels"}
    assert signatures["attributes"]["attributes"].shape[1] == 2


def test_figures_of_points_and_domains(gan_runs):
    folder, _ = gan_runs
    for name, figures in {
        # With the animation.
        "ring": {"mode_collapse", "samples"},
        "gaussian": {"densities", "samples"},
        "toy": {"mapping", "samples"},
        "edges": {
            *("a_to_b_to_a", "b_to_a_to_b", "repeated_conversion"),
            *("samples_over_training", "samples"),
        },
        "two_folders": {"a_to_b", "samples_over_training"},
        "labels": {"samples", "samples_over_training"},
    }.items():
        made = {path.stem for path in (folder / "runs" / name / "figures").iterdir()}
        assert made == figures | {"learning_curves"}


def test_networks_of_domains_are_kept(gan_runs):
    folder, _ = gan_runs
    for name, kept in {
        "edges": {"model", "b_to_a", "discriminator", "a_discriminator"},
        "toy_reconstruction": {"model", "b_to_a", "discriminator"},
        "toy_gan": {"model", "discriminator"},
    }.items():
        found = {path.stem for path in (folder / "runs" / name).glob("*.keras")}
        assert found == kept
    signatures = {
        name: set(tf.saved_model.load(str(folder / "exported" / name / "1")).signatures)
        for name in ("edges", "two_folders", "toy")
    }
    both = {"serving_default", "a_to_b", "b_to_a"}
    assert signatures == {
        "edges": both | {"a_to_b_pixels", "b_to_a_pixels"},
        "two_folders": {"serving_default", "a_to_b", "a_to_b_pixels"},
        "toy": both,
    }


def test_what_an_earlier_run_left_is_cleared_and_nothing_else(gan_runs):
    folder, _ = gan_runs
    kept, cleared = (
        [path.name for path in sorted((folder / "runs" / name / "samples").iterdir())]
        for name in ("toy1d", "toy_gan")
    )
    assert kept == ["00000.npz", "00001.npz", "00099.npz"]
    assert cleared == ["00000.npz", "00001.npz"]


def test_measures_of_edges_by_hand(gan_runs):
    """The networks' errors, over the images that were held out."""
    folder, _ = gan_runs
    run = folder / "runs" / "edges"
    metrics = metrics_of(run)
    a_to_b, b_to_a = (
        keras_file.load(run / f"{name}.keras") for name in ("model", "b_to_a")
    )
    held_out = np.random.default_rng(0).permutation(40)[:4]
    paths = np.array(sorted(map(str, (folder / "flat").iterdir())))[held_out]
    pixels = np.stack([np.array(Image.open(path)) for path in paths])[..., None]
    images = tf.image.resize(pixels, (16, 16), antialias=True) / 255
    back = b_to_a(a_to_b(images))
    error = 255 * np.sqrt(np.square(back - images).mean())
    assert metrics["a_reconstruction_error"] == pytest.approx(error, rel=1e-3)


@pytest.mark.slow
def test_the_first_command_learns_to_draw(tmp_path):
    """Half of the real digits' contrast, and as different from each other."""
    finish(start("train_gan", tmp_path))
    samples = max((run_directory(tmp_path) / "samples").iterdir())
    with np.load(samples) as file:
        images = file["samples"].astype(float)
    assert images.std(axis=(1, 2, 3)).mean() > 50
    assert images.std(axis=0).mean() > 40
