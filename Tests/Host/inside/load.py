"""load.py HOSTNAME: sends requests through Caddy until standard input ends; prints how many, what went wrong,
and from when to when each that nobody answered took, by the monotonic clock."""

import http.client
import json
import sys
import threading
import time

stop = threading.Event()
lock = threading.Lock()
sent, again, failures, unanswered, releases = 0, 0, [], [], set()


def send(hostname, keep):
    global sent, again
    connection = None
    while not stop.is_set():
        used, begin = connection is not None, time.monotonic()
        try:
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=20)
            connection.request("GET", "/", headers={"Host": hostname})
            answer = connection.getresponse()
            text = answer.read().decode()
            problem = None if answer.status == 200 else f"{answer.status} {text[:80]}"
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            # Caddy closes idle connections when its configuration changes. One that was used before may be closed at
            # any time, and every client sends its request again then (RFC 9112, section 9.3.1); on a new one it fails.
            if used:
                with lock:
                    again += 1
                connection = None
                continue
            problem, text = repr(error), None
        except (OSError, http.client.HTTPException) as error:
            problem, text = repr(error), None
        if problem or not keep:
            connection.close()
            connection = None
        with lock:
            sent += 1
            if text is None:
                unanswered.append((begin, time.monotonic()))
            if problem:
                failures.append(f"{problem} after {time.monotonic() - begin:.1f} s")
            else:
                releases.add(text.split()[-1])
        if text is None:
            time.sleep(0.005)  # nobody listens: without a pause thousands would be counted


threads = [threading.Thread(target=send, args=(sys.argv[1], index % 2 == 0)) for index in range(4)]
for thread in threads:
    thread.start()
sys.stdin.read()
stop.set()
for thread in threads:
    thread.join()
print(json.dumps({
    "sent": sent, "failed": len(failures), "failures": failures[:5], "unanswered": unanswered, "again": again,
    "releases": sorted(releases),
}))  # fmt: skip
