"""What writes every row of a table anew."""
