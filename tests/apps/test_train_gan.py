"""The GANs' app: all kinds of runs, one of them killed and started again."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from kerasapps.data import own_folder
from kerasapps.data.images import domains
from kerasapps.evaluation.gan.generation import draw, generate, styles
from kerasapps.training.gan import latents
from kerasapps.weights import keras_file
from tests.apps.conftest import GAN_RUNS, gan_flags
from tests.apps.in_process import assert_bad_input, run
from tests.apps.processes import arrays, finish, kill_at, run_directory, start
from tests.disk import full_disk


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
def killed(gan_runs, tmp_path_factory):
    """The folder of a StyleGAN that was killed at its second size; the run after."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "flat").symlink_to(gan_runs[0] / "flat")
    flags = gan_flags("stylegan")
    pattern = "runs/*/checkpoints/*/8x8/checkpoint-0000000006.npz"
    kill_at(start("train_gan", folder, flags), folder, pattern)
    return folder, run("train_gan", flags, folder)


def test_a_killed_run_ends_as_if_it_had_not_been(gan_runs, killed):
    folder, again = killed
    assert again.code == 0, again.errors
    one, other = (outcome(place / "runs/stylegan") for place in (gan_runs[0], folder))
    for part, value in one.items():
        assert other[part] == value, part
    versions = [path.name for path in (folder / "exported/stylegan").iterdir()]
    assert versions == ["1"]


def test_a_killed_run_goes_on_in_its_stage(killed):
    output = killed[1].output
    assert "Stage 4x4 of " in output
    assert "Resuming" in output
    assert "at epoch 1, step 7" in output


def test_two_devices_learn_the_same(gan_runs):
    folder, _ = gan_runs
    flags = f"{gan_flags('attributes')} --run_dir=runs/two --num_devices=2"
    result = run("train_gan", f"{flags} --export_dir=", folder)
    assert result.code == 0, result.errors
    assert "on 2 device(s)" in result.output
    one, two = (
        metrics_of(folder / "runs" / name)["history"] for name in ("attributes", "two")
    )
    for name in ("generator_loss", "discriminator_loss"):
        np.testing.assert_allclose(two[name], one[name], rtol=0.02)
    assert not (folder / "exported/two").exists()


def test_what_a_run_leaves(gan_runs):
    folder = gan_runs[0] / "runs/dcgan"
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


def test_a_grown_run_leaves_all_stages(gan_runs):
    folder = gan_runs[0] / "runs/stylegan"
    stages = {path.name for path in folder.glob("checkpoints/worker-0/*")}
    assert stages == {"4x4", "8x8"}
    sizes = []
    for path in sorted((folder / "samples").iterdir()):
        with np.load(path) as file:
            sizes.append(file["samples"].shape[1:3])
    assert sizes == [(4, 4), (4, 4), (8, 8), (8, 8)]
    history = metrics_of(folder)["history"]
    # One epoch, and two of the last size.
    assert {len(values) for values in history.values()} == {3}
    assert not keras_file.load(folder / "model.keras").synthesis.fading


@pytest.mark.parametrize("name", ["dcgan", "stylegan"])
def test_model_samples_and_export_are_one(gan_runs, name):
    directory, _ = gan_runs
    folder = directory / "runs" / name
    model = keras_file.load(folder / "model.keras")
    with np.load(max((folder / "samples").iterdir())) as last:
        samples = last["samples"]
    z = draw(model, len(samples))
    pixels = np.clip(generate(model, z) * 127.5 + 127.5, 0, 255)
    assert np.abs(samples - pixels).max() < 0.55
    place = directory / metrics_of(folder)["export"]
    exported = tf.saved_model.load(str(place)).signatures["serving_default"]
    answer = exported(z=tf.constant(z))
    answered = answer["pixels"].numpy()
    expected = pixels
    if name == "stylegan":
        # The noise of its export is another one.
        noise = latents.noise_images(model, tf.constant([0, 1]), len(z))
        made = model.synthesis([tf.constant(styles(model, z)), *noise])
        expected = np.clip(made * 127.5 + 127.5, 0, 255)
    assert np.abs(answered - expected).max() < 0.55
    assert pixels.std(axis=0).mean() > 1
    decoded = Image.open(io.BytesIO(answer["png_bytes"][0].numpy()))
    np.testing.assert_array_equal(np.array(decoded), answered[0, ..., 0])


