import FoundationEssentials
import TussilagoCore

extension OperationRunner {
    /// Has an empty host be what another was when a backup of it was made.
    ///
    /// The backup is read whole before anything is touched. The ledger is taken over in one transaction, the commit point:
    /// before it all is taken back, and after it the host is brought to what the ledger says, by this agent or the next.
    func restore(
        _ path: String, secretsKey: String?, by operation: TussilagoCore.Operation
    ) async throws(PortError) {
        if try await !outside.ledger.hasTakenOver(by: operation.id) {
            try await requireEmptyHost()
            try await log.event(.stepStarted, "read the backup")
            let archive = try await outside.archives.verify(path)
            let secrets = try await self.secrets(of: archive, key: secretsKey)
            try await takeOver(archive, secrets, by: operation)
        }
        for finding in try await SecretReview(outside: outside).findings() { try await log.finding(finding) }
        try await serveAll()
    }

    private func requireEmptyHost() async throws(PortError) {
        guard try await outside.ledger.tenants(PageQuery(limit: 1)).items.isEmpty else {
            throw PortError(.conflict, "host", cause: "it has tenants; a backup is restored on an empty host only")
        }
        let left = try await outside.units.stored().scopes.map(\.description).sorted()
        guard left.isEmpty else {
            throw PortError(
                .conflict, "host",
                cause: "it has units of \(left.prefix(5).joined(separator: ", ")) that its ledger does not know")
        }
    }

    /// The values of secrets, decrypted before anything is changed: with another key nothing is.
    private func secrets(of archive: VerifiedArchive, key: String?) async throws(PortError) -> [UUID: Secret] {
        guard let key else {
            if archive.header.format > ArchiveHeader.formatWithoutSecrets {
                let what = "it has values of secrets, which are left out: no key was given for them"
                try await log.finding(Finding(subject: "backup", what: what, action: .report))
            }
            return [:]
        }
        try await log.event(.stepStarted, "decrypt the values of secrets")
        return try await outside.archives.secrets(of: archive, key: key)
    }

    private func takeOver(
        _ archive: VerifiedArchive, _ secrets: [UUID: Secret], by operation: TussilagoCore.Operation
    ) async throws(PortError) {
        let copy = outside.ledger.incoming
        // An agent that was killed may have left it, with a log that is no other file's.
        outside.ledger.discard(copy: copy)
        defer { outside.ledger.discard(copy: copy) }
        try await outside.archives.extractLedger(archive, to: copy)
        try await requireImages(of: outside.ledger.copy(at: copy))
        try halt.check()
        do throws(PortError) {
            try await log.event(.stepStarted, "copy \(archive.trees.count) file trees")
            try await outside.archives.importTrees(archive)
            if !secrets.isEmpty { try await log.event(.stepStarted, "keep \(secrets.count) values of secrets") }
            for (credential, secret) in secrets {
                try halt.check()
                try await outside.secrets.keep(secret, as: credential)
            }
            try halt.check()
            try await log.event(.stepStarted, "take the ledger over")
            try await outside.ledger.takeOver(copy, by: operation.id, at: outside.now())
        } catch {
            try? await outside.secrets.remove(Array(secrets.keys))
            try? await outside.units.removeTrees(archive.trees)
            throw error
        }
    }

    /// Images are not in a backup: those that shall run must be here, each with all of its content.
    private func requireImages(of ledger: any Ledger) async throws(PortError) {
        try await ledger.verify()
        let stored = try await outside.images.stored()
        var missing: Set<String> = []
        try await ledger.forApps { (apps) throws(PortError) in
            for image in apps.compactMap(\.current?.artefact.image) where stored[image.digest] == nil {
                missing.insert("\(image.reference) (\(image.digest.hexadecimal.prefix(12)))")
            }
        }
        guard missing.isEmpty else {
            throw PortError(
                .notFound, "images", cause: "not in the host's storage: \(missing.sorted().joined(separator: ", "))")
        }
    }

    /// Starts everything. An app that does not start keeps no other from it.
    private func serveAll() async throws(PortError) {
        var open: [String] = []
        try await outside.ledger.forTenants { (tenants) throws(PortError) in
            for tenant in tenants { try await reach(DesiredState(tenant)) }
        }
        try await outside.ledger.forApps { (apps) throws(PortError) in
            for record in apps {
                let app = record.app.reference
                do throws(PortError) {
                    let tenant = try await wishes.tenant(app.tenant)
                    try await reach(try await wishes.desired(record, tenant: tenant, power: .on))
                } catch {
                    guard !error.isTransient, error.code != .damaged else { throw error }
                    let what = "\(error.subject): \(error.cause)"
                    try await log.finding(Finding(subject: app.description, what: what, action: .report))
                    open.append(app.description)
                }
            }
        }
        guard open.isEmpty else {
            throw PortError(
                .startFailed, "restore", cause: "all is restored, but these do not run: \(open.joined(separator: ", "))"
            )
        }
    }
}
