"""changes.py COUNT: changes Caddy's configuration so often while requests come, each on a connection of its own.

Prints how many requests were sent and how many were reset.
"""

import http.client
import json
import socket
import sys
import threading
import time

SERVER = "/config/apps/http/servers/tussilago"


class Admin(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect("/run/caddy/admin.sock")


def admin(method, body=None):
    connection = Admin("localhost")
    connection.request(method, SERVER, body, {"Content-Type": "application/json"})
    content = connection.getresponse().read()
    connection.close()
    return content


stop, lock, sent, reset = threading.Event(), threading.Lock(), 0, 0


def ask():
    global sent, reset
    while not stop.is_set():
        connection, failed = http.client.HTTPConnection("127.0.0.1", 80, timeout=10), 0
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            failed = 1
        finally:
            connection.close()
        with lock:
            sent, reset = sent + 1, reset + failed


before = admin("GET")
server = json.loads(before)
threads = [threading.Thread(target=ask) for _ in range(6)]
for thread in threads:
    thread.start()
for number in range(int(sys.argv[1])):
    server["errors"]["routes"][0]["@id"] = f"change-{number}"
    admin("POST", json.dumps(server))
    time.sleep(0.05)
stop.set()
for thread in threads:
    thread.join()
admin("POST", before)
print(json.dumps({"sent": sent, "reset": reset}))
