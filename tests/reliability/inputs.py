"""Command lines and damaged files as users, disks and strangers make them."""

import importlib
import json
import math
from pathlib import Path
from typing import NamedTuple

from absl import flags
from hypothesis import strategies as st

from apps.run import models
from tests.reliability import material

_WORDS = [
    *("", " ", "\n", "nan", "null", "-", ",", "=", "²", "$x$ $y$", "{[]}", "[" * 99),
    *("x" * 5000, "..", "/dev/null", "/dev/zero", "/proc/self/mem", "~nobody/"),
    *("folder:", "folder:.", "folder:~nobody", "folder:images/", "a:b:c", "%s"),
    *("1e300,1,1", "99,99,99", "1e-9,1,1", "100000,100000,1", "0,0,0", "1,1"),
]
_TEXTS = st.one_of(
    st.sampled_from(_WORDS),
    # No paths: what is written stays in the material's folder.
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/~")),
)
_INTEGERS = st.one_of(
    st.sampled_from([0, 1, 2, 3, -1, 500, 10**6, 10**8, 2**31, 2**63, 10**20]),
    st.integers(-9, 99),
)
_FLOATS = st.sampled_from(
    [
        -1.0,
        -0.0,
        0.5,
        1.0,
        2.0,
        1e-9,
        1e-300,
        1e38,
        1e300,
        math.inf,
        -math.inf,
        math.nan,
    ]
)


class Case(NamedTuple):
    """A call of an app.

    Attributes:
        app: The app's name.
        arguments: Its command line.
        damages: What is done before to files that it may read.
        must_agree: Whether the answer has to be that of the undamaged files, where
            there is one.
    """

    app: str
    arguments: list[str]
    damages: "list[Damage]" = []  # noqa: RUF012
    must_agree: bool = False


class Damage(NamedTuple):
    """What is done to one file.

    Attributes:
        path: The file, in the material's folder.
        kind: "cut", "flip", "junk", "empty", "nest", "missing", "folder" or the path of
            another file, whose content it gets.
        place: Where it is done, from 0 for the begin to 1 for the end.
    """

    path: str
    kind: str
    place: float

    def apply(self, folder: Path) -> None:
        """Damages the file."""
        path = folder / self.path
        content = bytearray(path.read_bytes())
        other = folder / self.kind
        others = other.read_bytes() if other.is_file() else b""
        path.unlink()
        if self.kind == "missing":
            return
        if self.kind == "folder":
            path.mkdir()
            return
        position = int(self.place * max(len(content) - 1, 0))
        if self.kind == "cut":
            content = content[:position]
        elif self.kind == "flip" and content:
            content[position] ^= 1 << (position % 8)
        elif self.kind == "junk":
            content[position : position + 16] = b"\xff\0{]\n" * 4
        elif self.kind == "empty":
            content = bytearray()
        elif self.kind == "nest":
            content = bytearray(_nested(bytes(content), self.place))
        elif self.kind != "flip":
            content = bytearray(others)
        path.write_bytes(content)


def _nested(content, place):
    """Returns JSON of which one value is another; or that has no end of brackets."""
    others = [None, -1, 1e400, float("nan"), "", [[]], {"a": {}}, [None] * 3, "$a$ $b$"]
    try:
        values = json.loads(content)
        keys = [*values]
        values[keys[int(place * (len(keys) - 1))]] = others[int(place * 1e6) % 9]
    except (ValueError, TypeError, LookupError):
        return b"[" * 100_000
    return json.dumps(values).encode()


def _values(flag, files):
    """Returns the strategy for what follows `--<name>=`."""
    known = {
        "model": st.sampled_from(sorted(models.models())),
        "dataset": st.sampled_from(["digits", "ring", "grid", "toy2d", "numbers:50"]),
    }.get(flag.name)
    anything = st.one_of(_TEXTS, st.sampled_from(files), _INTEGERS.map(str))
    if known is not None:
        return st.one_of(known, anything)
    choices = getattr(flag.parser, "enum_values", None)
    if choices:
        return st.one_of(st.sampled_from(choices), anything)
    if isinstance(flag.parser, flags.IntegerParser):
        return st.one_of(_INTEGERS.map(str), anything)
    if isinstance(flag.parser, flags.FloatParser):
        return st.one_of(_FLOATS.map(str), anything)
    if flag.name.endswith("_options"):
        names = ["filters", "units", "latent_size", "num_layers", "output", "dropout"]
        value = st.one_of(_INTEGERS.map(str), _FLOATS.map(str), _TEXTS)
        return st.builds("{}={}".format, st.sampled_from(names), value)
    return anything


def _given(app, files):
    """Returns the strategy for one flag of an app, as it is written."""
    defined = importlib.import_module(f"apps.{app}").FLAGS

    def of(name):
        flag = defined[name]
        if isinstance(flag, flags.BooleanFlag):
            return st.sampled_from([f"--{name}", f"--no{name}", f"--{name}=2"])
        return _values(flag, files).map(lambda value: f"--{name}={value}")

    names = [name for name in defined if not name.startswith("help")]
    flag = st.sampled_from(names).flatmap(of)
    flagfile = st.sampled_from(files).map("--flagfile={}".format)
    return st.one_of(*[flag] * 6, flagfile, st.sampled_from(files), _TEXTS)


@st.composite
def command_lines(draw, files):
    """Draws a call of an app with flags that mean little or too much."""
    calls = [
        (app, material.training(name, "new"))
        for name, (app, _) in material.TRAININGS.items()
    ]
    calls += [(app, flags.split()) for app, flags, _ in material.USES]
    others = [(app, flags.split()) for app, flags in material.OTHERS]
    app, good = draw(st.sampled_from([*calls, *calls, *others]))
    further = draw(st.lists(_given(app, files), min_size=1, max_size=3))
    return Case(app, [*good, *further])


@st.composite
def damaged_files(draw, files):
    """Draws a call of an app after something has happened to a file that it reads."""
    resumed = [
        (app, material.training(name, name), [f"runs/{name}"])
        for name, (app, _) in material.RUNS.items()
    ]
    trained = [
        (material.TRAININGS[name][0], material.training(name, "new"), [data])
        for name, data in [
            ("classifier", "images"),
            ("attributes", "images"),
            ("translator", "corpus"),
            ("weights", "runs/classifier"),
        ]
    ]
    used = [(app, flags.split(), folders) for app, flags, folders in material.USES]
    app, arguments, folders = draw(st.sampled_from(used + used + resumed + trained))
    near = [
        file
        for file in files
        if file.startswith(tuple(folders)) and "figures/" not in file
    ]
    kind = st.one_of(
        st.sampled_from(["cut", "flip", "junk", "empty", "nest", "missing", "folder"]),
        st.sampled_from(files),
    )
    damage = st.builds(Damage, st.sampled_from(near), kind, st.floats(0, 1))
    damages = draw(st.lists(damage, min_size=1, max_size=2, unique_by=lambda d: d.path))
    binary = (".keras", ".npz", ".pb", ".index", ".data-00000-of-00001")
    must_agree = (app, arguments, folders) in used and all(
        damage.path.endswith(binary) and damage.kind in ("flip", "cut", "junk")
        for damage in damages
    )
    return Case(app, arguments, damages, must_agree)
