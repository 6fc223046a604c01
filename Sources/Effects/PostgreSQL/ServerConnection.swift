internal import CPostgres
internal import Glibc
internal import TussilagoCore

/// A connection to the server, closed when it goes.
struct ServerConnection: ~Copyable {
    /// Whom it connects as.
    enum Login {
        /// The platform itself, which the server knows by the process's user.
        case platform
        case role(DatabaseRole, password: Secret)
    }

    private let library: UnsafePointer<tsl_pq>
    private let handle: OpaquePointer

    /// Longer than anything that the platform does takes.
    private static let options =
        "-c search_path=pg_catalog -c statement_timeout=120s -c lock_timeout=20s -c role=none -c client_min_messages=error"

    /// Connects.
    /// - Parameter directory: the directory of the server's socket.
    init(_ library: UnsafePointer<tsl_pq>, directory: String, database: String, as login: Login) throws(PortError) {
        var parameters = [
            ("host", directory), ("port", "5432"), ("dbname", database), ("connect_timeout", "10"),
            ("sslmode", "disable"), ("gssencmode", "disable"), ("passfile", "/nonexistent"),
            ("application_name", "tussilagod"), ("client_encoding", "UTF8"),
        ]
        switch login {
        case .platform: parameters += [("user", "tussilago"), ("options", Self.options)]
        case .role(let role, _): parameters += [("user", role.name), ("require_auth", "scram-sha-256")]
        }
        let connection = Self.connect(library, parameters, login)
        guard let connection else {
            throw PortError(.unavailable, PostgreSQL.subject, cause: "there is no memory for a connection")
        }
        guard library.pointee.status(connection) == CONNECTION_OK else {
            let detail = String(cString: library.pointee.errorMessage(connection))
            library.pointee.finish(connection)
            throw PortError(
                .unavailable, PostgreSQL.subject,
                cause: "it does not answer; mend: systemctl status \(UnitName.databases)", detail: detail)
        }
        self.library = library
        handle = connection
    }

    deinit { library.pointee.finish(handle) }

    private static func connect(
        _ library: UnsafePointer<tsl_pq>, _ parameters: [(String, String)], _ login: Login
    ) -> OpaquePointer? {
        var keys: [UnsafeMutablePointer<CChar>?] = parameters.map { strdup($0.0) }
        let values: [UnsafeMutablePointer<CChar>?] = parameters.map { strdup($0.1) }
        defer { for text in keys + values { free(text) } }
        guard case .role(_, let secret) = login else { return call(library, keys + [nil], values + [nil]) }
        return secret.withText { password in
            keys.append(strdup("password"))
            return call(library, keys + [nil], values + [UnsafeMutablePointer(mutating: password), nil])
        }
    }

    private static func call(
        _ library: UnsafePointer<tsl_pq>, _ keys: [UnsafeMutablePointer<CChar>?],
        _ values: [UnsafeMutablePointer<CChar>?]
    ) -> OpaquePointer? {
        keys.map { UnsafePointer($0) }.withUnsafeBufferPointer { keys in
            values.map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
                guard let keys = keys.baseAddress, let values = values.baseAddress else { return nil }
                return library.pointee.connectdbParams(keys, values, 0)
            }
        }
    }

    /// Runs one statement, which has no text in it that is not the platform's own: names are made of ids, values are
    /// parameters.
    /// - Returns: its rows; a value that is NULL is empty.
    @discardableResult
    borrowing func run(_ statement: String, _ values: [String] = []) throws(PortError) -> [[String]] {
        let texts = values.map { strdup($0) }
        defer { for text in texts { free(text) } }
        let result = texts.map { UnsafePointer($0) }.withUnsafeBufferPointer { pointers in
            library.pointee.execParams(handle, statement, Int32(pointers.count), nil, pointers.baseAddress, nil, nil, 0)
        }
        guard let result else { throw lost() }
        defer { library.pointee.clear(result) }
        let status = library.pointee.resultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else { throw failure(result) }
        return (0..<library.pointee.ntuples(result)).map { row in
            (0..<library.pointee.nfields(result)).map { String(cString: library.pointee.getvalue(result, row, $0)) }
        }
    }

    /// Whether a query has any row.
    borrowing func has(_ query: String, _ values: [String] = []) throws(PortError) -> Bool {
        try !run(query, values).isEmpty
    }

    /// Runs statements all together or not at all.
    borrowing func transaction(_ body: () throws(PortError) -> Void) throws(PortError) {
        try run("BEGIN")
        do throws(PortError) {
            try body()
            try run("COMMIT")
        } catch {
            _ = try? run("ROLLBACK")
            throw error
        }
    }

    /// What the server checks a password by (RFC 5803), made here so that the password itself is in no statement.
    borrowing func verifier(of password: Secret, for role: DatabaseRole) throws(PortError) -> String {
        let text = password.withText { library.pointee.encryptPasswordConn(handle, $0, role.name, "scram-sha-256") }
        guard let text else { throw lost() }
        defer { library.pointee.freemem(text) }
        return String(cString: text)
    }

    private borrowing func lost() -> PortError {
        PortError(
            .unavailable, PostgreSQL.subject, cause: "its connection was lost",
            detail: String(cString: library.pointee.errorMessage(handle)))
    }

    private borrowing func failure(_ result: OpaquePointer) -> PortError {
        guard let state = library.pointee.resultErrorField(result, tsl_pq_sqlstate_field()) else { return lost() }
        let message = library.pointee.resultErrorField(result, tsl_pq_message_field()).map { String(cString: $0) }
        return PortError(sqlState: String(cString: state), message ?? "")
    }
}

extension PortError {
    /// What an error of the server is (PostgreSQL's manual, appendix A).
    init(sqlState state: String, _ message: String) {
        let detail = "\(state): \(message)"
        func error(_ code: Code, _ cause: String) -> PortError {
            PortError(code, PostgreSQL.subject, cause: cause, detail: detail)
        }
        switch state {
        case "53100": self = error(.noSpace, "its disk is full")
        // It was made, or is still being made, by an earlier try.
        case "42P04", "42710", "23505", "55006", "40001", "40P01", "55P03":
            self = error(.unavailable, "something else is at work on the same")
        case "57014": self = error(.timedOut, "it did not answer in time")
        case _ where ["08", "53", "57", "58"].contains(state.prefix(2)):
            self = error(.unavailable, "it is not ready for work")
        default: self = error(.unexpected, "it refused what the platform asked for (\(state))")
        }
    }
}

extension Secret {
    /// Lends the bytes as a C string, in memory that is overwritten afterwards.
    func withText<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        withExtendedLifetime(self) {
            let text = UnsafeMutablePointer<CChar>.allocate(capacity: count + 1)
            text.initialize(repeating: 0, count: count + 1)
            defer {
                explicit_bzero(text, count + 1)
                text.deallocate()
            }
            for (index, byte) in bytes.enumerated() { text[index] = CChar(bitPattern: byte) }
            return body(UnsafePointer(text))
        }
    }
}
