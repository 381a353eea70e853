"""The Kubernetes API: a connection, its errors, watching, creating, deleting. Knows nothing of measuring."""
