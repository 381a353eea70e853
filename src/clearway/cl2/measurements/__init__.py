"""What a step can measure or wait for: one file a kind, one row each in `table.py`."""
