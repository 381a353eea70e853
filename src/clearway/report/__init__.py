"""What a run showed, for people and machines: one file a format, every sentence from wording/."""
