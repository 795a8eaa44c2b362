"""What makes others wait."""
