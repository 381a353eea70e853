"""What happens around a measurement, and when to stop for it."""
