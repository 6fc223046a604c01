"""What a hostile app can put in the place of its socket, for Caddy to find there."""

import os
import socket
import stat


def plant(kind, path, targets):
    """Replaces the socket, or what was planted in its place before."""
    away = f"{path}.away"
    if os.path.lexists(path):
        # The server's own socket is only moved, to be put back.
        if os.path.lexists(away):
            os.unlink(path) if not os.path.isdir(path) or os.path.islink(path) else os.rmdir(path)
        else:
            os.rename(path, away)
    folder = os.path.dirname(path)
    if kind == "back":
        os.rename(away, path)
    elif kind.startswith("link-"):
        os.symlink(targets["path"], path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "file":
        open(path, "w").close()
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "device":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    elif kind == "hard-link":
        os.link(targets["path"], path)
    elif kind == "closed":
        # A socket on which nobody listens.
        with socket.socket(socket.AF_UNIX) as each:
            each.bind(path)
    elif kind == "nothing":
        pass
    os.chmod(folder, 0o777)
