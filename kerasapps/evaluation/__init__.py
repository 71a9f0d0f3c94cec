"""Test-time protocols and metrics."""
