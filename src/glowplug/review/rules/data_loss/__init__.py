"""What is lost for good."""
