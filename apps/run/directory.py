"""Where a run keeps what it leaves, and whether what lies there is this very run."""

import hashlib
import os
import pathlib
import re
from collections.abc import Sequence

from absl import flags

from kerasapps.errors import InputError
from kerasapps.replacing import replacing

# Flags that don't change what is trained.
_NOT_COMPARED = {
    *("run_dir", "resume", "checkpoint_every", "data_dir"),
    *("export_dir", "export_dtype", "gif"),
    *("beam_size", "length_penalty", "replace_unknown"),
}


def run_directory(values: flags.FlagValues, app_name: str) -> pathlib.Path:
    """Returns --run_dir, or the folder that is named by the flags of the training.

    Args:
        values: The app's flags.
        app_name: The app's name.
    """
    if values.run_dir:
        return pathlib.Path(values.run_dir)
    data = _data_name(values)
    name = f"{_plain(values.model)}_{_plain(data)}"
    in_name = {"model", "dataset"} if data == values.dataset else {"model"}
    changed = [
        flag.serialize()
        for flag in _training_flags(values).values()
        if flag.value != flag.default and flag.name not in in_name
    ]
    if changed:
        digest = hashlib.sha256("\n".join(changed).encode()).hexdigest()
        name = f"{name}-{digest[:6]}"
    return pathlib.Path("runs", app_name, name)


def export_directory(
    values: flags.FlagValues, export_name: str, task: Sequence[str]
) -> str:
    """Returns --export_dir, or the folder that is named by the model and the data.

    Args:
        values: The app's flags.
        export_name: The name of the model.
        task: Names of what is done with the data set, if it isn't the usual thing.
    """
    if values.export_dir is not None:
        return values.export_dir
    other = values.dataset != values["dataset"].default
    names = [export_name, *([_data_name(values)] if other else []), *task]
    return "saved_models/" + "_".join(map(_plain, names))


def open_run(
    values: flags.FlagValues,
    app_name: str,
    directory: pathlib.Path,
    checkpoints: pathlib.Path,
    is_chief: bool,
) -> None:
    """Makes a run's directories, or checks that they hold this very run.

    Args:
        values: The app's flags.
        app_name: The app's name.
        directory: The run's directory.
        checkpoints: This worker's folder in it.
        is_chief: Whether this worker writes what is written once.

    Raises:
        InputError: If there is a run with other flags, or it can't be written.
    """
    path = directory / f"{app_name}.flags"
    compared = _training_flags(values)
    lines = {
        name: flag.serialize() or f"# --{name} is not set"
        for name, flag in compared.items()
    }
    places = [values[name].serialize() for name in ("data_dir", "export_dir")]
    text = [
        f"# python -m apps.{app_name} --flagfile={path}",
        *lines.values(),
        "# Where things are; it may change when the run is resumed.",
        f"--run_dir={directory}",
        *filter(None, places),
    ]
    try:
        # By each worker, as each may have a disk of its own.
        checkpoints.mkdir(parents=True, exist_ok=True)
        (directory / "tensorboard").mkdir(exist_ok=True)
        begun = any(checkpoints.rglob("checkpoint-*.npz"))
        # Only in a folder that is a run's: another may hold anything.
        if path.exists() and not (values.resume and begun):
            _remove_earlier_run(directory, checkpoints, is_chief)
        elif begun and path.exists():
            before = path.read_text(errors="replace").splitlines()
            for name, flag in compared.items():
                then = _lines_of(name, before)
                # A flag that this run's version didn't have yet is as it was then.
                new = not then and flag.value == flag.default
                if then != lines[name].splitlines() and not new:
                    raise InputError(
                        f"{directory} holds a run with another --{name}; "
                        "give another --run_dir, or --noresume to start anew"
                    )
        with replacing(path) as partial:
            partial.write_text("\n".join(text) + "\n")
    except OSError as error:
        raise InputError(
            f"cannot write the run directory {directory}: {error.strerror}; "
            "give another --run_dir"
        ) from error


def _training_flags(values):
    """Returns the flags that determine the result, by their names in order."""
    own = [f for part in values.flags_by_module_dict().values() for f in part]
    found = {flag.name: flag for flag in own if not flag.name.startswith("help")}
    return {n: found[n] for n in sorted(found) if n not in _NOT_COMPARED}


def _data_name(values):
    """Returns --dataset without its version, or of a folder only its name."""
    folder = values.dataset.startswith("folder:")
    return values.dataset if folder else values.dataset.partition(":")[0]


def _plain(name):
    """Returns `name` as fits for a folder; of `folder:PATH` the folder's own."""
    if name.startswith("folder:"):
        name = os.path.basename(name.removeprefix("folder:").rstrip("/"))
    return "".join(c if c.isalnum() or c in "_.-" else "_" for c in name.lower())


def _lines_of(name, lines):
    """Returns the lines of a flagfile that set a flag, or say that it isn't set."""
    return [line for line in lines if re.match(rf"(# )?--(no)?{name}\b", line)]


def _remove_earlier_run(directory, checkpoints, is_chief):
    left = list(checkpoints.rglob("*.npz"))
    if is_chief:
        left += directory.glob("metrics.json")
        left += (directory / "samples").glob("*.npz")
        left += (directory / "tensorboard").rglob("events.*")
    for file in left:
        file.unlink()
