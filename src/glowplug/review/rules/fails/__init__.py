"""What the server or Diesel refuses."""
