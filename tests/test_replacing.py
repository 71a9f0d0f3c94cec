import keras
import numpy as np
import pytest
from matplotlib.figure import Figure

from kerasapps.replacing import remove_leftovers, replacing
from tests.disk import full_disk


def test_the_file_appears_at_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with replacing(path) as partial:
        partial.write_text("after")
        assert path.read_text() == "before"
        assert partial.suffix == ".txt"
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_two_that_write_the_same_file_do_not_meet(tmp_path):
    path = tmp_path / "a.txt"
    with replacing(path) as one, replacing(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_all_is_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(TypeError), replacing(path) as partial:
        partial.write_text("half") + "no text"
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    path = tmp_path / "missing" / "a.txt"
    with pytest.raises(OSError, match=f"'{path}'"), replacing(path) as partial:
        partial.write_text("")


def test_what_a_killed_process_leaves_is_seen_by_no_pattern(tmp_path):
    (tmp_path / "0.npz").write_text("whole")
    unfinished = replacing(tmp_path / "1.npz")
    with unfinished as partial:
        partial.write_text("half")
        assert [*tmp_path.glob("*.npz")] == [tmp_path / "0.npz"]
        assert [*tmp_path.rglob("[0-9]*")] == [tmp_path / "0.npz"]
        # As after a kill, nobody else is writing.
        remove_leftovers(tmp_path)
        assert [*tmp_path.iterdir()] == [tmp_path / "0.npz"]
        partial.parent.mkdir()
        partial.write_text("whole")
    (tmp_path / ".partial-12345678-2.npz").write_text("of an earlier version")
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"0.npz", "1.npz"}


def write_much(path):
    path.write_bytes(bytes(5000))


def write_arrays(path):
    with open(path, "wb") as file:
        np.savez(file, np.zeros(5000))


def save_network(path):
    keras.Sequential([keras.Input((70,)), keras.layers.Dense(70)]).save(path)


def draw(path):
    Figure((9, 9)).savefig(path)


@pytest.mark.parametrize(
    ("write", "suffix"),
    [
        (write_much, ""),
        (write_arrays, ".npz"),
        (save_network, ".keras"),
        (draw, ".png"),
    ],
)
def test_on_a_full_disk_the_file_is_named_and_nothing_is_left(write, suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    with (
        full_disk(4000),
        pytest.raises(OSError, match=f"File too large: '{path}'"),
        replacing(path) as partial,
    ):
        write(partial)
    assert not list(tmp_path.iterdir())
