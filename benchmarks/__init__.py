"""What clearway measures, held against the same tools run by hand. `make bench` runs it."""
