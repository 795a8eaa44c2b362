"""What glowplug keeps between runs: whole files, of this user's, with a checksum, in bounded room.

Nothing here is needed: what can't be read, was cut short, is somebody else's or was changed is as good as absent, and
what can't be written is not kept. It guards against accidents and other users, not against somebody who can write as
the user who runs glowplug.
"""
