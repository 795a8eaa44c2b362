"""What the running release does not survive."""
