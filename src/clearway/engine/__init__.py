"""One file an engine: parameters to argv and files, output to a Measurement. Pure: nothing is started here."""
