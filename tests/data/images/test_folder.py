import os
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasapps.data.images import folder as folder_of_images
from kerasapps.data.images.loading import load
from kerasapps.errors import InputError


def write(path, value=0, mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (6, 4), value).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    """Three classes in two splits, and what doesn't belong there."""
    root = tmp_path / "my pets"
    for split, count in (("train", 3), ("val", 1)):
        for label, name in enumerate(("cat", "dog", "emu")):
            for i in range(count):
                value = (10 * label + i, 0, 0)
                write(root / split / name / f"{i}.png", value)
    write(root / "train" / "emu" / "3.JPG", (200, 0, 0))
    write(root / "train" / "emu" / "4.Jpeg", (200, 0, 0))
    (root / "train" / "cat" / "._0.png").write_bytes(b"mac")
    (root / "train" / ".hidden").mkdir()
    write(root / "train" / "__MACOSX" / "0.png")
    (root / "train" / "list.txt").write_text("cat\n")
    return root


def labels(split):
    return [int(example["label"]) for example in split.examples]


def test_splits_and_classes_are_the_folders(folder):
    data = load(f"folder:{folder}")
    assert data.name == "my_pets"
    assert data.class_names == ("cat", "dog", "emu")
    assert data.channels == 3
    assert (data.train.size, data.validation.size) == (11, 3)
    names = {p.split("my pets/")[1] for p in data.train.paths}
    assert names == {
        *(f"train/{name}/{i}.png" for name in ("cat", "dog", "emu") for i in range(3)),
        "train/emu/3.JPG",
        "train/emu/4.Jpeg",
    }
    for split in (data.train, data.validation):
        for path, example in zip(split.paths, split.examples, strict=True):
            assert path == example["image"].numpy().decode()
            assert data.class_names[example["label"]] == path.split("/")[-2]


def test_the_order_mixes_the_classes_and_never_changes(tmp_path):
    for name in ("a", "b"):
        for i in range(40):
            write(tmp_path / name / f"{i}.png")
    data, again = (load(f"folder:{tmp_path}") for _ in range(2))
    assert 10 < sum(labels(data.train)[:36]) < 26
    assert data.train.paths == again.train.paths


def test_decodes_each_path_to_its_pixels(folder):
    data = load(f"folder:{folder}")
    dataset = data.train.examples.map(data.decode)
    assert dataset.element_spec == {
        "image": tf.TensorSpec([None, None, 3], tf.uint8),
        "label": tf.TensorSpec([], tf.int64),
    }
    for path, example in zip(data.train.paths, dataset, strict=True):
        image, label = example["image"], example["label"]
        assert image.shape == (4, 6, 3)
        red = int(image[0, 0, 0])
        if path.endswith("png"):
            assert red // 10 == label
        else:
            assert abs(red - 200) < 5


@pytest.mark.parametrize("name", ["validation", "val", "test"])
def test_names_of_the_validation_split(tmp_path, name):
    write(tmp_path / "train" / "a" / "0.png")
    write(tmp_path / "train" / "b" / "0.png")
    write(tmp_path / name / "b" / "0.png")
    data = load(f"folder:{tmp_path}")
    assert sorted(labels(data.train)) == [0, 1]
    # The second class, though it is the only one there.
    assert labels(data.validation) == [1]


@pytest.mark.parametrize("below", [".", "train"])
def test_holds_out_about_a_tenth_of_each_class(tmp_path, below):
    for name, count in (("a", 1), ("b", 2), ("c", 200)):
        for i in range(count):
            path = tmp_path / below / name / f"{i:03}.png"
            if i:
                os.link(tmp_path / below / name / "000.png", path)
            else:
                write(path)
    data = load(f"folder:{tmp_path}")
    assert np.bincount(labels(data.train))[:2].tolist() == [1, 1]
    held_out = np.bincount(labels(data.validation)).tolist()
    assert held_out[:2] == [0, 1]
    assert 10 <= held_out[2] <= 30
    paths = {*data.train.paths, *data.validation.paths}
    assert len(paths) == 203
    assert load(f"folder:{tmp_path}").validation.paths == data.validation.paths
    relative = {os.path.relpath(path, tmp_path) for path in data.validation.paths}
    assert data.held_out == tuple(sorted(relative))


