"""crowd.py APP MANIFEST FILES COUNT: asks for so many deploys of one app at once, every fiftieth of which waits its turn.

Prints how they were answered, and how those ended that were accepted.
"""

import collections
import http.client
import json
import socket
import sys
import threading
import time

tenant, app = sys.argv[1].split("/")
manifest, files, count = open(sys.argv[2]).read(), sys.argv[3], int(sys.argv[4])
path = f"/v1/tenants/{tenant}/apps/{app}/releases"


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect("/run/tussilago/api.sock")


def ask(method, path, body=None):
    connection = Connection("localhost")
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


lock, answers, accepted = threading.Lock(), collections.Counter(), []
# The agent takes 64 connections of one user at a time.
turn = threading.Semaphore(48)


def deploy(number):
    body = json.dumps({"manifest": manifest, "files": files})
    with turn:
        status, content = ask("POST", path + ("?wait=true" if number % 50 == 0 else ""), body)
    with lock:
        answers[str(status)] += 1
        if status == 202:
            accepted.append(content["id"])


threads = [threading.Thread(target=deploy, args=(number,)) for number in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
states = []
for id in accepted:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        state = ask("GET", f"/v1/operations/{id}")[1]["state"]
        if state not in ("accepted", "running"):
            break
        time.sleep(0.1)
    states.append(state)
print(json.dumps({"answers": answers, "states": states}))
