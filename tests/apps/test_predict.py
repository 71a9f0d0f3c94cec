from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.serving.classifier import export_classifier
from tests.apps.in_process import assert_bad_input, run, run_well
from tests.serving.encoded_images import HUGE, REFUSED, RIGHT
from tests.serving.tiny_classifier import (
    CLASS_NAMES,
    preprocess,
    probabilities,
    tiny_classifier,
)

PIXELS = np.random.default_rng(0).integers(0, 256, [2, 11, 9, 3], dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a model with versions 2 and 10, and of two images beside it."""
    folder = tmp_path_factory.mktemp("predict")
    model = tiny_classifier()
    (folder / "tiny" / "1").mkdir(parents=True)
    otherwise = Preprocessing([8, 8, 1], mean=0.0, std=255.0)
    export_classifier(model, otherwise, CLASS_NAMES, str(folder / "tiny"))
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
    output = run_well("predict", "--model=tiny a.png b.png", folder)
    assert lines(output) == [*expected(5)]


def test_an_undecodable_image_among_good_ones(folder):
    (folder / "torn.png").write_bytes((folder / "b.png").read_bytes()[:60])
    given = "--model=tiny/10 --top_k=9 a.png torn.png b.png"
    result = run("predict", given, folder)
    assert lines(result.output) == [*expected(9)][:8]
    says = "can't decode 'torn.png'; give a whole PNG, JPEG, GIF or BMP file"
    assert_bad_input(result, [says])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("huge.png", HUGE["png"], "can't take 'huge.png': an image has 20000x20000"),
        ("16.bmp", REFUSED["bmp 16"][0], "can't take '16.bmp': a BMP needs 8, 24 or"),
        ("a.txt", b"text", "'a.txt': an image is none of PNG, JPEG, GIF and BMP"),
        (
            "torn.jpg",
            RIGHT["jpeg RGB 75"][:-99],
            "can't decode 'torn.jpg'; give a",
        ),
        ("a\nb.png", b"", r"can't take 'a\nb.png': "),
        ("no-utf8-\udcff.png", b"", r"can't take 'no-utf8-\udcff.png': "),
    ],
)
def test_why_an_image_is_not_taken(folder, name, content, says, capfd):
    path = folder / name
    path.write_bytes(content)
    assert_bad_input(run("predict", ["--model=tiny", name], folder), [says])
    assert capfd.readouterr() == ("", "")


def test_file_names_are_printed_in_one_line(folder):
    names = ["two\nlines.png", "no-utf8-\udcfe.png"]
    for name in names:
        (folder / name).write_bytes((folder / "a.png").read_bytes())
    given = ["--model=tiny", "--top_k=1", *names]
    printed = run_well("predict", given, folder).splitlines()
    assert printed[::2] == [r"two\nlines.png", r"no-utf8-\udcfe.png"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("--model=tiny", "no image given; give files"),
        ("--model=nope a.png", "no SavedModel in --model=nope;"),
        ("--model=tiny c.png", "can't read 'c.png'"),
        ("--model=tiny tiny", "can't read 'tiny'"),
        ("--model=damaged a.png", "the SavedModel in 'damaged' can't be loaded"),
    ],
)
def test_bad_input_is_one_line(folder, given, message):
    (folder / "damaged").mkdir(exist_ok=True)
    (folder / "damaged/saved_model.pb").write_text("not one")
    result = run("predict", given, folder)
    assert_bad_input(result, [message])
    assert result.output == ""


def test_help_teaches(folder):
    output = run_well("predict", "--help", folder)
    assert "python -m apps.predict --model=saved_models/lenet a.png b.jpg" in output
    assert "--top_k" in output
