"""Reports for people and programs: one file for each format, every sentence from wording/."""
