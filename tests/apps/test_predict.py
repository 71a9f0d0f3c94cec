import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.serving.classifier import export_classifier
from tests.serving.tiny_classifier import (
    CLASS_NAMES,
    preprocess,
    probabilities,
    tiny_classifier,
)

ROOT = Path(__file__).parents[2]
PIXELS = np.random.default_rng(0).integers(0, 256, [2, 11, 9, 3], dtype=np.uint8)


def predict(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "apps.predict", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a model with versions 2 and 10, and of two images beside it."""
    folder = tmp_path_factory.mktemp("predict")
    model = tiny_classifier()
    (folder / "tiny" / "1").mkdir(parents=True)
    export_classifier(model, preprocess, CLASS_NAMES[::-1], str(folder / "tiny"))
    (folder / "tiny" / "9").mkdir()
    export_classifier(model, preprocess, CLASS_NAMES, str(folder / "tiny"))
    for name, image in zip(["a.png", "b.png"], PIXELS, strict=True):
        (folder / name).write_bytes(tf.io.encode_png(image).numpy())
    return folder


def expected(top_k):
    rows = probabilities(tiny_classifier()(preprocess(PIXELS)).numpy())
    for name, row in zip(["a.png", "b.png"], rows, strict=True):
        yield name
        for index in np.argsort(-row)[:top_k]:
            yield f"{row[index]:.1%} {CLASS_NAMES[index]}"


def lines(output):
    """The lines of the output, without the images' folders and alignment."""
    return [" ".join(Path(line).name.split()) for line in output.splitlines()]


def test_five_likeliest_classes_by_the_newest_version(folder):
    run = predict(f"--model={folder}/tiny", folder / "a.png", folder / "b.png")
    assert (run.returncode, lines(run.stdout)) == (0, [*expected(5)]), run.stderr


def test_an_undecodable_image_among_good_ones(folder):
    (folder / "torn.png").write_bytes((folder / "b.png").read_bytes()[:60])
    run = predict(
        *(f"--model={folder}/tiny/10", "--top_k=9"),
        *(folder / "a.png", folder / "torn.png", folder / "b.png"),
    )
    assert run.returncode == 1
    assert lines(run.stdout) == [*expected(9)][:8]
    assert run.stderr.splitlines()[-1] == (
        f"error: can't decode '{folder}/torn.png'; "
        "give a whole PNG, JPEG, GIF or BMP file"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model={folder}/tiny"], "no image given; give files"),
        (["--model={folder}/nope", "a.png"], "no SavedModel in --model={folder}/nope;"),
        (["--model={folder}/tiny", "{folder}/c.png"], "can't read '{folder}/c.png'"),
        (["--model={folder}/tiny", "{folder}"], "can't read '{folder}'"),
    ],
)
def test_bad_input_is_one_line_at_once(folder, arguments, message):
    run = predict(*(argument.format(folder=folder) for argument in arguments))
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: " + message.format(folder=folder))


def test_a_damaged_saved_model(folder, tmp_path):
    (tmp_path / "saved_model.pb").write_text("not one")
    run = predict(f"--model={tmp_path}", folder / "a.png")
    assert run.returncode == 1
    last = run.stderr.splitlines()[-1]
    assert last == f"error: the SavedModel in '{tmp_path}' can't be loaded, it is " + (
        "damaged; export it again"
    )


def test_help_teaches(folder):
    run = predict("--help")
    assert "python -m apps.predict --model=saved_models/lenet a.png b.jpg" in run.stdout
    assert "--top_k" in run.stdout
