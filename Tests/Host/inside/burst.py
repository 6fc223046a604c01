"""burst.py HOSTNAME COUNT COMMAND...: sends so many requests through Caddy at once, in the moment in which the command
ends; prints how often each status came."""

import collections
import http.client
import json
import subprocess
import sys
import threading

hostname, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
go = threading.Event()
lock = threading.Lock()
answers = collections.Counter()


def send():
    # Connected before: nothing but the request is left to be sent.
    connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=40)
    connection.connect()
    go.wait()
    try:
        connection.request("GET", "/", headers={"Host": hostname})
        seen = str(connection.getresponse().status)
    except OSError as error:
        seen = repr(error)
    with lock:
        answers[seen] += 1


threads = [threading.Thread(target=send) for _ in range(count)]
for thread in threads:
    thread.start()
subprocess.run(command, check=True)
go.set()
for thread in threads:
    thread.join()
print(json.dumps(answers))
