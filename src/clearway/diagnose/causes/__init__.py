"""Why a place is at fault, by what workers recorded: a rule a file, and a row in `table.py`."""
