"""Where a run keeps what it leaves, and whether what lies there is this very run."""

import contextlib
import hashlib
import pathlib
import re
from collections.abc import Sequence

from absl import flags

from apps.run import lock
from kerasapps.data import own_folder
from kerasapps.errors import InputError
from kerasapps.replacing import remove_leftovers, replacing

# Flags that don't change what is trained.
_NOT_COMPARED = {
    *("run_dir", "resume", "checkpoint_every", "data_dir"),
    *("export_dir", "export_dtype", "gif"),
    *("longest_source", "cut_source"),
    *("beam_size", "length_penalty", "replace_unknown"),
}
# What a run leaves, beside its flags and what `note_output` has noted.
_CHECKPOINTS = "checkpoints"
_WRITTEN = (
    *("metrics.json", "held_out.json", "translations.txt", "example.png"),
    *("source_vocabulary/vocabulary.json", "target_vocabulary/vocabulary.json"),
    *("samples/[0-9]*.npz", "epochs/[0-9]*.npz"),
    "tensorboard/**/events.out.tfevents.*",
)
_NOTED = "outputs.txt"


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
        _whole(flag.serialize())
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


def checkpoint_folder(directory: pathlib.Path, worker: int) -> pathlib.Path:
    """Returns a worker's folder in the run directory.

    Args:
        directory: The run directory.
        worker: The worker's number.
    """
    return directory / _CHECKPOINTS / f"worker-{worker}"


def note_output(directory: pathlib.Path, name: str) -> pathlib.Path:
    """Returns where an output goes, and notes it: a run that starts anew removes it.

    Args:
        directory: The run directory.
        name: The output's path in it.
    """
    before = _noted(directory)
    if name not in before:
        with replacing(directory / _NOTED) as partial:
            partial.write_text("".join(f"{line}\n" for line in [*before, name]))
    return directory / name


def open_run(
    values: flags.FlagValues,
    app_name: str,
    directory: pathlib.Path,
    checkpoints: pathlib.Path,
    is_chief: bool,
    workers: Sequence[str] = (),
) -> None:
    """Makes a run's directories, or checks that they hold this very run.

    The run directory is then this process's until that ends.

    Args:
        values: The app's flags.
        app_name: The app's name.
        directory: The run's directory.
        checkpoints: This worker's folder in it.
        is_chief: Whether this worker writes what is written once.
        workers: The addresses of all workers; empty where there are no others.

    Raises:
        InputError: If there is a run with other flags, another process trains in it, or
            it can't be written.
    """
    path = directory / f"{app_name}.flags"
    compared = _training_flags(values)
    others = [flag for name, flag in _own_flags(values).items() if name not in compared]
    lines = {name: _whole(_line(flag)) for name, flag in compared.items()}
    text = [
        f"# python -m apps.{app_name} --flagfile={path}",
        *lines.values(),
        "# What follows may change when the run is resumed.",
        f"--run_dir={directory}",
        # Not --noresume: the file would start a run anew that is to go on.
        *(_line(flag) for flag in others if flag.name not in ("run_dir", "resume")),
    ]
    try:
        # By each worker, as each may have a disk of its own.
        checkpoints.mkdir(parents=True, exist_ok=True)
        (directory / "tensorboard").mkdir(exist_ok=True)
        lock.hold(directory, workers, lambda: _clear_up(directory))
        begun = any(checkpoints.rglob("checkpoint-*.npz"))
        # Only in a folder that is a run's: another may hold anything.
        if path.exists() and not (values.resume and begun):
            _remove_earlier_run(directory, checkpoints, is_chief)
        elif begun and path.exists():
            text_before = path.read_text(errors="replace")
            before = [_whole(line) for line in text_before.splitlines()]
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


def _own_flags(values):
    """Returns the app's flags, but for absl's, by their names in order."""
    own = [f for part in values.flags_by_module_dict().values() for f in part]
    found = {flag.name: flag for flag in own if not flag.name.startswith("help")}
    return {name: found[name] for name in sorted(found)}


def _training_flags(values):
    """Returns the flags that determine the result, by their names in order."""
    own = _own_flags(values)
    return {name: flag for name, flag in own.items() if name not in _NOT_COMPARED}


def _line(flag):
    """Returns what a flagfile says of a flag."""
    return flag.serialize() or f"# --{flag.name} is not set"


def _data_name(values):
    """Returns --dataset without its version, or of a folder only its name."""
    folder = values.dataset.startswith("folder:")
    return values.dataset if folder else values.dataset.partition(":")[0]


def _plain(name):
    """Returns `name` as fits for a folder; of `folder:PATH` one that no other has."""
    if own_folder.is_own_folder(name):
        name = own_folder.unique_name(name)
    return "".join(c if c.isalnum() or c in "_.-" else "_" for c in name.lower())


def _whole(line):
    """Returns a line of a flagfile; the user's folder in it has its whole path."""
    name, sign, value = line.partition("=")
    return name + sign + own_folder.resolved(value)


def _lines_of(name, lines):
    """Returns the lines of a flagfile that set a flag, or say that it isn't set."""
    return [line for line in lines if re.match(rf"(# )?--(no)?{name}\b", line)]


def _remove_earlier_run(directory, checkpoints, is_chief):
    left = list(checkpoints.rglob("*.npz"))
    if is_chief:
        left += [file for pattern in _WRITTEN for file in directory.glob(pattern)]
        left += [directory / _NOTED, *(directory / name for name in _noted(directory))]
    for file in filter(pathlib.Path.is_file, left):
        file.unlink()
        # Of the folders that are then empty none is left.
        with contextlib.suppress(OSError):
            if file.parent not in (directory, checkpoints):
                file.parent.rmdir()


def _noted(directory):
    """Returns the names of the outputs that a run has noted."""
    file = directory / _NOTED
    if not file.is_file():
        return []
    lines = file.read_text(errors="replace").splitlines()
    # Not what lies elsewhere, whatever the file says.
    paths = [pathlib.PurePath(line) for line in lines]
    return [str(path) for path in paths if not path.anchor and ".." not in path.parts]


def _clear_up(directory):
    """Removes what a killed process has left of files that it was writing."""
    parents = {pattern.rpartition("/")[0] for pattern in _WRITTEN}
    checkpoints = directory / _CHECKPOINTS
    for folder in (
        *(directory / name for name in {*parents, "figures"} if "*" not in name),
        *[path for path in checkpoints.rglob("*") if path.is_dir()],
    ):
        remove_leftovers(folder)
    for file in checkpoints.rglob("checkpoint-*.partial"):
        file.unlink()
