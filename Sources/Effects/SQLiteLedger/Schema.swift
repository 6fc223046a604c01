internal import TussilagoCore

/// The ledger's tables, and how a file gets them.
enum Schema {
    /// What turns an empty file into a ledger, step by step.
    ///
    /// `user_version` counts the steps that a file has had. A step that was released is never changed.
    static let migrations = [tables, queue, milestones, secrets, access, reach, services, policies]

    /// Makes a connection safe to use, and its file as new as this program.
    ///
    /// A file that is older is migrated, and what it was is kept beside it. One that is newer is used as it is if its
    /// writer says that this format's programs may: a version adds first, and takes away only a version later.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the file is too new; then nothing is written to it.
    static func prepare(_ connection: Connection) throws(PortError) {
        // The version comes first: to turn the log on writes to the file.
        let found = try version(of: connection)
        if found > migrations.count {
            let oldest = try connection.row("SELECT oldest FROM format") { (row) throws(PortError) in
                try row.integer(0)
            }
            guard let oldest, oldest <= migrations.count else {
                throw PortError(
                    .refused, PortError.ledgerSubject,
                    cause:
                        "it was written by a newer version (format \(found), this one knows up to \(migrations.count))"
                )
            }
        }
        guard connection.allowsWriting else { throw .damaged("its header forbids to write to it") }
        // FULL syncs the log at each commit: what was acknowledged survives a power cut (sqlite.org/pragma.html).
        try connection.script(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA trusted_schema = OFF;
            """)
        if found < migrations.count {
            if found > 0 { try connection.copy(named: "\(found)") }
            try migrate(connection)
        }
        try connection.script("PRAGMA foreign_keys = ON")
    }

    private static func migrate(_ connection: Connection) throws(PortError) {
        do throws(PortError) {
            // A table that others refer to is rebuilt with the references unchecked (sqlite.org/lang_altertable.html §7).
            try connection.transaction { () throws(PortError) in
                for (index, migration) in migrations.enumerated().dropFirst(try version(of: connection)) {
                    try connection.script(migration)
                    try connection.script("PRAGMA user_version = \(index + 1)")
                }
            }
        } catch {
            // A step fits the version that it is for: the file is not of the version that it says.
            guard error.code == .unexpected else { throw error }
            throw .damaged("it is not of the format that it says: \(error.detail)")
        }
    }

    /// Whether a file has the tables and indices of a new one. Those of a newer version are its writer's business.
    static func isOwn(_ connection: Connection) throws(PortError) -> Bool {
        guard try version(of: connection) == migrations.count else { return true }
        let new = try Connection.inMemory()
        try migrate(new)
        return try texts(of: connection) == texts(of: new)
    }

    private static func texts(of connection: Connection) throws(PortError) -> [String] {
        try connection.rows(
            "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name"
        ) { (row) throws(PortError) in try row.text(0) }
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

    /// Operations may wait for each other, be about all of the host, and be cancelled.
    private static let queue = """
        -- The oldest format whose programs may use this file.
        CREATE TABLE format (oldest INTEGER NOT NULL) STRICT;
        INSERT INTO format VALUES (2);

        CREATE TABLE new_operation (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            tenant TEXT,
            app TEXT,
            state TEXT NOT NULL CHECK (state IN ('accepted', 'running', 'succeeded', 'failed', 'cancelled')),
            caller TEXT NOT NULL,
            idempotency_key TEXT,
            request_id TEXT NOT NULL,
            accepted_at INTEGER NOT NULL,
            attempt INTEGER NOT NULL CHECK (attempt >= 0),
            ended_at INTEGER,
            release INTEGER,
            cancel INTEGER NOT NULL DEFAULT 0 CHECK (cancel IN (0, 1)),
            failure TEXT,
            request TEXT NOT NULL,
            CHECK (tenant IS NOT NULL OR app IS NULL)
        ) STRICT;
        INSERT INTO new_operation (sequence, id, tenant, app, state, caller, idempotency_key, request_id, accepted_at,
                attempt, ended_at, release, failure, request)
            SELECT sequence, id, tenant, app, state, caller, idempotency_key, request_id, accepted_at,
                attempt, ended_at, release, failure, request FROM operation;
        DROP TABLE operation;
        ALTER TABLE new_operation RENAME TO operation;
        -- Any number may wait, but one at a time is under way.
        CREATE UNIQUE INDEX operation_running ON operation (coalesce(tenant, ''), coalesce(app, ''))
            WHERE state = 'running';
        CREATE INDEX operation_open ON operation (sequence) WHERE state IN ('accepted', 'running');
        CREATE UNIQUE INDEX operation_key ON operation (caller, idempotency_key) WHERE idempotency_key IS NOT NULL;
        """

    /// What befell the ledger itself, and no row of it tells.
    private static let milestones = """
        CREATE TABLE milestone (
            at INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('rebuilt', 'restored')),
            operation TEXT,
            content TEXT NOT NULL
        ) STRICT;
        """

    /// Which values the secrets of apps had and have. The values are in credentials, never here.
    private static let secrets = """
        CREATE TABLE secret (
            tenant TEXT NOT NULL,
            app TEXT NOT NULL,
            name TEXT NOT NULL,
            version INTEGER NOT NULL CHECK (version >= 1),
            credential TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            -- The version that the next deploy takes.
            current INTEGER NOT NULL CHECK (current IN (0, 1)),
            PRIMARY KEY (tenant, app, name, version),
            FOREIGN KEY (tenant, app) REFERENCES app (tenant, name) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX secret_current ON secret (tenant, app, name) WHERE current = 1;
        """

    /// Who may do what, how much a tenant may have, and what was asked for by whom.
    private static let access = """
        -- Who has which role; on all of the host where there is no tenant.
        CREATE TABLE access_grant (
            tenant TEXT REFERENCES tenant (name) ON DELETE CASCADE,
            grantee TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number >= 0),
            role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
            granted_by TEXT NOT NULL,
            granted_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX access_grant_key ON access_grant (coalesce(tenant, ''), grantee);

        -- Of a token's secret only the SHA-256 is kept.
        CREATE TABLE token (
            id TEXT PRIMARY KEY,
            tenant TEXT REFERENCES tenant (name) ON DELETE CASCADE,
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
            created_by TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            digest TEXT NOT NULL UNIQUE
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX token_name ON token (coalesce(tenant, ''), name);

        CREATE TABLE quota (
            tenant TEXT PRIMARY KEY REFERENCES tenant (name) ON DELETE CASCADE,
            content TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- How large file trees are, as far as that was needed.
        CREATE TABLE tree (
            digest TEXT PRIMARY KEY,
            bytes INTEGER NOT NULL CHECK (bytes >= 0)
        ) STRICT, WITHOUT ROWID;

        -- The newest chain grows. A lost ledger and a restored one begin another.
        CREATE TABLE audit_chain (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            begun_at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            -- How many records were dropped, and the hash of the last of those.
            dropped INTEGER NOT NULL CHECK (dropped >= 0),
            anchor TEXT NOT NULL,
            last INTEGER NOT NULL CHECK (last >= dropped),
            head TEXT NOT NULL
        ) STRICT;

        -- Nothing in it refers to another table: it outlives what it is about.
        CREATE TABLE audit (
            chain INTEGER NOT NULL,
            sequence INTEGER NOT NULL CHECK (sequence >= 1),
            at INTEGER NOT NULL,
            caller TEXT NOT NULL,
            verb TEXT NOT NULL,
            subject TEXT NOT NULL,
            tenant TEXT,
            outcome TEXT NOT NULL,
            request TEXT NOT NULL,
            operation TEXT,
            detail TEXT NOT NULL,
            previous TEXT NOT NULL,
            hash TEXT NOT NULL,
            PRIMARY KEY (chain, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
            SELECT raise(ABORT, 'what is recorded stays as it is');
        END;
        -- A REPLACE removes a row without its trigger.
        CREATE TRIGGER audit_adds BEFORE INSERT ON audit
            WHEN EXISTS (SELECT 1 FROM audit WHERE chain = new.chain AND sequence = new.sequence) BEGIN
            SELECT raise(ABORT, 'what is recorded stays as it is');
        END;
        CREATE TRIGGER audit_keeps BEFORE DELETE ON audit
            WHEN old.sequence > coalesce((SELECT dropped FROM audit_chain WHERE number = old.chain), 0) BEGIN
            SELECT raise(ABORT, 'what is recorded stays');
        END;
        """

    /// What tenants may reach, and be reached by. What is in use was an admin's will: nobody else could deploy.
    private static let reach = """
        ALTER TABLE tenant ADD COLUMN egress TEXT NOT NULL DEFAULT 'none'
            CHECK (egress IN ('none', 'list', 'internet'));

        CREATE TABLE domain (
            name TEXT NOT NULL,
            tenant TEXT NOT NULL REFERENCES tenant (name) ON DELETE CASCADE,
            challenge TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            -- Since when the tenant may use it.
            proved_at INTEGER,
            -- Who has vouched for it; none when its record was found.
            voucher TEXT,
            PRIMARY KEY (name, tenant),
            CHECK (voucher IS NULL OR proved_at IS NOT NULL)
        ) STRICT, WITHOUT ROWID;
        -- Any number of tenants may try, but one has it.
        CREATE UNIQUE INDEX domain_owner ON domain (name) WHERE proved_at IS NOT NULL;
        CREATE INDEX domain_tenant ON domain (tenant);
        INSERT INTO domain (name, tenant, challenge, created_at, proved_at, voucher)
            SELECT hostname.name, tenant,
                -- A fresh UUIDv4.
                lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
                    || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
                app.created_at, app.created_at, 'upgrade'
            FROM hostname JOIN app USING (tenant) WHERE app.name = hostname.app;
        """

    /// Which services apps have and had. Nothing in it refers to another table: it outlives the app.
    private static let services = """
        CREATE TABLE service (
            -- The id of the app.
            owner TEXT NOT NULL,
            type TEXT NOT NULL,
            tenant TEXT NOT NULL,
            app TEXT NOT NULL,
            name TEXT NOT NULL,
            tier TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            -- When the app was deleted.
            released_at INTEGER,
            PRIMARY KEY (owner, type)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX service_app ON service (tenant, app) WHERE released_at IS NULL;
        """

    /// What admins let tenants' apps have beyond the strict policy.
    private static let policies = """
        CREATE TABLE policy (
            tenant TEXT PRIMARY KEY REFERENCES tenant (name) ON DELETE CASCADE,
            limits TEXT NOT NULL,
            reason TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
