"""What a step can measure or wait for: one class and one row in `table.py` for each."""