def test_an_image_more_moves_no_other(tmp_path):
    names = [f"{name}/{i:02}.png" for name in ("a", "b") for i in range(40)]
    for name in names:
        write(tmp_path / name)
    before = set(load(f"folder:{tmp_path}").held_out)
    for number in range(12):
        name = f"a/new{number}.png"
        write(tmp_path / name)
        now = set(load(f"folder:{tmp_path}").held_out)
        assert now - {f"a/new{n}.png" for n in range(number + 1)} == before


def test_what_a_run_held_out_stays_held_out(tmp_path, caplog):
    for i in range(8):
        write(tmp_path / "a" / f"{i}.png")
        write(tmp_path / "b" / f"{i}.png")
    then = ["a/1.png", "a/7.png", "b/2.png", "b/gone.png"]
    data = folder_of_images.load(str(tmp_path), held_out=then)
    assert data.held_out == ("a/1.png", "a/7.png", "b/2.png")
    assert (data.train.size, data.validation.size) == (13, 3)
    assert "1 of the 4 images that were held out are no longer in" in caplog.text
    assert "b/gone.png" in caplog.text


def test_each_split_can_be_the_one_held_out(tmp_path):
    for split, count in (("training", 1), ("dev", 2), ("testing", 3)):
        for i in range(count):
            write(tmp_path / split / "a" / f"{i}.png")
            write(tmp_path / split / "b" / f"{i}.png")
    for asked, size in ((None, 4), ("val", 4), ("validation", 4), ("test", 6)):
        data = load(f"folder:{tmp_path}", validation_split=asked)
        assert (data.train.size, data.validation.size) == (2, size)
        assert data.held_out is None
    with pytest.raises(InputError, match=r"no split 'tset'.*validation or test"):
        load(f"folder:{tmp_path}", validation_split="tset")


def test_all_images_of_a_folder_without_splits(folder):
    place = f"folder:{folder}/train"
    data = load(place, validation_split="all")
    assert sorted(data.validation.paths) == sorted(data.train.paths)
    assert data.validation.size == 11
    with pytest.raises(InputError, match=r"no split 'test'.* validation or all"):
        load(place, validation_split="test")
    with pytest.raises(InputError, match="no split 'all'"):
        load(f"folder:{folder}", validation_split="all")


def test_labels_by_the_names_of_the_classes(folder):
    shutil.rmtree(folder / "train" / "dog")
    place, names = f"folder:{folder}/train", ("emu", "dog", "cat")
    data = load(place, validation_split="all", class_names=names)
    assert data.class_names == names
    for path, example in zip(
        data.validation.paths, data.validation.examples, strict=True
    ):
        assert names[example["label"]] == path.split("/")[-2]
    with pytest.raises(InputError, match="class 'emu' of train is none of the 2 that"):
        load(place, validation_split="all", class_names=("cat", "dog"))


def test_a_class_named_train_is_a_class(tmp_path):
    for name in ("train", "plane"):
        for i in range(2):
            write(tmp_path / name / f"{i}.png")
    assert load(f"folder:{tmp_path}").class_names == ("plane", "train")


