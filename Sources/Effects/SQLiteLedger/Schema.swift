internal import TussilagoCore

/// The ledger's tables, and how a file gets them.
enum Schema {
    /// What turns an empty file into a ledger, step by step.
    ///
    /// `user_version` counts the steps that a file has had. A step that was released is never changed.
    static let migrations = [tables]

    /// Makes a connection safe to use, and its file as new as this program.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the file is newer; then nothing is written to it.
    static func prepare(_ connection: Connection) throws(PortError) {
        // The version comes first: to turn the log on writes to the file.
        let found = try version(of: connection)
        guard found <= migrations.count else {
            throw PortError(
                .refused, PortError.ledgerSubject,
                cause: "it was written by a newer version (format \(found), this one knows up to \(migrations.count))")
        }
        // FULL syncs the log at each commit: what was acknowledged survives a power cut (sqlite.org/pragma.html).
        try connection.script(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA foreign_keys = ON;
            PRAGMA trusted_schema = OFF;
            """)
        guard found < migrations.count else { return }
        try connection.transaction { () throws(PortError) in
            for (index, migration) in migrations.enumerated().dropFirst(try version(of: connection)) {
                try connection.script(migration)
                try connection.script("PRAGMA user_version = \(index + 1)")
            }
        }
    }

    private static func version(of connection: Connection) throws(PortError) -> Int {
        try connection.row("PRAGMA user_version") { (row) throws(PortError) in try row.integer(0) } ?? 0
    }

    /// Times are microseconds since 1970, ids are UUIDs in lower case, long columns stand last: a scan over the short
    /// ones then reads no overflow pages.
    private static let tables = """
        -- The next index that was never given out. It only grows, so that no tenant gets another's users.
        CREATE TABLE counter (
            name TEXT PRIMARY KEY,
            next INTEGER NOT NULL CHECK (next >= 0)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO counter VALUES ('users', 0), ('network', 0);

        CREATE TABLE tenant (
            name TEXT PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            users INTEGER NOT NULL UNIQUE CHECK (users >= 0),
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE app (
            tenant TEXT NOT NULL REFERENCES tenant (name),
            name TEXT NOT NULL,
            id TEXT NOT NULL UNIQUE,
            network INTEGER NOT NULL UNIQUE CHECK (network >= 0),
            created_at INTEGER NOT NULL,
            -- The highest number that any of its releases had; it stays when they go.
            last_release INTEGER NOT NULL DEFAULT 0 CHECK (last_release >= 0),
            PRIMARY KEY (tenant, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE release (
            tenant TEXT NOT NULL,
            app TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number >= 1),
            id TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL CHECK (state IN ('pending', 'current', 'superseded', 'failed')),
            created_at INTEGER NOT NULL,
            operation TEXT NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (tenant, app, number),
            FOREIGN KEY (tenant, app) REFERENCES app (tenant, name) ON DELETE CASCADE
        ) STRICT;
        CREATE UNIQUE INDEX release_current ON release (tenant, app) WHERE state = 'current';

        -- Every text that a process's unit template had. The key keeps a generation from having two texts.
        CREATE TABLE template (
            tenant TEXT NOT NULL,
            app TEXT NOT NULL,
            process TEXT NOT NULL,
            generation INTEGER NOT NULL CHECK (generation >= 1),
            content TEXT NOT NULL,
            PRIMARY KEY (tenant, app, process, generation),
            FOREIGN KEY (tenant, app) REFERENCES app (tenant, name) ON DELETE CASCADE
        ) STRICT;

        -- Who owns a hostname. It has an owner as long as a pending or current release claims it.
        CREATE TABLE hostname (
            name TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            app TEXT NOT NULL,
            UNIQUE (name, tenant, app),
            FOREIGN KEY (tenant, app) REFERENCES app (tenant, name) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX hostname_app ON hostname (tenant, app);

        -- The second foreign key lets only the owner's releases claim a hostname.
        CREATE TABLE claim (
            tenant TEXT NOT NULL,
            app TEXT NOT NULL,
            release INTEGER NOT NULL,
            hostname TEXT NOT NULL,
            PRIMARY KEY (tenant, app, release, hostname),
            FOREIGN KEY (tenant, app, release) REFERENCES release (tenant, app, number) ON DELETE CASCADE,
            FOREIGN KEY (hostname, tenant, app) REFERENCES hostname (name, tenant, app) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX claim_hostname ON claim (hostname, tenant, app);

        CREATE TABLE operation (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            tenant TEXT NOT NULL,
            app TEXT,
            subject TEXT NOT NULL AS (tenant || coalesce('/' || app, '')) VIRTUAL,
            state TEXT NOT NULL CHECK (state IN ('accepted', 'running', 'succeeded', 'failed')),
            caller TEXT NOT NULL,
            idempotency_key TEXT,
            request_id TEXT NOT NULL,
            accepted_at INTEGER NOT NULL,
            attempt INTEGER NOT NULL CHECK (attempt >= 0),
            ended_at INTEGER,
            release INTEGER,
            failure TEXT,
            request TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX operation_open ON operation (subject) WHERE state IN ('accepted', 'running');
        CREATE UNIQUE INDEX operation_key ON operation (caller, idempotency_key) WHERE idempotency_key IS NOT NULL;

        CREATE TABLE event (
            operation INTEGER NOT NULL REFERENCES operation (sequence) ON DELETE CASCADE,
            sequence INTEGER NOT NULL CHECK (sequence >= 1),
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            step INTEGER,
            steps INTEGER,
            content TEXT NOT NULL,
            PRIMARY KEY (operation, sequence)
        ) STRICT, WITHOUT ROWID;
        """
}
