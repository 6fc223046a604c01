import Documents
import FoundationEssentials
import SQLiteLedger
import TussilagoAPI
import TussilagoCore
import TussilagoOperations
import TussilagoServer

extension Platform {
    /// Checks what can be checked at once, and has the rest done as an operation.
    ///
    /// A request that is repeated with its key is the same operation, even if it could not be asked for any more.
    func submit(
        _ submission: Submission, by caller: Caller, requestID: UUID, key: String?, waiting: Bool
    ) async throws(Problem) -> OperationResource {
        if case .setSecret(let app, let name, let secret) = submission {
            return try await setSecret(
                name, of: app, secret, by: caller, requestID: requestID, key: key, waiting: waiting)
        }
        let request = try parse(submission, by: caller)
        do throws(PortError) {
            if try await isNew(key, caller) { try await check(request) }
            return OperationResource(
                try await queue.accept(request, caller: caller.name, requestID: requestID, key: key, waiting: waiting))
        } catch { throw Problem(accepting: error) }
    }

    /// Encrypts first: what is written down of the request names the credential, and has no value.
    private func setSecret(
        _ name: SecretName, of app: AppReference, _ secret: Secret, by caller: Caller, requestID: UUID, key: String?,
        waiting: Bool
    ) async throws(Problem) -> OperationResource {
        do throws(PortError) {
            if let known = try await repeated(key, caller) {
                // The same request again, if what it has stored is the same value.
                guard case .setSecret(app, name, let credential) = known.request,
                    try await outside.secrets.open(credential) == secret
                else { throw PortError(.conflict, "Idempotency-Key", cause: "the key was used for another request") }
                return OperationResource(known)
            }
            let credential = outside.makeID()
            let request = TussilagoCore.Operation.Request.setSecret(app, name, credential: credential)
            try await check(request)
            try await outside.secrets.keep(secret, as: credential)
            do throws(PortError) {
                return OperationResource(
                    try await queue.accept(
                        request, caller: caller.name, requestID: requestID, key: key, waiting: waiting))
            } catch {
                try? await outside.secrets.remove([credential])
                throw error
            }
        } catch { throw Problem(accepting: error) }
    }

    private func repeated(_ key: String?, _ caller: Caller) async throws(PortError) -> TussilagoCore.Operation? {
        guard let key else { return nil }
        return try await ledger.operation(key: key, caller: caller.name)
    }

    private func isNew(_ key: String?, _ caller: Caller) async throws(PortError) -> Bool {
        guard key != nil else { return true }
        return try await repeated(key, caller) == nil
    }

    func plan(_ request: DeployRequest, for app: AppReference) async throws(Problem) -> PlanResource {
        let deployment = try deployment(request, of: app)
        let record = try await known(app)
        let tenant = try await known(app.tenant)
        return try await answering { () throws(PortError) in
            try tenant.allow(deployment.manifest)
            return try await PlanPreview(outside, caddy: settings.caddy)
                .preview(deployment, of: record, tenant: tenant.tenant)
        }
    }

    private func parse(_ submission: Submission, by caller: Caller) throws(Problem) -> TussilagoCore.Operation.Request {
        switch submission {
        case .createTenant(let request):
            .createTenant(try name(request.name) { text throws(InvalidValue) in try TenantName(text) })
        case .deleteTenant(let tenant): .deleteTenant(tenant)
        case .setEgress(let tenant, let request): .setEgress(tenant, request.egress)
        case .setPolicy(let tenant, let loosening): .setPolicy(tenant, loosening)
        case .addDomain(let tenant, let request):
            .addDomain(
                tenant, try hostname(request.hostname), vouched: try vouches(request.vouch ?? false, caller))
        case .verifyDomain(let tenant, let hostname): .verifyDomain(tenant, hostname)
        case .removeDomain(let tenant, let hostname): .removeDomain(tenant, hostname)
        case .createApp(let tenant, let request):
            .createApp(
                AppReference(
                    tenant: tenant, app: try name(request.name) { text throws(InvalidValue) in try AppName(text) }))
        case .deleteApp(let app, let purge): .deleteApp(app, purge: purge ? true : nil)
        case .setQuota(let tenant, let request): .setQuota(tenant, request.quota)
        case .deploy(let app, let request):
            .deploy(app, try owned(try deployment(request, of: app, vouched: caller.vouches), by: caller))
        case .scale(let app, let request): .scale(app, try counts(request))
        case .rollback(let app, let request): .rollback(app, request.release)
        case .setSecret(let app, let name, _): .setSecret(app, name, credential: outside.makeID())
        case .unsetSecret(let app, let name): .unsetSecret(app, name)
        case .rotateSecrets(let app): .rotateSecrets(app)
        case .rotateServices(let app): .rotateServices(app)
        case .start(let app): .start(app)
        case .stop(let app): .stop(app)
        case .restart(let app): .restart(app)
        case .reconcile: .reconcile
        case .collect: .collect
        case .restore(let request): .restore(request.file, secretsKey: request.secretsKey)
        }
    }