@pytest.mark.parametrize(
    ("mode", "name", "channels"),
    [
        ("L", "1.png", 1),
        ("1", "1.png", 1),
        ("LA", "1.png", 1),
        ("I;16", "1.png", 1),
        ("L", "1.jpg", 1),
        ("P", "1.png", 3),
        ("RGBA", "1.png", 3),
        ("CMYK", "1.jpg", 3),
    ],
)
def test_channels_are_one_if_every_image_is_grey(tmp_path, mode, name, channels):
    write(tmp_path / "a" / "0.png", 7, "L")
    write(tmp_path / "a" / name, None, mode)
    write(tmp_path / "b" / "0.png", 7, "L")
    data = load(f"folder:{tmp_path}")
    assert data.channels == channels
    for example in [*data.train.examples, *data.validation.examples]:
        assert data.decode(example)["image"].shape == (4, 6, channels)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_pixels_of_jpegs_are_those_that_pillow_finds(tmp_path, mode):
    noise = np.random.default_rng(0).integers(0, 256, [8, 8, 3], np.uint8)
    image = Image.fromarray(noise).resize([60, 50], Image.Resampling.BICUBIC)
    for name in ("a/0.jpg", "a/1.jpg", "b/0.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        image.convert(mode).save(tmp_path / name, quality=95)
    data = load(f"folder:{tmp_path}")
    expected = np.asarray(Image.open(tmp_path / "a/0.jpg")).reshape([50, 60, -1])
    for example in data.train.examples.map(data.decode):
        np.testing.assert_array_equal(example["image"], expected)


def test_warns_of_rotated_photographs(tmp_path, caplog):
    exif = Image.Exif()
    exif[0x0112] = 6
    write(tmp_path / "a" / "0.jpg")
    write(tmp_path / "a" / "1.jpg", exif=exif)
    write(tmp_path / "b" / "2.jpg", exif=Image.Exif())
    load(f"folder:{tmp_path}")
    assert len(caplog.records) == 1
    assert "1 images are stored rotated" in caplog.text
    assert "1.jpg" in caplog.text


def test_what_is_passed_over_is_counted_once(folder, caplog):
    (folder / "train" / "dog" / "photo.webp").write_bytes(b"x")
    (folder / "val" / "dog" / "a\x1b.gif").write_bytes(b"x")
    (folder / "train" / "dog" / "gone.png").symlink_to(folder / "nowhere.png")
    write(folder / "train" / "dog" / "young" / "tall" / "1.png")
    write(folder / "val" / "cat" / "old" / "1.jpg")
    write(folder / "train" / "9.png")
    (folder / "more").mkdir()
    (folder / "train" / "zebra").symlink_to(folder / "nowhere")
    data = load(f"folder:{folder}")
    assert (data.train.size, data.validation.size) == (11, 3)
    assert len(caplog.records) == 1
    parts = caplog.records[0].getMessage().split("), ")
    assert [part.split(" (")[0] for part in parts] == [
        "passed over: 1 folders beside those of splits",
        "1 images beside the folders of classes",
        "2 links to nothing",
        "2 files that are no .png, .jpg or .jpeg",
        "2 images in folders within those of classes",
    ]
    for name in ("more", "train/9.png", "photo.webp", "zebra", "tall/1.png"):
        assert name in caplog.text


def test_names_that_are_not_utf8(tmp_path):
    folder = tmp_path / "animals"
    for name in ("a", "b"):
        for i in range(2):
            write(folder / name / "x.png")
            shutil.move(
                folder / name / "x.png", folder / name / os.fsdecode(b"\xe9%d.png" % i)
            )
    data = load(f"folder:{folder}")
    for split in (data.train, data.validation):
        for path, example in zip(split.paths, split.examples, strict=True):
            assert os.fsencode(path) == example["image"].numpy()
            assert data.decode(example)["image"].shape == (4, 6, 3)
    path = Path(data.train.paths[0])
    path.write_bytes(path.read_bytes()[:-20])
    with (
        pytest.raises(InputError, match=r"cannot decode .*\\udce9\d\.png"),
        data.naming_undecodable(),
    ):
        list(data.train.examples.map(data.decode))
    renamed = folder.rename(tmp_path / os.fsdecode(b"\xe9"))
    with pytest.raises(InputError, match=r"\\udce9' isn't UTF-8; rename it"):
        load(f"folder:{renamed}")


@pytest.mark.parametrize("side", [9000, 14_000, 20_000])
def test_too_many_pixels_are_told_by_the_header(folder, side):
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    path = folder / "train" / "dog" / "7.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT")
    with pytest.raises(
        InputError, match=r"1 of 15 files have more than 67108864 pixels.*dog/7\.png"
    ):
        load(f"folder:{folder}")


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html><title>404</title>", b"GIF89a"]
)
def test_files_that_are_not_what_they_seem_are_named(folder, content):
    (folder / "train" / "dog" / "7.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"1 of 15 files .*dog/7\.jpg"):
        load(f"folder:{folder}")


def test_a_gif_is_not_a_png(folder):
    write(folder / "val" / "dog" / "7.png", format="GIF")
    with pytest.raises(InputError, match=r"val/dog/7\.png"):
        load(f"folder:{folder}")


def test_images_cut_off_after_their_header_are_found(folder):
    noise = np.random.default_rng(0).integers(0, 256, [64, 64, 3], np.uint8)
    for name in ("train/dog/7.jpg", "val/cat/7.png"):
        path = folder / name
        Image.fromarray(noise).save(path)
        path.write_bytes(path.read_bytes()[:2000])
    data = load(f"folder:{folder}")
    broken = data.undecodable()
    assert [path.split("my pets/")[1] for path in broken] == [
        "train/dog/7.jpg",
        "val/cat/7.png",
    ]


def test_missing_folder(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.*<split>/<class>"):
        load(f"folder:{tmp_path}/nowhere")
    with pytest.raises(InputError, match="no folder"):
        load("folder:")
    with pytest.raises(InputError, match="no folder '~nobody_there/'"):
        load("folder:~nobody_there/")
    with pytest.raises(InputError, match="no folder"):
        load("folder:a\0b")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "no class folders"),
        (["0.png"], "no class folders"),
        (["train/a/0.png", "train/b/"], "no images in .*/train/b"),
        (["train/a/0.png", "val/b/0.png"], "class 'b' .* isn't in"),
        (["a/0.png", "b/0.png"], "no images to validate on"),
        (["train/a/0.png", "val/a/"], "no images to validate on"),
    ],
)
def test_bad_layouts_get_one_line(tmp_path, files, says):
    for file in files:
        if file.endswith("/"):
            (tmp_path / file).mkdir(parents=True)
        else:
            write(tmp_path / file)
    with pytest.raises(InputError, match=says) as caught:
        load(f"folder:{tmp_path}")
    assert "\n" not in str(caught.value)


