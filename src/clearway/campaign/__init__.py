"""One acceptance from start to exit code: its rounds, what comes next, its reports."""
