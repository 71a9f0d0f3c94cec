"""The evaluation of a run that was really trained."""

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix

from apps.classifier.evaluated import Trained, load_data
from kerasapps.data.images import digits
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.models import LeNet5
from kerasapps.weights import keras_file
from tests.apps.in_process import assert_bad_input, run, run_well
from tests.data.images import tiny_builders  # noqa: F401 - by their names
from tests.foreign_code import write_keras_file

GOOD = {
    "ten_crop": "--model=run --protocol=ten_crop --nearest=0",
    "two": "--model=run --model=other --nearest=20 --split=validation",
    "all_crops": "--model=run --dataset=folder:digits --protocol=googlenet_144",
    "what_was_held_out": "--model=on_train --nearest=0",
    "training_images": "--model=run --dataset=folder:digits --split=train --nearest=0 "
    "--protocol=multi_crop --scales=33,40",
}

# For each case the flags and what the line must name, in that order.
BAD = {
    "no_folder": ("--model=runs/nowhere", ["no folder --model=runs/nowhere", "runs/"]),
    "unknown_name": (
        "--model=resnet5",
        ["unknown run, or model with weights, 'resnet5'", "did you mean", "resnet50"],
    ),
    "no_run": ("--model=digits", ["digits holds no finished run"]),
    "damaged_run": ("--model=damaged", ["damaged holds no finished run"]),
    "foreign_code": (
        "--model=evil",
        ["evil/model.keras holds the model 'Sequential'", "kerasapps.models"],
    ),
    "scales_that_are_no_numbers": (
        "--model=run --scales=256,big",
        ["--scales=256,big", "as in 256,384,512"],
    ),
    "scales_too_small": (
        "--model=run --scales=40,31 --protocol=ten_crop",
        ["scales=40,31: the network takes 32x32", "32 or more"],
    ),
    "a_network_that_cannot_slide": (
        "--model=run --protocol=multi_crop_dense",
        ["lenet5 can't be evaluated densely"],
    ),
    "no_such_split": (
        "--model=run --split=test",
        ["dataset 'digits' has no split 'test'", "train or validation"],
    ),
    "other_classes": (
        "--model=run --dataset=folder:letters",
        ["class 'a' of letters is none of the 10 that are told apart: 0, 1, 2"],
    ),
    "more_classes": (
        "--model=run --dataset=folder:more",
        ["class 'a' of more is none of the 10"],
    ),
    "models_of_other_classes": (
        "--model=run --model=three",
        ["run has 10 classes and three 3"],
    ),
    "undecodable_image": (
        "--model=run --dataset=folder:torn",
        ["cannot decode ", "torn/validation/3/1.png"],
    ),
    "a_split_that_a_folder_lacks": (
        "--model=pets_run --split=dev",
        ["has no split 'dev' to hold out; write test (--split)"],
    ),
    "what_was_held_out_is_unknown": (
        "--model=old_run",
        ["which images of folder:plain old_run has held out isn't known", "--dataset"],
    ),
    # Said before anything is evaluated, where the torn image would be.
    "a_file_in_the_way": (
        "--model=run --dataset=folder:torn --output_dir=run/metrics.json",
        ["Not a directory: run/metrics.json"],
    ),
}


def write_run(
    folder, model, class_names, validation_split=None, dataset="digits", **metrics
):
    """Writes what a run leaves that is evaluated."""
    folder.mkdir()
    keras_file.save(model, folder / "model.keras")
    metrics |= {
        "dataset": dataset,
        "validation_split": validation_split,
        "class_accuracy": dict.fromkeys(class_names, 1.0),
        "preprocessing": Preprocessing((32, 32, 1), 90, 100).to_config(),
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))


