"""What is refused: odd rows found apart, why a file refuses one, and what asks production for such."""
