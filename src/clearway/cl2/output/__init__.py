"""The files of the report folder."""
