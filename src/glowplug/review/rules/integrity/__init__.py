"""What leaves rows or the schema other than meant."""
