"""The commands: one app a task, `python -m apps.<name>`."""
