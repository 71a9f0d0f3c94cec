"""A user's own images, in one folder per class or all in one."""

import collections
import functools
import hashlib
import os
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from absl import logging
from PIL import ExifTags, Image

from kerasapps.data import own_folder, split_names
from kerasapps.data.images.dataset import MAX_PIXELS, Example, ImageDataset, Split
from kerasapps.data.images.encoded import decode_png_or_jpeg
from kerasapps.errors import InputError, printable

_ENDINGS = (".png", ".jpg", ".jpeg")
_LAYOUT = "expected <folder>/<split>/<class>/*.png, .jpg or .jpeg"
_WITHOUT_CLASSES = "expected <folder>/*.png, .jpg or .jpeg"

_ATTRIBUTES = "attributes.csv"
# Folders that apps write, if no images lie right in them.
_OUTPUTS = ("runs", "saved_models")

# About this share of the images is held out.
_HELD_OUT_SHARE = 0.1

# The paths of the images of each class, sorted; "" is that of images without one.
_Classes = dict[str, list[str]]
# The paths of what isn't taken, by what it is.
_PassedOver = dict[str, list[Path]]


def load(
    path: str,
    labelled: bool = True,
    validation_split: str | None = None,
    held_out: Sequence[str] | None = None,
) -> ImageDataset:
    """Loads `path/<split>/<class>/*.{png,jpg,jpeg}`.

    The splits go by the names of `split_names`: "train", and, held out, "validation" or
    else "test". Where there is none of the latter two, or where the classes lie
    directly below `path`, about a tenth of the images is held out, by a hash of the
    class and the file's name: one image more moves no other. Only in a class of which
    the hash holds out none or all of two or more, it is the first or all but the last
    in the order of the hashes. The classes are the folders of the training split in
    alphabetical order. Hidden files and folders, and what archives from a Mac leave
    behind, are passed over; what else is passed over is counted in one warning.

    Without labels the images of a split, or all of them, may also lie in a folder
    that has no folders in it: `path/<split>/*.png` or `path/*.png`. The examples then
    have no `label`, and there are no classes.

    The header of every image is read. A picture that a camera has stored lying
    on its side (EXIF orientation) is taken as it lies, with a warning.

    Args:
        path: The folder.
        labelled: Whether there must be class folders.
        validation_split: The split that is held out, by one of its usual names, or
            "all" for all images of a folder that has no splits: these are then those
            to train on, too. None for what is usual.
        held_out: The images that a run has held out, as `ImageDataset.held_out` has
            them. The others are to train on. Images that are no longer there are left
            out, with a warning. It counts only where nothing else says what is held
            out.

    Returns:
        The data set, its classes mixed; the stored `image` is its path. The images
        are grey if all of them are, and RGB otherwise.

    Raises:
        InputError: The folder is missing, a training class has no image, a
            validation class isn't among the training classes, there is no
            `validation_split`, an image is too large, or a file isn't the image that
            its ending says.
    """
    root = Path(os.path.expanduser(path))
    if not path or "\0" in path or not root.is_dir():
        layout = _LAYOUT if labelled else _WITHOUT_CLASSES
        raise InputError(f"there is no folder {path!r}; {layout}")
    try:
        os.path.realpath(root).encode()
    except UnicodeEncodeError:
        raise InputError(f"the path of {path!r} isn't UTF-8; rename it") from None
    flat = not labelled and _is_flat_set(root)
    if not flat and not labelled and not _folders(root):
        raise InputError(f"no images in {str(root)!r}; {_WITHOUT_CLASSES}")
    passed_over: _PassedOver = collections.defaultdict(list)
    train, validation, is_part = _parts(
        root, flat, validation_split, held_out, passed_over
    )
    _warn(passed_over)
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
    channels = _check_headers([*dict.fromkeys([*_flat(train), *_flat(validation)])])
    return ImageDataset(
        name=own_folder.short_name(os.path.expanduser(path)),
        class_names=class_names,
        channels=channels,
        train=_split(train, class_names),
        validation=_split(validation, class_names),
        decode=functools.partial(_decode, channels=channels),
        held_out=(
            tuple(sorted(_relative(image, root) for image in _flat(validation)))
            if is_part
            else None
        ),
    )


def has_splits(path: str) -> bool:
    """Returns whether a folder has the folders of splits, not those of classes.

    Args:
        path: The folder.
    """
    return bool(_splits(Path(os.path.expanduser(path)), flat=False))


