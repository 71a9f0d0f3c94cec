"""JSON files are what they are to be, or one line says where they aren't."""

from typing import Literal, NotRequired, TypedDict

import pytest

from kerasapps import json_file
from kerasapps.errors import InputError


class Inner(TypedDict):
    """An object in an object."""

    sizes: list[int]
    order: NotRequired[Literal["rgb", "bgr"]]


class Outer(TypedDict):
    """What the file is to hold."""

    name: str
    share: float
    split: NotRequired[str | None]
    accuracy: NotRequired[dict[str, float | None]]
    inner: NotRequired[Inner | None]


def write(path, content):
    """Writes a file, and returns its path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "a", "share": 1, "more": [[]]}',
        '{"name": "a", "share": 0.5, "split": null, "accuracy": {"a": null, "b": 1}}',
        '{"name": "a", "share": 0, "inner": {"sizes": [1, 2], "order": "bgr"}}',
        '\ufeff{"name": "a", "share": 1}',
        '{"name": "a", "share": 1}'.encode("utf-16"),
    ],
)
def test_what_is_right(tmp_path, content):
    assert json_file.read(write(tmp_path / "a.json", content), Outer)["name"] == "a"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a.json is no JSON"),
        ('{"name": "a"', "a.json is no JSON"),
        (b'{"name": "\xff"}', "a.json is no JSON"),
        ("[" * 100_000, "a.json is no JSON"),
        ("3", "a.json is no JSON object"),
        ("{}", "a.json has no 'name'"),
        ('{"name": null, "share": 1}', "has null as 'name', which is text"),
        ('{"name": "\\ud800", "share": 1}', "as 'name', which is text"),
        ('{"name": "a", "share": NaN}', "nan as 'share', which is a finite number"),
        ('{"name": "a", "share": 1e999}', "inf as 'share', which is a finite number"),
        (f'{{"name": "a", "share": 1{"0" * 400}}}', "which is a finite number"),
        ('{"name": "a", "share": true}', "True as 'share', which is a finite number"),
        ('{"name": "a", "share": 1, "split": 2}', "2 as 'split', which is text or nul"),
        (
            '{"name": "a", "share": 1, "accuracy": {"b": "c"}}',
            "'c' as 'accuracy.b', which is a finite number or null",
        ),
        ('{"name": "a", "share": 1, "inner": {}}', "has no 'inner.sizes'"),
        (
            '{"name": "a", "share": 1, "inner": {"sizes": [1, 2.5]}}',
            "2.5 as 'inner.sizes.1', which is a whole number",
        ),
        (
            '{"name": "a", "share": 1, "inner": {"sizes": [], "order": "gbr"}}',
            "'gbr' as 'inner.order', which is rgb or bgr",
        ),
        (
            f'{{"name": {"[" * 300}{"]" * 300}, "share": 1}}',
            "as 'name', which is text",
        ),
    ],
)
def test_what_is_wrong(tmp_path, content, message):
    with pytest.raises(InputError) as error:
        json_file.read(write(tmp_path / "a.json", content), Outer)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"a\.json can't be read \(No such file"):
        json_file.read(tmp_path / "a.json", Outer)
