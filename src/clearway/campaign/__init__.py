"""One acceptance from start to exit code: the loop, what comes next, the assembling."""