def _is_flat(path: Path) -> bool:
    """Returns whether it is a folder that holds images and no folders."""
    return path.is_dir() and not _folders(path) and bool(_images(path))


def _is_flat_set(root: Path) -> bool:
    names = split_names.SPLIT_NAMES["train"]
    return any(_is_flat(place) for place in (root, *(root / name for name in names)))


def _splits(root: Path, flat: bool) -> dict[str, Path]:
    """Returns the folders of the splits by their own names; none without "train"."""

    def is_split(name):
        # A folder "train" without folders inside is a class: pictures of trains.
        return _is_flat(root / name) if flat else bool(_folders(root / name))

    found = {own: split_names.find(own, is_split) for own in split_names.SPLIT_NAMES}
    if not found["train"]:
        return {}
    return {own: root / name for own, name in found.items() if name}


def _parts(
    root: Path,
    flat: bool,
    validation_split: str | None,
    held_out: Sequence[str] | None,
    passed_over: _PassedOver,
) -> tuple[_Classes, _Classes, bool]:
    """Returns the images to train on and to validate on, by their classes.

    The third is whether the second would be to train on, weren't they held out.
    """
    splits = _splits(root, flat)
    choices: list[str] = ["validation", "all"]
    if splits:
        choices = [name for name in ("validation", "test") if name in splits]
        choices = choices or ["validation"]
        others = [place for place in _folders(root) if place not in splits.values()]
        passed_over["folders beside those of splits"] += others
    asked: str = choices[0]
    if validation_split:
        asked = split_names.own_name(validation_split) or validation_split
    if asked not in choices:
        raise InputError(
            f"{str(root)!r} has no split {validation_split!r} to hold out; write "
            f"{' or '.join(choices)}",
            "validation_split",
        )

    train_root = splits.get("train", root)
    train = _classes(train_root, flat, passed_over)
    if not train:
        raise InputError(f"no class folders in {str(train_root)!r}; {_LAYOUT}")
    for name, images in train.items():
        if not images:
            raise InputError(f"no images in {str(train_root / name)!r}; {_LAYOUT}")
    if asked == "all":
        return train, train, False
    if asked not in splits:
        if held_out is None:
            return *_hold_out(train), True
        return *_hold_out_again(train, root, held_out), True
    validation = _classes(splits[asked], flat, passed_over)
    unknown = [name for name in validation if name not in train]
    if unknown:
        raise InputError(
            f"class {unknown[0]!r} of {str(splits[asked])!r} isn't in "
            f"{str(train_root)!r}: both need the same classes"
        )
    return train, validation, False


def _visible(path: Path) -> list[Path]:
    """Returns what is in a folder, sorted, but for what is no part of the data."""
    return sorted(
        entry
        for entry in path.iterdir()
        if not entry.name.startswith((".", "__MACOSX"))
        # Where an app was started in the data's own folder.
        and not (entry.name in _OUTPUTS and entry.is_dir() and not _images(entry))
    )


def _folders(path: Path) -> list[Path]:
    """Returns the visible folders in `path`, sorted; none if it isn't a folder."""
    return [e for e in _visible(path) if e.is_dir()] if path.is_dir() else []


def _images(folder: Path) -> list[Path]:
    """Returns the images right in a folder, sorted."""
    return [
        entry
        for entry in _visible(folder)
        if entry.suffix.lower() in _ENDINGS and entry.is_file()
    ]


def _classes(root: Path, flat: bool, passed_over: _PassedOver) -> _Classes:
    """Returns the images of each class below `root`; notes what else is there."""
    folders = {"": root} if flat else {place.name: place for place in _folders(root)}
    if not flat:
        passed_over["images beside the folders of classes"] += _images(root)
        passed_over["links to nothing"] += [
            entry for entry in _visible(root) if not entry.exists()
        ]
    classes = {}
    for name, folder in folders.items():
        images = _images(folder)
        classes[name] = [str(image) for image in images]
        for entry in _visible(folder):
            if entry.is_dir():
                passed_over["images in folders within those of classes"] += [
                    Path(place, file)
                    for place, _, files in os.walk(entry)
                    for file in sorted(files)
                    if file.lower().endswith(_ENDINGS) and not file.startswith(".")
                ]
            elif not entry.exists():
                passed_over["links to nothing"].append(entry)
            elif entry.suffix.lower() not in _ENDINGS and entry.name != _ATTRIBUTES:
                passed_over["files that are no .png, .jpg or .jpeg"].append(entry)
    return classes