    private func counts(_ request: ScaleRequest) throws(Problem) -> [ProcessName: Int] {
        var counts: [ProcessName: Int] = [:]
        for (text, count) in request.processes {
            do throws(InvalidValue) { counts[try ProcessName(text)] = count } catch {
                throw Problem(.invalidRequest, error.description, field: "processes")
            }
        }
        return counts
    }

    private func hostname(_ text: String) throws(Problem) -> Hostname {
        do throws(InvalidValue) { return try Hostname(text) } catch {
            throw Problem(.invalidRequest, error.description, field: "hostname")
        }
    }

    private func vouches(_ asked: Bool, _ caller: Caller) throws(Problem) -> Bool {
        guard !asked || caller.vouches else {
            throw Problem(.forbidden, "only an admin of the host vouches for a domain", field: "vouch")
        }
        return asked
    }

    private func name<Value>(_ text: String, _ parse: (String) throws(InvalidValue) -> Value) throws(Problem) -> Value {
        do throws(InvalidValue) { return try parse(text) } catch {
            throw Problem(.invalidRequest, error.description, field: "name")
        }
    }

    /// Has a deploy copy nothing that its caller could not read: the agent itself may read everything.
    private func owned(_ deployment: Deployment, by caller: Caller) throws(Problem) -> Deployment {
        guard deployment.files != nil else { return deployment }
        var deployment = deployment
        switch caller.files {
        case .anybodys: break
        case .own(let user): deployment.owner = user
        case .nobodys:
            throw Problem(
                .forbidden, "root's files are not deployed with a token", field: "files",
                remedy: "ask as the user whom the files belong to, or without the token")
        }
        return deployment
    }

    /// Parses a deploy once; from here on it cannot be wrong.
    /// - Parameter vouched: whether the word of whoever asks is enough for the hostnames.
    private func deployment(
        _ request: DeployRequest, of app: AppReference, vouched: Bool = false
    ) throws(Problem) -> Deployment {
        let parsed: ParsedManifest
        switch TOMLManifestReader().manifest(request.manifest) {
        case .success(let manifest): parsed = manifest
        case .failure(let errors):
            let count = errors.mistakes.count
            throw Problem(
                .invalidManifest, "the manifest has \(count) \(count == 1 ? "mistake" : "mistakes")", field: "manifest",
                remedy: "man 5 tussilago.toml", mistakes: errors.mistakes)
        }
        if let named = parsed.app, named != app {
            throw Problem(.invalidRequest, "the manifest is of \(named), not of \(app)", field: "manifest")
        }
        let isBuilt = try checkSource(of: request, parsed.manifest)
        var image = parsed.image
        if let text = request.image {
            do throws(InvalidValue) { image = try ImageReference(text) } catch {
                throw Problem(.invalidRequest, error.description, field: "image")
            }
        }
        if image == nil, isBuilt { image = try? Runtime.image(parsed.manifest.python?.version) }
        guard let image else {
            throw Problem(
                .invalidRequest, "neither the manifest nor the request names an image", field: "image",
                remedy: "add image = \"localhost/python:3.13\" to the manifest, or use --image")
        }
        return Deployment(
            image: image, source: request.source, files: request.files, manifest: parsed.manifest,
            scaled: parsed.scaled, note: request.note, vouches: vouched ? true : nil)
    }

