"""Rows of ours: those that the files aim at, how they are numbered and told apart, and branches that hold them."""
