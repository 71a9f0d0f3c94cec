"""Numbered versions of an exported model, as TensorFlow Serving wants them.

    <parent>/models.config                  what there is to serve
    <parent>/<model>/<version>/             one SavedModel

https://www.tensorflow.org/tfx/serving/serving_config
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from kerasapps.errors import InputError
from kerasapps.replacing import naming_full_disk
from kerasapps.serving import checksums

# TensorFlow Serving takes a folder for a version only if its name is a number.
_UNFINISHED = ".unfinished-"
_DIGEST = Path("assets.extra", "digest")
# Where the parent folder is mounted in the tensorflow/serving container.
_MOUNT = "/models"


def check_writable(export_dir: str) -> None:
    """Makes the folder of a model and tries whether it can be written.

    Meant to be called before a training whose export would otherwise be lost.

    Args:
        export_dir: The model's folder, for example "saved_models/lenet".

    Raises:
        InputError: If it or its parent, which holds models.config, can't be written.
    """
    folder = Path(export_dir).absolute()
    with _unwritable_is_input_error(export_dir):
        folder.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder.parent):
            tempfile.TemporaryFile(dir=place).close()


def write_version(
    export_dir: str, write: Callable[[str], None], digest: str | None = None
) -> str:
    """Writes the next version of a model: whole, or not at all.

    The version is written under a temporary name and then renamed, its number one
    past the highest there; models.config beside the model's folder is then
    rewritten. What an export that was killed has left is removed. Where there is a
    whole version of the same digest, that is the one, and nothing is written. Checksums
    of all files are kept in assets.extra/sha256sums.

    Args:
        export_dir: The model's folder, for example "saved_models/lenet".
        write: Writes the SavedModel into the empty folder whose path it is given.
        digest: Tells this model from all others; kept in assets.extra/digest.

    Returns:
        The path of the version's folder.

    Raises:
        InputError: If `export_dir` can't be written.
    """
    check_writable(export_dir)
    folder = Path(export_dir)
    with _one_export_at_a_time(folder.absolute().parent):
        _remove_unfinished(folder)
        for number in sorted(_versions(folder), reverse=True):
            kept = folder / str(number) / _DIGEST
            if digest and kept.is_file() and kept.read_bytes() == digest.encode():
                # One that is damaged is written anew.
                with contextlib.suppress(InputError):
                    checksums.check(folder / str(number))
                    return str(folder / str(number))
        unfinished = folder / f"{_UNFINISHED}{os.getpid()}"
        try:
            with _unwritable_is_input_error(export_dir):
                unfinished.mkdir()
            with naming_full_disk(export_dir):
                write(str(unfinished))
            if digest:
                (unfinished / _DIGEST).parent.mkdir(exist_ok=True)
                (unfinished / _DIGEST).write_text(digest)
            checksums.write(unfinished)
            version = folder / str(max(_versions(folder), default=0) + 1)
            unfinished.rename(version)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        _write_models_config(folder.absolute().parent)
    return str(version)


def newest_version(export_dir: str) -> Path | None:
    """Returns the folder of a model's newest version; None where it has none.

    Args:
        export_dir: The model's folder, for example "saved_models/lenet".
    """
    folder = Path(export_dir)
    numbers = _versions(folder) if folder.is_dir() else []
    whole = [n for n in numbers if (folder / str(n) / "saved_model.pb").is_file()]
    return folder / str(max(whole)) if whole else None


def remove_unfinished(export_dir: str) -> None:
    """Removes what an export that was killed has left.

    Args:
        export_dir: The model's folder, which exists.
    """
    folder = Path(export_dir)
    with _one_export_at_a_time(folder.absolute().parent):
        _remove_unfinished(folder)


def _remove_unfinished(folder: Path) -> None:
    for leftover in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover)


def _versions(folder: Path) -> list[int]:
    names = (entry.name for entry in folder.iterdir())
    return [int(name) for name in names if name.isascii() and name.isdigit()]


def _write_models_config(parent: Path) -> None:
    """Lists the models of a folder, in the form of --model_config_file."""
    config = model_server_config_pb2.ModelServerConfig()
    for folder in sorted(parent.iterdir()):
        # The server would wait for the first version of a model that has none.
        if folder.is_dir() and _versions(folder):
            config.model_config_list.config.add(
                name=folder.name,
                base_path=f"{_MOUNT}/{folder.name}",
                model_platform="tensorflow",
            )
    unfinished = parent / f"{_UNFINISHED}models.config"
    unfinished.write_text(
        f"# Rewritten by each export. Mount this folder as {_MOUNT}.\n"
        + text_format.MessageToString(config)
    )
    unfinished.replace(parent / "models.config")


@contextlib.contextmanager
def _one_export_at_a_time(folder: Path) -> Iterator[None]:
    """Locks a folder; the lock ends with the process, however that ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # Some network file systems have no locks.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _unwritable_is_input_error(export_dir: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"can't export to {str(export_dir)!r} ({error.strerror}); choose a folder "
            "that can be written"
        ) from error
