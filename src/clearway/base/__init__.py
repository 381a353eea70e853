"""Units, errors and clocks: what every other package stands on."""
