"""The run directory: append-only writing, and the reading that judge, report and resume share."""