def test_num_classes_below_the_folders(folder):
    with pytest.raises(InputError, match="3 classes"):
        load(f"folder:{folder}", num_classes=2)


def test_what_apps_have_written_into_the_folder_is_no_data(tmp_path, caplog):
    for name in ("a/0.png", "a/1.png", "b/0.png", "saved_models/0.png"):
        write(tmp_path / name)
    write(tmp_path / "runs" / "train_classifier" / "lenet5" / "example.png")
    assert load(f"folder:{tmp_path}").class_names == ("a", "b", "saved_models")
    assert not caplog.records


def test_one_class_is_no_classification(tmp_path):
    for name in ("0.png", "1.png"):
        write(tmp_path / "a" / name)
    with pytest.raises(InputError, match="two or more"):
        load(f"folder:{tmp_path}")


@pytest.mark.parametrize(
    ("files", "train", "validation", "classes"),
    [
        # Right in the folder, or in that of a split: some are held out.
        ([f"{i:02}.png" for i in range(20)], 17, 3, ()),
        ([f"train/{i:02}.png" for i in range(30)], 27, 3, ()),
        (["0.png", "1.JPG"], 1, 1, ()),
        (["train/0.png", "train/1.png", "val/0.png", "other/0.png"], 2, 1, ()),
        (["train/0.png", "train/1.png", "val/", "test/0.png"], 2, 1, ()),
        # A folder of classes that has one.
        (["a/0.png", "a/1.png"], 1, 1, ("a",)),
        (["train/a/0.png", "val/a/0.png", "val/a/1.png"], 1, 2, ("a",)),
    ],
)
def test_images_without_classes(tmp_path, files, train, validation, classes):
    root = tmp_path / "my faces"
    for file in files:
        if file.endswith("/"):
            (root / file).mkdir(parents=True)
        else:
            write(root / file)
    data = load(f"folder:{root}", labelled=False)
    assert data.class_names == classes
    assert (data.train.size, data.validation.size) == (train, validation)
    assert not set(data.train.paths) & set(data.validation.paths)
    for split in (data.train, data.validation):
        if classes:
            assert set(labels(split)) == {0}
        else:
            assert set(split.examples.element_spec) == {"image"}
        for path, example in zip(split.paths, split.examples, strict=True):
            assert path == example["image"].numpy().decode()
            assert data.decode(example)["image"].shape == (4, 6, 3)


def test_attributes_beside_images_are_no_surprise(tmp_path, caplog):
    for name in ("0.png", "1.png"):
        write(tmp_path / "my faces" / name)
    (tmp_path / "my faces" / "attributes.csv").write_text("image,x\n")
    data = load(f"folder:{tmp_path}/my faces", labelled=False)
    assert data.name == "my_faces"
    assert not caplog.records


def test_classes_that_are_there_stay_where_none_are_needed(folder):
    data = load(f"folder:{folder}", labelled=False)
    assert data.class_names == ("cat", "dog", "emu")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], r"no images in .*; expected <folder>/\*\.png"),
        (["0.png"], "no images to validate on .*/validation/, or a second image"),
        (["train/0.png"], "no images to validate on"),
    ],
)
def test_no_images_without_classes(tmp_path, files, says):
    for file in files:
        write(tmp_path / file)
    with pytest.raises(InputError, match=says) as caught:
        load(f"folder:{tmp_path}", labelled=False)
    assert "\n" not in str(caught.value)
