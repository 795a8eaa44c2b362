"""``<harm>/<rule>.py``: one Rule a file, found by walking this package; the file's name is the rule's."""
