import FoundationEssentials
public import TussilagoCore

extension OperationRunner {
    /// Has the next deploy take a value that is encrypted already.
    func setSecret(_ name: SecretName, of reference: AppReference, credential: UUID) async throws(PortError) {
        let version: SecretVersion
        do throws(PortError) {
            version = try await outside.ledger.addSecret(
                reference, name, credential: credential, at: outside.now())
        } catch {
            // Nobody will ever ask for it. Should this fail as well, a collection removes it.
            if !error.isTransient { try? await outside.secrets.remove([credential]) }
            throw error
        }
        try await log.event(.stepStarted, "version \(version.number) of \(name) is the one that the next release gets")
        // The next release gets it from here on, whatever becomes of the copy in the files: to say that setting it failed
        // would be untrue, and a second try would only leave one more version.
        do throws(PortError) { try await noteSecrets(of: reference) } catch {
            guard !error.isTransient else { throw error }
            try await log.event(
                .finding,
                "\(reference): the files could not be told of version \(version.number) of \(name): \(error.cause) "
                    + "(the next reconcile does it)")
        }
    }

    /// Takes a secret's value away, unless the release that serves has it. Earlier releases keep theirs as long as they
    /// are kept themselves.
    func unsetSecret(_ name: SecretName, of reference: AppReference) async throws(PortError) {
        let record = try await wishes.app(reference)
        try record.requireUnused(name)
        try await outside.ledger.unsetSecret(reference, name)
        // Also when the row said so already: an agent may have died between the two, and files count for more than rows.
        try await noteSecrets(of: reference)
    }

    func noteSecrets(of reference: AppReference) async throws(PortError) {
        let noted = try await outside.units.observe(.app(reference)).secrets
        let secrets = try await outside.ledger.secrets(of: reference).keeping(noted)
        try await executor.perform(.files(.noteSecrets(reference, secrets)))
    }
}

extension AppRecord {
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the current release uses a secret.
    public func requireUnused(_ name: SecretName) throws(PortError) {
        guard let current, current.secrets.contains(where: { $0.name == name }) else { return }
        throw PortError(
            .refused, "secret \(name)",
            cause: "release \(current.number) uses it; take it out of the manifest's secrets and deploy first")
    }
}

/// The values that a release gets.
struct SecretChoice {
    let ledger: any Ledger

    /// Of each of these secrets the version that was set last.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` naming a secret that has no value.
    func newest(_ names: [SecretName], of app: AppReference) async throws(PortError) -> [SecretVersion] {
        guard !names.isEmpty else { return [] }
        let current = try await ledger.secrets(of: app).filter(\.isCurrent).map(\.version)
        var versions: [SecretVersion] = []
        for name in names {
            guard let version = current.first(where: { $0.name == name }) else {
                throw PortError(.notFound, "secret \(name)", cause: "the manifest asks for it, and it has no value")
            }
            versions.append(version)
        }
        return versions
    }

    /// The same as a deploy would take: what a service that was never asked for is reached by will be a first version.
    func preview(_ manifest: Manifest, of app: AppReference) async throws(PortError) -> [SecretVersion] {
        let set = Set(try await ledger.secrets(of: app).filter(\.isCurrent).map(\.version.name))
        let new = manifest.services.map(\.secret).filter { !set.contains($0) }
        let known = try await newest(manifest.releaseSecrets.filter { !new.contains($0) }, of: app)
        return known + new.map { SecretVersion(name: $0, number: 1, credential: UUID()) }
    }
}
