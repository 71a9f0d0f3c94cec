"""`metrics.json`, what a command leaves for programs."""

import json
import pathlib

from kerasapps.replacing import replacing


def write(directory: pathlib.Path, metrics: dict) -> None:
    """Writes a directory's `metrics.json`, whole or not at all.

    Args:
        directory: The directory, which exists.
        metrics: What is written, fit for JSON.
    """
    # A key a line: a confusion matrix would have a line for each number.
    lines = (f"  {json.dumps(key)}: {json.dumps(metrics[key])}" for key in metrics)
    with replacing(directory / "metrics.json") as partial:
        partial.write_text("{\n" + ",\n".join(lines) + "\n}\n")
