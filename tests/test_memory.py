import resource

import pytest

from kerasapps import memory
from kerasapps.errors import InputError


def test_what_is_available_is_below_what_the_machine_has():
    assert 0 < memory.available() < 2**50


def test_limits_of_the_process_count():
    limit = resource.getrlimit(resource.RLIMIT_AS)
    (used,) = memory._of_proc("self/status", "VmSize")
    resource.setrlimit(resource.RLIMIT_AS, (used + 10**8, limit[1]))
    try:
        assert memory.available() <= 10**8
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limit)


@pytest.mark.parametrize(
    ("controllers", "files"),
    [
        ("", {"memory.max": "3000", "memory.current": "1000"}),
        (
            "cpu,memory",
            {"memory.limit_in_bytes": "3000", "memory.usage_in_bytes": "1000"},
        ),
    ],
)
def test_groups_of_a_container_count(controllers, files, tmp_path, monkeypatch):
    group = tmp_path / ("memory" if controllers else "") / "outer"
    (group / "inner").mkdir(parents=True)
    for name, text in {**files, "memory.stat": "cache 9\ninactive_file 500\n"}.items():
        (group / name).write_text(text)
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    (tmp_path / "self").mkdir()
    lines = f"1:{controllers}:/outer/inner\n2:pids:/\n"
    (tmp_path / "self" / "cgroup").write_text(lines)
    monkeypatch.setattr(memory, "_PROC", tmp_path)
    assert memory.available() == 2500


def test_what_fits_passes_and_what_does_not_is_one_line(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 2_500_000)
    memory.check(2_500_000, "this", "that")
    with pytest.raises(InputError) as error:
        memory.check(4e15, "the network", "num_layers")
    assert error.value.argument == "num_layers"
    assert str(error.value) == (
        "the network would take 4 PB of memory, and 2.5 MB are free here: choose less"
    )


def test_amounts():
    assert [*map(memory.amount, (0, 999, 1234, 1e300))] == [
        *("0 bytes", "999 bytes", "1.23 kB", "1e+276 YB"),
    ]
