"""The run that all commands share."""
