"""argv -> the flow -> exit code; one file a command."""
