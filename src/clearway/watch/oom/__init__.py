"""Out-of-memory kills during a run, by source, and the sources that can't be read."""