    /// Whether a source is built; it and `[python]` go together, and no directory goes with them.
    private func checkSource(of request: DeployRequest, _ manifest: Manifest) throws(Problem) -> Bool {
        if request.source != nil, request.files != nil {
            throw Problem(.invalidRequest, "an app has a source or files, not both", field: "files")
        }
        if request.source != nil, manifest.python == nil {
            throw Problem(
                .invalidRequest, "the manifest does not say how the source is built", field: "manifest",
                remedy: "add [python] to it, which may be empty")
        }
        if request.source == nil, manifest.python != nil {
            throw Problem(
                .invalidRequest, "the manifest has [python], and there is no source to build", field: "source",
                remedy: "name the folder: tussilago deploy TENANT/APP FOLDER")
        }
        return request.source != nil
    }

    /// What would fail for certain is refused before an operation is made of it.
    private func check(_ request: TussilagoCore.Operation.Request) async throws(PortError) {
        if case .restore = request, try await !ledger.tenants(PageQuery(limit: 1)).items.isEmpty {
            throw PortError(.conflict, "host", cause: "it has tenants; a backup is restored on an empty host only")
        }
        guard let name = request.tenant else { return }
        let isThere = try await ledger.tenant(name)
        if case .createTenant(let name) = request {
            guard isThere == nil else { throw PortError(.conflict, "name", cause: "there is a tenant \(name) already") }
            return
        }
        guard let isThere else { throw PortError(.notFound, "tenant", cause: "there is no tenant \(name)") }
        if case .deleteTenant(let name) = request, isThere.apps > 0 {
            throw PortError(
                .conflict, "apps", cause: "tenant \(name) still has \(isThere.apps) apps; delete them first")
        }
        if case .deploy(_, let deployment) = request { try isThere.allow(deployment.manifest) }
        guard let reference = request.app else { return }
        let app = try await ledger.app(reference)
        if case .createApp = request {
            guard app == nil else { throw PortError(.conflict, "name", cause: "there is an app \(reference) already") }
            return
        }
        guard let app else { throw PortError(.notFound, "app", cause: "there is no app \(reference)") }
        switch request {
        case .setSecret(_, let name, _):
            guard let service = app.current?.manifest.services.first(where: { $0.secret == name }) else { return }
            throw PortError(
                .conflict, "secret",
                cause:
                    "\(name) is what service \(service.name) is reached by; for another: tussilago db rotate \(reference)"
            )
        case .rotateServices:
            guard let current = app.current, !current.manifest.services.isEmpty else {
                throw PortError(.conflict, "app", cause: "\(reference) has no services")
            }
        case .unsetSecret(_, let name):
            let isSet = try await ledger.secrets(of: reference).contains { $0.isCurrent && $0.version.name == name }
            guard isSet else {
                throw PortError(.notFound, "secret", cause: "\(reference) has no secret \(name)")
            }
            do throws(PortError) { try app.requireUnused(name) } catch {
                throw PortError(.conflict, "secret", cause: error.cause)
            }
        case .deploy(_, let deployment):
            guard let source = deployment.source else { return }
            guard try await outside.builds?.size(of: source, of: reference.tenant) != nil else {
                throw PortError(.notFound, "source", cause: "its archive was not sent, or is no longer kept")
            }
        case .start, .restart, .scale, .rollback, .rotateSecrets:
            guard let current = app.current else {
                throw PortError(.conflict, "app", cause: "\(reference) has no release yet; deploy one first")
            }
            if case .scale(_, let counts) = request { _ = try current.manifest.scaled(to: counts) }
            if case .rollback(_, let number?) = request {
                guard let release = try await ledger.release(reference, number) else {
                    throw PortError(.notFound, "release", cause: "\(reference) has no release \(number) any more")
                }
                // One that an ended rollback has left pending is ended by the next, before it begins.
                guard release.state == .superseded || release.isRevived else {
                    throw PortError(
                        .conflict, "release", cause: "release \(number) is \(release.state.rawValue), not superseded")
                }
            }
        default: break
        }
    }
}
