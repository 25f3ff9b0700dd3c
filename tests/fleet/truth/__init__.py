"""The package's tests share one watch under load."""
