"""Out-of-memory kills while a run goes on, by whoever saw them; and who saw nothing because it may not look."""
