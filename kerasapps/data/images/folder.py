"""A user's own images, in one folder per class or all in one."""

import functools
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from absl import logging
from PIL import ExifTags, Image

from kerasapps.data.images.dataset import Example, ImageDataset, Split
from kerasapps.errors import InputError

_ENDINGS = (".png", ".jpg", ".jpeg")
_VALIDATION = ("validation", "val", "valid", "test")
_LAYOUT = "expected <folder>/<split>/<class>/*.png, .jpg or .jpeg"
_WITHOUT_CLASSES = "expected <folder>/*.png, .jpg or .jpeg"


def load(path: str, labelled: bool = True) -> ImageDataset:
    """Loads `path/<split>/<class>/*.{png,jpg,jpeg}`.

    The splits are "train" and the first that exists of "validation", "val",
    "valid" and "test". Where there is none of these, or where the classes lie
    directly below `path`, a tenth of each class (at least one image, if it has
    two) is held out; which, doesn't change from run to run. The classes are the
    folders of the training split in alphabetical order. Hidden files and
    folders, and what archives from a Mac leave behind, are passed over.

    Without labels the images of a split, or all of them, may also lie in a folder
    that has no folders in it: `path/<split>/*.png` or `path/*.png`. The examples then
    have no `label`, and there are no classes.

    The header of every image is read. A picture that a camera has stored lying
    on its side (EXIF orientation) is taken as it lies, with a warning.

    Args:
        path: The folder.
        labelled: Whether there must be class folders.

    Returns:
        The data set, its classes mixed; the stored `image` is its path. The images
        are grey if all of them are, and RGB otherwise.

    Raises:
        InputError: The folder is missing, a training class has no image, a
            validation class isn't among the training classes, or a file isn't
            the image that its ending says.
    """
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        layout = _LAYOUT if labelled else _WITHOUT_CLASSES
        raise InputError(f"there is no folder {path!r}; {layout}")
    data_name = re.sub(r"[^\w.-]+", "_", root.resolve().name) or "folder"
    flat = not labelled and (_is_flat(root) or _is_flat(root / "train"))
    if flat:
        train, validation = _without_classes(root)
    elif not labelled and not _folders(root):
        raise InputError(f"no images in {str(root)!r}; {_WITHOUT_CLASSES}")
    else:
        train, validation = _with_classes(root)
    if not any(validation.values()):
        raise InputError(
            f"no images to validate on in {str(root)!r}; "
            f"add {root.name}/validation/{'<class>/' if labelled else ''}, or a second "
            "image to a class"
        )

    class_names = () if flat else tuple(train)
    for name in class_names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"the name of the class folder {name!r} isn't UTF-8; rename it"
            ) from None
    channels = _check_headers([*_flat(train), *_flat(validation)])
    return ImageDataset(
        name=data_name,
        class_names=class_names,
        channels=channels,
        train=_split(train, class_names),
        validation=_split(validation, class_names),
        decode=functools.partial(_decode, channels=channels),
    )