def test_a_penalty_is_in_the_history(gan_runs):
    folder, _ = gan_runs
    for name, penalized in (("gaussian", True), ("colours", True), ("ring", False)):
        assert ("penalty" in metrics_of(folder / "runs" / name)["history"]) == penalized


def test_without_a_flag_a_small_dcgan_learns_digits(tmp_path):
    """It stops only where it would train, as its export can't be written."""
    (tmp_path / "saved_models").touch()
    result = run("train_gan", "", tmp_path)
    assert "can't export to 'saved_models/dcgan'" in result.errors
    assert "Run runs/train_gan/dcgan_digits." in result.output
    assert "generator 365,793, discriminator 55,297. An epoch has 44" in result.output
    # An option is added to those that the digits have.
    result = run("train_gan", "--model_options=latent_size=50", tmp_path)
    assert "generator 208,993, discriminator 55,297." in result.output


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(gan_runs):
    folder, _ = gan_runs
    for limit, words in (
        (20, ["cannot write the run directory runs/ring: File too large"]),
        (5_000, ["File too large: runs/ring/model.keras"]),
    ):
        with full_disk(limit):
            result = run("train_gan", gan_flags("ring"), folder)
        assert_bad_input(result, words)
    assert not list(folder.rglob(".partial-*"))


def test_it_says_where_everything_is_and_what_to_try_next(gan_runs):
    directory, results = gan_runs
    _, _, summary = results["dcgan"].output.partition("drawing and exporting.")
    words = summary.replace(",", " ").split()
    paths = [word.split("=")[-1] for word in words if "/" in word]
    for path in paths:
        assert (directory / path).exists(), path
    assert "exported/dcgan/1" in paths
    assert "python -m apps.evaluate_gan --model=runs/dcgan" in summary


def test_a_finished_run_and_its_flagfile(gan_runs):
    directory, _ = gan_runs
    folder = directory / "runs/dcgan"
    before = outcome(folder)
    finished = run("train_gan", gan_flags("dcgan"), directory)
    assert finished.code == 0, finished.errors
    assert "nothing left to train" in finished.output
    assert outcome(folder) == before
    assert [p.name for p in (directory / "exported/dcgan").iterdir()] == ["1"]
    flags = "--flagfile=runs/dcgan/train_gan.flags --run_dir=runs/again --export_dir="
    again = run("train_gan", flags, directory)
    assert again.code == 0, again.errors
    assert "nothing left" not in again.output
    for name in ("model", "discriminator"):
        one, other = (
            keras_file.load(directory / "runs" / place / f"{name}.keras").get_weights()
            for place in ("dcgan", "again")
        )
        for weights, expected in zip(one, other, strict=True):
            np.testing.assert_allclose(weights, expected, rtol=1e-4, atol=1e-5)


def test_folders_that_no_flag_names(gan_runs, tmp_path):
    """Their names follow the flags, and the folder of the data."""
    (tmp_path / "flat").symlink_to(gan_runs[0] / "flat")
    flags = "--epochs=1 --batch_size=36 --image_size=8 --model_options=units=4"
    result = run("train_gan", f"--model=gan --dataset=folder:flat {flags}", tmp_path)
    assert result.code == 0, result.errors
    name = f"gan_{own_folder.unique_name(f'folder:{gan_runs[0]}/flat')}"
    assert (
        run_directory(tmp_path).relative_to(tmp_path).as_posix()
        == f"runs/train_gan/{name}-f62101"
    )
    assert (tmp_path / "saved_models" / name / "1").is_dir()
    listed = json.loads((run_directory(tmp_path) / "held_out.json").read_text())
    assert set(listed) < {path.name for path in (tmp_path / "flat").iterdir()}


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
    domain, _ = domains.load(f"folder:{folder / 'flat'}", "edges")
    paths = domain.validation.paths
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
