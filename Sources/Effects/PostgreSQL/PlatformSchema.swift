internal import TussilagoCore

/// What the platform has on the server beside tenants' databases: nobody is let in anywhere who was not told to be, and the
/// poolers can look tenants' roles up.
enum PlatformSchema {
    /// One more with each change of ``statements``.
    private static let version = "1"

    /// Brings a server to it, unless it is there.
    static func ensure(_ server: borrowing ServerConnection) throws(PortError) {
        let known = try server.run(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'tussilago'")
        guard known.first?.first != version else { return }
        try server.transaction { () throws(PortError) in
            for statement in statements { try server.run(statement) }
            try server.run("COMMENT ON SCHEMA tussilago IS '\(version)'")
        }
    }

    private static func role(_ name: String, _ options: String) -> [String] {
        [
            """
            DO $$ BEGIN
                IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(name)') THEN CREATE ROLE \(name); END IF;
            END $$
            """,
            "ALTER ROLE \(name) NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT \(options)",
        ]
    }

    private static let statements =
        role("tussilago_tenants", "NOLOGIN") + role("tussilago_pooler", "LOGIN CONNECTION LIMIT 200") + [
            "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC",
            "GRANT CONNECT ON DATABASE postgres TO tussilago_pooler",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "CREATE SCHEMA IF NOT EXISTS tussilago",
            "GRANT USAGE ON SCHEMA tussilago TO tussilago_pooler",
            // It runs as the superuser, so whatever it names is looked for where nobody else can put anything.
            """
            CREATE OR REPLACE FUNCTION tussilago.lookup(role text, OUT name text, OUT verifier text) RETURNS SETOF record
            LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
            BEGIN ATOMIC
                SELECT a.rolname::text, a.rolpassword FROM pg_catalog.pg_authid a
                WHERE a.rolname = role AND a.rolcanlogin AND NOT a.rolsuper AND a.rolname ~ '^r_[0-9a-f]{32}$'
                    AND (a.rolvaliduntil IS NULL OR a.rolvaliduntil > pg_catalog.now());
            END
            """,
            "REVOKE ALL ON FUNCTION tussilago.lookup(text) FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION tussilago.lookup(text) TO tussilago_pooler",
        ]
}