def _with_classes(root: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Returns the images of each class to train and to validate on."""
    # A folder "train" without folders inside is a class: pictures of trains.
    train_root = root / "train" if _folders(root / "train") else root
    train = _classes(train_root)
    if not train:
        raise InputError(f"no class folders in {str(train_root)!r}; {_LAYOUT}")
    for name, images in train.items():
        if not images:
            raise InputError(f"no images in {str(train_root / name)!r}; {_LAYOUT}")

    held_out = [root / name for name in _VALIDATION if _folders(root / name)]
    if train_root == root or not held_out:
        train, validation = _hold_out(train)
    else:
        validation = _classes(held_out[0])
        unknown = [name for name in validation if name not in train]
        if unknown:
            raise InputError(
                f"class {unknown[0]!r} of {str(held_out[0])!r} isn't in "
                f"{str(train_root)!r}: both need the same classes"
            )
    return train, validation


def _is_flat(path: Path) -> bool:
    """Returns whether it is a folder that holds images and no folders."""
    return path.is_dir() and not _folders(path) and bool(_images(path)[0])


def _without_classes(
    root: Path,
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Returns the images to train and to validate on, as those of one class ""."""
    if _is_flat(root):
        return _hold_out(_listed({"": root}))
    train = _listed({"": root / "train"})
    for held_out in _VALIDATION:
        if _is_flat(root / held_out):
            return train, _listed({"": root / held_out})
    return _hold_out(train)


def _folders(path: Path) -> list[Path]:
    """Returns the visible folders in `path`, sorted; none if it isn't a folder."""
    if not path.is_dir():
        return []
    return sorted(
        entry
        for entry in path.iterdir()
        if entry.is_dir() and not entry.name.startswith((".", "__MACOSX"))
    )


def _classes(root: Path) -> dict[str, list[str]]:
    """Returns the paths of the images of each class below `root`, sorted."""
    return _listed({folder.name: folder for folder in _folders(root)})


def _listed(folders: dict[str, Path]) -> dict[str, list[str]]:
    """Returns the paths of the images in each folder, sorted."""
    classes, others = {}, []
    for name, folder in folders.items():
        images, rest = _images(folder)
        classes[name] = [str(image) for image in images]
        others += rest
    if others:
        logging.warning(
            "passed over %d files that are no .png, .jpg or .jpeg; the first is %s",
            len(others),
            others[0],
        )
    return classes


def _images(folder: Path) -> tuple[list[Path], list[Path]]:
    """Returns the images in a folder and its other visible files, sorted."""
    files = sorted(
        entry
        for entry in folder.iterdir()
        if entry.is_file()
        and not entry.name.startswith(".")
        and entry.name != "attributes.csv"
    )
    images = [file for file in files if file.suffix.lower() in _ENDINGS]
    return images, [file for file in files if file.suffix.lower() not in _ENDINGS]


def _hold_out(
    classes: dict[str, list[str]],
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Splits each class into nine tenths and one tenth."""
    train, validation = {}, {}
    for name, images in classes.items():
        # A generator for each class, so that one more class changes no other.
        order = np.random.default_rng(0).permutation(len(images))
        count = max(len(images) // 10, 1) if len(images) > 1 else 0
        validation[name] = [images[i] for i in sorted(order[:count])]
        train[name] = [images[i] for i in sorted(order[count:])]
    return train, validation


def _flat(classes: dict[str, list[str]]) -> Iterable[str]:
    return (image for images in classes.values() for image in images)


def _split(classes: dict[str, list[str]], class_names: tuple[str, ...]) -> Split:
    """Returns the images in an order that mixes the classes; labelled if there are."""
    paths = np.array(list(_flat(classes)))
    # A buffer shuffles the examples of an epoch: it would not mix classes that lie
    # farther apart than its size.
    order = np.random.default_rng(0).permutation(len(paths))
    examples = {"image": paths[order]}
    if class_names:
        labels = np.repeat(
            [class_names.index(name) for name in classes],
            [len(images) for images in classes.values()],
        )
        examples["label"] = labels[order].astype(np.int64)
    return Split(
        examples=tf.data.Dataset.from_tensor_slices(examples),
        size=len(paths),
        paths=tuple(examples["image"].tolist()),
    )


class _Header(NamedTuple):
    readable: bool
    grey: bool
    rotated: bool


def _header(path: str) -> _Header:
    try:
        with Image.open(path) as image:
            # Pillow says MPO of JPEGs from cameras that append a second picture.
            readable = image.format in ("PNG", "JPEG", "MPO")
            grey = image.mode in ("1", "L", "LA", "I", "I;16")
            rotated = (
                "exif" in image.info
                and image.format != "PNG"
                and image.getexif().get(ExifTags.Base.Orientation, 1) != 1
            )
            return _Header(readable, grey, rotated)
    except (OSError, ValueError, Image.DecompressionBombError):
        return _Header(False, False, False)


def _check_headers(paths: list[str]) -> int:
    """Returns the number of channels of the images, 1 or 3."""
    with ThreadPoolExecutor() as pool:
        headers = list(pool.map(_header, paths))
    unreadable = [p for p, h in zip(paths, headers, strict=True) if not h.readable]
    if unreadable:
        raise InputError(
            f"{len(unreadable)} of {len(paths)} files can't be read as PNG or JPEG: "
            + ", ".join(unreadable[:3])
            + (", ..." if len(unreadable) > 3 else "")
        )
    rotated = [p for p, h in zip(paths, headers, strict=True) if h.rotated]
    if rotated:
        logging.warning(
            "%d images are stored rotated (EXIF orientation) and are used as stored; "
            "the first is %s",
            len(rotated),
            rotated[0],
        )
    return 1 if all(header.grey for header in headers) else 3


def _decode(example: Example, channels: int) -> Example:
    pixels = tf.io.decode_image(
        tf.io.read_file(example["image"]), channels=channels, expand_animations=False
    )
    return example | {"image": pixels}