def _warn(passed_over: _PassedOver) -> None:
    parts = [
        f"{len(paths)} {kind} (the first is {printable(str(paths[0]))})"
        for kind, paths in passed_over.items()
        if paths
    ]
    if parts:
        logging.warning("passed over: %s", ", ".join(parts))


def _hold_out(classes: _Classes) -> tuple[_Classes, _Classes]:
    """Parts each class by hashes of its name and the files' names."""
    train, validation = {}, {}
    for name, images in classes.items():
        places = {
            image: _place(os.path.join(name, os.path.basename(image)))
            for image in images
        }
        count = sum(place < _HELD_OUT_SHARE for place in places.values())
        count = min(max(count, 1), len(images) - 1)
        in_order = sorted(images, key=places.__getitem__)
        validation[name] = sorted(in_order[:count])
        train[name] = sorted(in_order[count:])
    return train, validation


def _place(name: str) -> float:
    """Returns a number from 0 to 1 that depends on a name alone, evenly spread."""
    digest = hashlib.sha256(os.fsencode(name)).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _hold_out_again(
    classes: _Classes, root: Path, held_out: Sequence[str]
) -> tuple[_Classes, _Classes]:
    """Parts each class as a run has done it."""
    wanted = set(held_out)
    train, validation = {}, {}
    for name, images in classes.items():
        validation[name] = [i for i in images if _relative(i, root) in wanted]
        train[name] = [i for i in images if _relative(i, root) not in wanted]
    gone = wanted - {_relative(image, root) for image in _flat(validation)}
    if gone:
        logging.warning(
            "%d of the %d images that were held out are no longer in %s; the first is "
            "%s",
            *(len(gone), len(wanted)),
            *(printable(str(root)), printable(min(gone))),
        )
    return train, validation


def _relative(image: str, root: Path) -> str:
    return os.path.relpath(image, root)


def _flat(classes: _Classes) -> Iterable[str]:
    return (image for images in classes.values() for image in images)


def _split(classes: _Classes, class_names: tuple[str, ...]) -> Split:
    """Returns the images in an order that mixes the classes; labelled if there are."""
    paths = [*_flat(classes)]
    order = np.random.default_rng(0).permutation(len(paths))
    in_order = [paths[place] for place in order]
    # As bytes: the names of files may not be UTF-8.
    examples = {"image": [os.fsencode(path) for path in in_order]}
    if class_names:
        labels = np.repeat(
            [class_names.index(name) for name in classes],
            [len(images) for images in classes.values()],
        )
        examples["label"] = labels[order].astype(np.int64)
    return Split(
        examples=tf.data.Dataset.from_tensor_slices(examples),
        size=len(paths),
        paths=tuple(in_order),
    )


class _Header(NamedTuple):
    readable: bool
    grey: bool = False
    rotated: bool = False
    size: tuple[int, int] | None = None


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
            return _Header(readable, grey, rotated, image.size)
    except Image.DecompressionBombError:
        return _Header(True, size=(MAX_PIXELS, MAX_PIXELS))
    except (OSError, ValueError, SyntaxError):
        return _Header(False)


def _check_headers(paths: list[str]) -> int:
    """Returns the number of channels of the images, 1 or 3."""
    with ThreadPoolExecutor() as pool, warnings.catch_warnings():
        # Of many pixels, and of a damaged EXIF header.
        warnings.simplefilter("ignore")
        headers = list(pool.map(_header, paths))
    _refuse(
        [p for p, h in zip(paths, headers, strict=True) if not h.readable],
        len(paths),
        "can't be read as PNG or JPEG",
    )
    _refuse(
        [
            path
            for path, header in zip(paths, headers, strict=True)
            if header.size and header.size[0] * header.size[1] > MAX_PIXELS
        ],
        len(paths),
        f"have more than {MAX_PIXELS} pixels; make them smaller",
    )
    rotated = [p for p, h in zip(paths, headers, strict=True) if h.rotated]
    if rotated:
        logging.warning(
            "%d images are stored rotated (EXIF orientation) and are used as stored; "
            "the first is %s",
            len(rotated),
            printable(rotated[0]),
        )
    return 1 if all(header.grey for header in headers) else 3


def _refuse(paths: list[str], total: int, reason: str) -> None:
    if paths:
        raise InputError(
            f"{len(paths)} of {total} files {reason}: "
            + ", ".join(paths[:3])
            + (", ..." if len(paths) > 3 else "")
        )


def _decode(example: Example, channels: int) -> Example:
    pixels = decode_png_or_jpeg(tf.io.read_file(example["image"]), channels)
    return example | {"image": pixels}
