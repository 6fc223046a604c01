"""A WSGI application with nothing but Python's own library."""

import os
import sys

TEXT = "plain first"


def application(environ, start_response):
    body = f"{TEXT}\npython {sys.version_info[0]}.{sys.version_info[1]} release {os.environ['TUSSILAGO_RELEASE']}\n"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
