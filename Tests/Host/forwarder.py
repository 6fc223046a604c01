"""A loopback TCP port in front of the agent's Unix socket, for programs that know no other."""

import os
import socket
import threading


class Forwarder:
    """Listens on 127.0.0.1 while it is entered; its port is the system's choice."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # closed
            agent = socket.socket(socket.AF_UNIX)
            try:
                agent.connect(self.path)
            except OSError:
                client.close()
                continue
            for source, target in ((client, agent), (agent, client)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    @staticmethod
    def _copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            # A reset of one side is one of the other: neither may wait for an end that does not come.
            for each in (source, target):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def agent_socket(directory):
    """The agent's socket of a running test host, as a path of this side: /run is the host's own."""
    with open(os.path.join(directory, "pid")) as file:
        return f"/proc/{file.read().split()[0]}/root/run/tussilago/api.sock"
