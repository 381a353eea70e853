"""The Kubernetes API: connection, errors, watches. Knows nothing of measuring."""
