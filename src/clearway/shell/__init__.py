"""Commands on the nodes' own operating system: the transports that reach a node, and what each provider has."""
