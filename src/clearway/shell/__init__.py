"""Commands on the nodes' own operating system: the roads to a node, and what each provider has."""
