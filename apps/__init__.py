"""The commands: one app a task."""
