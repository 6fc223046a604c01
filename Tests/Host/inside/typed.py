#!/usr/bin/env python3
"""typed.py TEXT_FILE COMMAND…: runs a command on a terminal of its own, types the file's text and Enter when it is asked for
something, and prints all that the terminal shows. Exits as the command did."""

import os
import pty
import sys
import time

with open(sys.argv[1], "rb") as file:
    text = file.read()
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, typed = b"", False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not typed and shown.endswith(b": "):
        typed = True
        time.sleep(0.2)
        os.write(terminal, text + b"\n")
_, status = os.waitpid(child, 0)
sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(status))
