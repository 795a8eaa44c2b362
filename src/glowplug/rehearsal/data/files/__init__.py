"""What a migration's two files say: their Actions, names, what they have to do with and can be trusted to do."""
