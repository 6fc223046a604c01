import TussilagoCore

/// Whether a tenant may use hostnames: those below the platform's own domains by their form, others by a proof.
struct HostnameRights: Sendable {
    let outside: Outside

    /// Lets a release have its hostnames, or says which of them its tenant has not shown to be its own.
    /// - Parameter voucher: an admin of the host who asks for it: that is enough.
    func settle(_ hostnames: [Hostname], of tenant: TenantName, voucher: String?) async throws(PortError) {
        var missing: [Hostname] = []
        for hostname in hostnames {
            switch outside.hostnames.standing(of: hostname, for: tenant) {
            case .own: break
            case .others(let suffix) where voucher == nil:
                throw PortError(
                    .refused, hostname.text,
                    cause: "below \(suffix), tenant \(tenant) has \(tenant).\(suffix) and what is below that")
            case .custom, .others:
                if let voucher {
                    try await vouch(hostname, of: tenant, by: voucher)
                } else if try await outside.ledger.domain(hostname, of: tenant)?.provedAt == nil {
                    missing.append(hostname)
                }
            }
        }
        guard let first = missing.first else { return }
        let names = missing.map(\.text).joined(separator: ", ")
        throw PortError(
            .refused, "hostnames",
            cause: "tenant \(tenant) has not proved that it may use \(names); "
                + "see the record for it with: tussilago domain add \(tenant) \(first)")
    }

    /// Takes an admin's word for it.
    func vouch(_ hostname: Hostname, of tenant: TenantName, by voucher: String) async throws(PortError) {
        _ = try await outside.ledger.addDomain(
            hostname, of: tenant, challenge: outside.makeID(), at: outside.now())
        try await outside.ledger.proveDomain(hostname, of: tenant, voucher: voucher, at: outside.now())
    }
}

extension OperationRunner {
    func addDomain(
        _ hostname: Hostname, of tenant: TenantName, vouched: Bool, by caller: String
    ) async throws(PortError) {
        _ = try await wishes.tenant(tenant)
        if case .others(let suffix) = outside.hostnames.standing(of: hostname, for: tenant), !vouched {
            throw PortError(
                .refused, hostname.text,
                cause: "it is below \(suffix), which is the platform's own: no record proves it")
        }
        if vouched { return try await HostnameRights(outside: outside).vouch(hostname, of: tenant, by: caller) }
        let domain = try await outside.ledger.addDomain(
            hostname, of: tenant, challenge: outside.makeID(), at: outside.now())
        try await log.event(.stepEnded, "its record is \(domain.recordName) TXT \"\(domain.recordText)\"")
    }

    /// Asks the DNS, now: what resolvers have kept of it does not count.
    func verifyDomain(_ hostname: Hostname, of tenant: TenantName) async throws(PortError) {
        guard let domain = try await outside.ledger.domain(hostname, of: tenant) else {
            throw PortError(.notFound, hostname.text, cause: "tenant \(tenant) has not added it")
        }
        try await log.event(.stepStarted, "look \(domain.recordName) up")
        let texts = try await outside.names.texts(of: domain.recordName)
        guard texts.contains(domain.recordText) else {
            let found = texts.isEmpty ? "there is none" : "there are others"
            throw PortError(
                .refused, hostname.text,
                cause: "its record was not found, \(found): \(domain.recordName) TXT \"\(domain.recordText)\"")
        }
        try await outside.ledger.proveDomain(hostname, of: tenant, voucher: nil, at: outside.now())
    }

    /// The files come after the row: a crash in between is finished by the next attempt, or by a reconcile.
    func setEgress(_ name: TenantName, _ egress: EgressGrant) async throws(PortError) {
        let tenant = try await wishes.tenant(name)
        try await outside.ledger.setEgress(name, egress)
        try await reach(DesiredState(tenant: name, tenant, egress: egress))
        try await outside.ledger.forApps(of: name) { (apps) throws(PortError) in
            for record in apps {
                guard let asked = record.current?.manifest.egress, !egress.covers(asked) else { continue }
                let what = "its release asks for \(asked), and reaches nothing of it any more"
                try await log.finding(
                    Finding(subject: "\(record.app.reference)", what: what, action: .report))
            }
        }
    }
}