def write_images(folder, class_names):
    """Writes a train and two validation images a class, of differing sizes."""
    random = np.random.default_rng(0)
    for number, name in enumerate(class_names):
        for split, count in (("train", 1), ("validation", 2)):
            place = folder / split / name
            place.mkdir(parents=True)
            for i in range(count):
                size = [9 + number, 10 + 3 * i]
                pixels = random.integers(0, 256, size, np.uint8)
                Image.fromarray(pixels).save(place / f"{i}.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The working directory, with a run that was trained and others that were not."""
    folder = tmp_path_factory.mktemp("evaluate")
    flags = "--epochs=1 --run_dir=run --export_dir= --batch_size=16"
    run_well("train_classifier", flags, folder)
    names = [str(digit) for digit in range(10)]
    keras.utils.set_random_seed(0)
    write_run(folder / "other", LeNet5(output="softmax"), names)
    write_run(folder / "on_train", LeNet5(output="softmax"), names, "train")
    write_run(folder / "three", LeNet5(num_classes=3, output="softmax"), names[:3])
    write_run(folder / "evil", LeNet5(output="softmax"), names)
    write_keras_file(folder / "evil" / "model.keras", folder / "marker")
    (folder / "damaged").mkdir()
    (folder / "damaged" / "metrics.json").write_text("{")
    write_images(folder / "digits", names)
    write_images(folder / "letters", "abcdefghij")
    write_images(folder / "more", [*names, "a"])
    shutil.copytree(folder / "digits", folder / "torn")
    pets = ("cat", "dog", "emu")
    for name in ("pets", "plain"):
        write_images(folder / name, pets)
    (folder / "pets/validation").rename(folder / "pets/test")
    for name in pets:
        Image.new("L", (9, 9)).save(folder / "plain/train" / name / "new.png")
    (folder / "plain/train").rename(folder / "plain_now")
    shutil.rmtree(folder / "plain")
    (folder / "plain_now").rename(folder / "plain")
    network = LeNet5(num_classes=3, output="softmax")
    write_run(folder / "pets_run", network, pets, dataset="folder:pets")
    write_run(folder / "old_run", network, pets, dataset="folder:plain")
    write_run(folder / "new_run", network, pets, None, "folder:plain", train_examples=4)
    listed = ["cat/0.png", "dog/new.png"]
    (folder / "new_run/held_out.json").write_text(json.dumps(listed))
    torn = folder / "torn/validation/3/1.png"
    torn.write_bytes(torn.read_bytes()[:-30])
    return folder


def evaluate(folder, name):
    """Returns what one of the good cases printed."""
    # The last one takes the default.
    own = "" if name == "training_images" else f"--output_dir=out/{name}"
    return run_well("evaluate_classifier", f"{GOOD[name]} {own}", folder)


def metrics_of(folder, name):
    return json.loads((folder / "out" / name / "metrics.json").read_text())


def default_directory(folder, name):
    return folder / "runs" / "evaluate_classifier" / name


def figures_of(directory):
    return {path.stem for path in (directory / "figures").iterdir()}


def test_the_centre_is_what_the_training_said(folder):
    output = run_well("evaluate_classifier", "--model=run --json", folder)
    directory = default_directory(folder, "run_center")
    metrics = json.loads((directory / "metrics.json").read_text())
    assert json.loads(output) == metrics
    trained = json.loads((folder / "run" / "metrics.json").read_text())
    assert metrics["top_1_error"] == pytest.approx(1 - trained["accuracy"])
    assert metrics["top_5_error"] == pytest.approx(1 - trained["top_5_accuracy"])
    assert metrics["class_accuracy"] == trained["class_accuracy"]
    assert (metrics["images"], metrics["crops"]) == (360, 1)
    assert figures_of(directory) == {
        *("confusion_matrix", "first_layer_kernels", "top_five"),
        "nearest_training_images",
    }


def test_ten_crops(folder):
    printed = evaluate(folder, "ten_crop")
    metrics = metrics_of(folder, "ten_crop")
    (model,) = metrics["models"]
    # 256 / 224 of 32 pixels.
    assert (model["model"], model["scales"]) == ("run", [37])
    assert metrics["crops"] == 10
    # By chance it would be 0.9.
    assert metrics["top_5_error"] <= metrics["top_1_error"] < 0.7
    assert "nearest_training_images" not in figures_of(folder / "out" / "ten_crop")
    row = next(line.split() for line in printed.splitlines() if line.startswith("run"))
    errors = [metrics["top_1_error"], metrics["top_5_error"]]
    assert row == ["run", "360", "10", *(f"{error:.2%}" for error in errors)]
    # The rows of the confusion matrix, with their accuracies.
    matrix = np.array(metrics["confusion_matrix"])
    rows = [line.split() for line in printed.splitlines() if "%" in line][-10:]
    for label, row in enumerate(rows):
        assert row[0] == str(label)
        assert row[1] == f"{matrix[label, label] / matrix[label].sum():.1%}"
        assert row[2:] == [str(count) for count in matrix[label]]


def test_an_ensemble_averages_the_probabilities(folder):
    evaluate(folder, "two")
    metrics = metrics_of(folder, "two")
    data = digits.load()
    examples = list(data.validation.examples.as_numpy_iterator())
    pixels, labels = ([e[key] for e in examples] for key in ("image", "label"))
    probabilities = []
    for name in ("run", "other"):
        model = keras_file.load(folder / name / "model.keras")
        config = json.loads((folder / name / "metrics.json").read_text())
        preprocess = Preprocessing.from_config(config["preprocessing"])
        logits = model.predict(preprocess(np.stack(pixels)), verbose=0)
        probabilities.append(np.asarray(keras.ops.softmax(logits)))
    guesses = [p.argmax(axis=1) for p in (*probabilities, sum(probabilities))]
    errors = [(guess != labels).mean() for guess in guesses]
    assert [row["top_1_error"] for row in metrics["models"]] == errors[:2]
    assert metrics["top_1_error"] == errors[2]
    assert metrics["crops"] == 2
    matrix = confusion_matrix(labels, guesses[2])
    np.testing.assert_array_equal(metrics["confusion_matrix"], matrix)


@pytest.mark.parametrize(
    ("name", "place", "images", "crops"),
    [
        ("all_crops", "out/all_crops", 20, 144),
        (
            "training_images",
            # Named by all that was asked for.
            "runs/evaluate_classifier/run_multi_crop_folder%3Adigits_train_33,40",
            10,
            100,
        ),
    ],
)
def test_images_of_differing_sizes(folder, name, place, images, crops):
    evaluate(folder, name)
    metrics = json.loads((folder / place / "metrics.json").read_text())
    assert (metrics["images"], metrics["crops"]) == (images, crops)
    assert np.sum(metrics["confusion_matrix"]) == images


def test_the_split_is_the_one_that_the_run_held_out(folder):
    evaluate(folder, "what_was_held_out")
    metrics = metrics_of(folder, "what_was_held_out")
    assert (metrics["split"], metrics["images"]) == ("train", 1437)


def evaluated(folder, flags):
    """Returns the metrics and the names of the figures."""
    result = run("evaluate_classifier", f"{flags} --json --output_dir=out/last", folder)
    assert result.code == 0, result.errors
    figures = figures_of(folder / "out/last")
    shutil.rmtree(folder / "out/last")
    return json.loads(result.output), figures


def test_a_test_set_of_ones_own(folder):
    given, figures = evaluated(folder, "--model=pets_run --split=test")
    assert (given["images"], given["split"]) == (6, "test")
    assert "nearest_training_images" in figures
    shutil.copytree(folder / "pets/test", folder / "of_others")
    shutil.rmtree(folder / "of_others/cat")
    found, figures = evaluated(folder, "--model=pets_run --dataset=folder:of_others")
    assert found["images"] == 4
    matrix = np.array(given["confusion_matrix"])
    matrix[0] = 0
    np.testing.assert_array_equal(found["confusion_matrix"], matrix)
    assert found["class_accuracy"]["cat"] is None
    assert "nearest_training_images" not in figures


def test_what_a_run_has_held_out_is_evaluated(folder):
    for place in ("folder:plain", f"folder:{folder}/plain/"):
        found, _ = evaluated(folder, f"--model=new_run --dataset={place} --nearest=0")
        assert np.sum(found["confusion_matrix"], axis=1).tolist() == [1, 1, 0]


def test_the_training_images_are_those_of_the_run(tmp_path):
    network = LeNet5(num_classes=2, output="softmax")
    run = Trained(
        *("run", network, None, "tiny_single_split", "train[:50%]", "train[70%:]"),
        class_names=("a", "b"),
    )
    found = load_data([run], None, None, str(tmp_path))
    assert (found.data.train.size, found.split.size) == (10, 6)
    assert found.is_learned
    other = load_data([run], "tiny_labelled", None, str(tmp_path))
    assert other.split.size == 6
    assert not other.is_learned


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(folder, name):
    flags, words = BAD[name]
    before = {*folder.rglob("*")}
    assert_bad_input(run("evaluate_classifier", flags, folder), words)
    # What is refused leaves no folder, and runs no foreign code.
    assert {*folder.rglob("*")} == before
