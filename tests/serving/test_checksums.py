"""No change of an export goes unnoticed."""

import subprocess

import pytest

from kerasapps.errors import InputError
from kerasapps.serving import checksums
from kerasapps.serving.versions import write_version


def write(folder):
    """Writes what a SavedModel consists of."""
    (folder / "variables").mkdir()
    (folder / "saved_model.pb").write_bytes(b"a program")
    (folder / "variables/variables.index").write_bytes(b"its numbers")


@pytest.fixture
def version(tmp_path):
    """The folder of an export."""
    write(tmp_path)
    checksums.write(tmp_path)
    return tmp_path


def test_a_whole_one_with_files_beside_it(version):
    (version / "assets.extra/notes.txt").write_text("mine")
    checksums.check(version)
    check = ["sha256sum", "--check", "--quiet", "assets.extra/sha256sums"]
    subprocess.run(check, cwd=version, check=True)


def test_one_of_before_has_none(tmp_path):
    write(tmp_path)
    checksums.check(tmp_path)


@pytest.mark.parametrize(
    "file",
    ["saved_model.pb", "variables/variables.index", "assets.extra/sha256sums"],
)
@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "gone"])
def test_damage(version, file, damage):
    path = version / file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        flipped = content[:5] + bytes([content[5] ^ 1]) + content[6:]
        damaged = {"flipped": flipped, "cut": content[:-9], "empty": b""}
        path.write_bytes(damaged[damage])
    if (file, damage) == ("assets.extra/sha256sums", "gone"):
        return
    with pytest.raises(InputError, match=r"isn't as it was exported.*export it again"):
        checksums.check(version)


def test_a_damaged_version_is_exported_anew(tmp_path):
    def export():
        return write_version(
            str(tmp_path), lambda folder: write(tmp_path / folder), "one"
        )

    assert export() == export() == str(tmp_path / "1")
    (tmp_path / "1/variables/variables.index").write_bytes(b"other numbers")
    assert export() == export() == str(tmp_path / "2")
