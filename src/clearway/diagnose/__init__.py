"""What explains a verdict: losses, kills, throttling, broken nodes, figures. It neither judges nor words."""
