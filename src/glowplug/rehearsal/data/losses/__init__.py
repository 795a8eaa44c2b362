"""What is lost: rows and values held against those of another reading, found elsewhere or computed back."""
