"""format.py MIGRATIONS TARGET: gives the ledger, which no agent has open, the format of an earlier or a later version.

MIGRATIONS is a file with the schema's steps as a JSON array. TARGET is how many of them the ledger shall have had. With
one more than there are it gets a table, a column and an index that no program of today knows, as a later version may add.
Does nothing if the ledger is of that format.
"""

import json
import os
import sqlite3
import sys

LEDGER = "/var/lib/tussilago/ledger.sqlite"
LATER = """
    ALTER TABLE operation ADD COLUMN priority INTEGER NOT NULL DEFAULT 5;
    ALTER TABLE release ADD COLUMN verdict TEXT;
    CREATE TABLE verdict (release TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT;
    INSERT INTO verdict VALUES ('r', 'kept');
    CREATE INDEX operation_priority ON operation (priority);"""


def columns(database, table):
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def tables(database):
    return [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]


def rebuilt(steps, file):
    """A new file of so many steps with what it can hold of the old one."""
    beside = f"{file}.other"
    database = sqlite3.connect(beside, isolation_level=None)
    for step in steps:
        database.executescript(step)
    # The steps' own rows go: the old file has them.
    own = [name for name in tables(database) if name != "format" and not name.startswith("sqlite_")]
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("ATTACH ? AS old", (file,))
    for name in own:
        had = [row[1] for row in database.execute(f"PRAGMA old.table_info({name})")]
        common = ", ".join(each for each in columns(database, name) if each in had)
        database.execute(f"DELETE FROM main.{name}")
        if common:
            database.execute(f"INSERT INTO main.{name} ({common}) SELECT {common} FROM old.{name}")
    database.execute("DETACH old")
    database.execute(f"PRAGMA user_version = {len(steps)}")
    database.close()
    os.chmod(beside, 0o600)
    os.rename(beside, file)
    for end in ("-wal", "-shm"):
        if os.path.exists(file + end):
            os.unlink(file + end)


def main():
    with open(sys.argv[1]) as file:
        steps = json.load(file)
    target = int(sys.argv[2])
    database = sqlite3.connect(LEDGER, isolation_level=None)
    found = database.execute("PRAGMA user_version").fetchone()[0]
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if found != target and target > len(steps):
        database.executescript(f"BEGIN; {LATER} PRAGMA user_version = {target}; COMMIT")
    database.close()
    if found != target and target <= len(steps):
        rebuilt(steps[:target], LEDGER)


main()
