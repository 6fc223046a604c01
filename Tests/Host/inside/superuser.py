"""superuser.py DATABASE < STATEMENTS: runs a JSON list of statements as the superuser, each in a transaction that is rolled back,
or with what undoes it; prints as JSON what has failed."""

import json
import sys

sys.path.insert(0, "/srv/apps")
import postgres  # noqa: E402

SOCKET = "/run/tussilago-postgres"
failed = {}
for statement, undo in json.load(sys.stdin):
    with postgres.Connection(f"postgresql://tussilago:x@/{sys.argv[1]}?host={SOCKET}") as connection:
        try:
            if undo is None:
                connection.query("BEGIN")
            connection.query(statement)
            connection.query(undo or "ROLLBACK")
        except (postgres.Failure, OSError) as failure:
            failed[statement] = str(failure)
print(json.dumps(failed))
