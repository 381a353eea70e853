"""A Kubernetes cluster: workers are pods of one Job, a mailbox is an object of a kind of our own."""
