"""Which ordered pairs of workers meet, and which of them at once: a file and a row for each way to choose them."""
