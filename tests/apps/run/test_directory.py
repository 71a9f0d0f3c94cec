"""What names a run directory, and what lies in it."""

import copy
import importlib

import pytest
from absl import flags

from apps.classifier import training_flags
from apps.run import console, directory
from kerasapps.errors import InputError


def flags_of(app):
    return importlib.import_module(f"apps.{app}").FLAGS


TRAINS = [
    app
    for app in console.commands()
    if app.startswith("train_")
    and "run_dir" in importlib.import_module(f"apps.{app}").FLAGS
]
# It tells how to begin, not what to train.
NOT_WRITTEN = {"resume"}


def other_value(flag):
    """Returns a value of a flag other than its default."""
    parser, value = flag.parser, flag.default
    if isinstance(flag, flags.EnumClassFlag) or getattr(parser, "enum_values", None):
        return next(v for v in parser.enum_values if v != value)
    if flag.boolean:
        return not value
    if isinstance(parser, flags.IntegerParser):
        return (value or 7) + 1
    if isinstance(parser, flags.FloatParser):
        return 0.37
    return ["1", "2"] if isinstance(value, list) else parser.parse("other")


@pytest.mark.parametrize("app", TRAINS)
@pytest.mark.parametrize("changed", [False, True], ids=["defaults", "others"])
def test_the_flagfile_of_a_run_gives_all_of_its_flags(app, changed, tmp_path):
    then, again = flags.FlagValues(), flags.FlagValues()
    for part in flags_of(app).flags_by_module_dict().values():
        for flag in part:
            for values in () if flag.name.startswith("help") else (then, again):
                other = copy.deepcopy(flag)
                other.validators = []
                flags.DEFINE_flag(other, values, app)
    then.mark_as_parsed()
    if changed:
        for name in then:
            then[name].value = other_value(then[name])
    place = tmp_path / "run"
    directory.open_run(then, app, place, place / "checkpoints/worker-0", True)
    again(["", f"--flagfile={place / f'{app}.flags'}"])
    for name in {*then} - NOT_WRITTEN - {"run_dir"}:
        assert again[name].value == then[name].value, name
    assert again.run_dir == str(place)


def left(folder):
    """Returns the files in a folder."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def begin(tmp_path):
    """Opens the directory of a run, as a training does that begins."""

    def begin(*given):
        values = flags.FlagValues()
        flags.DEFINE_bool("resume", True, "", flag_values=values)
        flags.DEFINE_string("model", "lenet5", "", flag_values=values)
        values(["", *given])
        place = tmp_path / "run"
        folder = directory.checkpoint_folder(place, 0)
        directory.open_run(values, "train_any", place, folder, True)
        return place

    return begin


def write(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("content")


OWN = {
    *("metrics.json", "translations.txt", "example.png", "model.keras"),
    *("source_vocabulary/vocabulary.json", "target_vocabulary/vocabulary.json"),
    *("samples/00003.npz", "epochs/00002.npz", "figures/a.png"),
    "tensorboard/8x8/train/events.out.tfevents.1.v2",
    "checkpoints/worker-0/8x8/checkpoint-0000000002.npz",
    "checkpoints/worker-0/8x8/best/00001.npz",
}
FOREIGN = {
    *("mine.keras", "figures/mine.png", "notes/metrics.json", "samples/mine.npz"),
    *("checkpoints/notes.txt", "tensorboard/mine.txt"),
}


def test_a_run_that_starts_anew_removes_what_was_written_and_nothing_else(begin):
    folder = begin()
    write(folder, *OWN, *FOREIGN)
    for name in ("model.keras", "figures/a.png"):
        assert directory.note_output(folder, name) == folder / name
    begin()
    assert left(folder) >= OWN | FOREIGN
    begin("--noresume")
    assert left(folder) == FOREIGN | {".lock", "train_any.flags"}
    assert not (folder / "source_vocabulary").exists()


def test_what_is_noted_lies_in_the_directory(begin, tmp_path):
    folder = begin()
    write(tmp_path, "mine.txt")
    write(folder, "figures/a.png")
    names = ["../mine.txt", str(tmp_path / "mine.txt"), "", "figures/a.png"]
    (folder / "outputs.txt").write_bytes("\n".join(names).encode() + b"\n\xff")
    begin("--noresume")
    assert (tmp_path / "mine.txt").exists()
    assert left(folder) == {".lock", "train_any.flags"}


def test_a_start_removes_what_a_kill_left_half_written(begin):
    folder = begin()
    half = {
        *(".partial-12345678/new.keras", "samples/.partial-12345678/new.npz"),
        *("figures/.partial-12345678/new.png", ".partial-12345678-model.keras"),
        *("samples/.partial-12345678-00001.npz", "epochs/.partial-12345678/new.npz"),
        "source_vocabulary/.partial-12345678/new.json",
        "checkpoints/worker-0/.partial-12345678/new.npz",
        "checkpoints/worker-0/8x8/best/.partial-12345678/new.npz",
        "checkpoints/worker-0/8x8/checkpoint-0000000004.partial",
    }
    write(folder, *half, *OWN)
    begin()
    assert left(folder) == OWN | {".lock", "train_any.flags"}
    assert not list(folder.rglob(".partial*"))


def parsed(*arguments):
    values = flags.FlagValues()
    training_flags.define(values)
    values(["", *arguments])
    return values


def test_names_follow_the_data(tmp_path, monkeypatch):
    for place in ("a/pets", "b/pets"):
        (tmp_path / place).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def names(dataset):
        values = parsed(f"--dataset={dataset}")
        return (
            directory.run_directory(values, "train_classifier").name,
            directory.export_directory(values, "lenet", []),
        )

    run, export = names("folder:a/pets")
    assert run.startswith("lenet5_pets-")
    assert export == f"saved_models/{run.replace('lenet5', 'lenet')}"
    for place in ("a/pets/", tmp_path / "a/pets"):
        assert names(f"folder:{place}") == (run, export)
    assert len({*names("folder:b/pets"), run, export}) == 4


def test_a_run_goes_on_with_its_folder_written_otherwise(tmp_path, monkeypatch):
    (tmp_path / "a/pets").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    checkpoints = tmp_path / "run/checkpoints/worker-0"

    def begin(dataset):
        values = parsed(f"--dataset={dataset}", "--run_dir=run")
        directory.open_run(
            values, "train_classifier", tmp_path / "run", checkpoints, True
        )

    begin("folder:a/pets")
    (checkpoints / "checkpoint-1.npz").touch()
    begin("folder:a/pets/")
    monkeypatch.chdir(tmp_path / "a")
    begin("folder:pets")
    # Written as the first version did it.
    flagfile = tmp_path / "run" / "train_classifier.flags"
    text = flagfile.read_text()
    assert f"--dataset=folder:{tmp_path}/a/pets\n" in text
    flagfile.write_text(text.replace(f"folder:{tmp_path}/a/", "folder:"))
    begin(f"folder:{tmp_path}/a/pets")
    with pytest.raises(InputError, match="another --dataset"):
        begin(f"folder:{tmp_path}/b/pets")
