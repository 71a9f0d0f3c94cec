import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

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
def test_holds_out_a_tenth_of_each_class(tmp_path, below):
    for name, count in (("a", 1), ("b", 2), ("c", 30)):
        for i in range(count):
            write(tmp_path / below / name / f"{i:02}.png")
    data = load(f"folder:{tmp_path}")
    assert np.bincount(labels(data.train)).tolist() == [1, 1, 27]
    assert np.bincount(labels(data.validation)).tolist() == [0, 1, 3]
    paths = {*data.train.paths, *data.validation.paths}
    assert len(paths) == 33
    assert load(f"folder:{tmp_path}").validation.paths == data.validation.paths


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


def test_warns_of_files_that_are_no_images(folder, caplog):
    (folder / "train" / "dog" / "photo.webp").write_bytes(b"x")
    load(f"folder:{folder}")
    assert len(caplog.records) == 1
    assert "photo.webp" in caplog.text


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


def test_one_class_is_no_classification(tmp_path):
    for name in ("0.png", "1.png"):
        write(tmp_path / "a" / name)
    with pytest.raises(InputError, match="two or more"):
        load(f"folder:{tmp_path}")


@pytest.mark.parametrize(
    ("files", "train", "validation", "classes"),
    [
        # Right in the folder, or in that of a split: a tenth is held out.
        ([f"{i:02}.png" for i in range(20)], 18, 2, ()),
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
