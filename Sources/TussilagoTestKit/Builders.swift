public import FoundationEssentials
public import TussilagoCore

/// Values for tests, with as little said as possible. A text that is not valid is a mistake of the test: it throws.
public enum Make {
    /// An id that follows from a number.
    public static func id(_ number: Int) -> UUID {
        let byte = UInt8(truncatingIfNeeded: number), high = UInt8(truncatingIfNeeded: number >> 8)
        return UUID(uuid: (high, byte, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))
    }

    /// A tenant.
    public static func tenant(_ name: String = "acme", range: Int = 7) throws -> Tenant {
        guard let users = UserRange(index: range) else { throw InvalidValue("range", given: "\(range)", rule: "none") }
        return Tenant(id: id(1), name: try TenantName(name), users: users)
    }

    /// An app.
    public static func app(_ name: String = "acme/shop", network: Int = 3) throws -> App {
        guard let network = AppNetwork(index: network) else { throw InvalidValue("network", given: "", rule: "none") }
        return App(id: id(2), reference: try AppReference(name), network: network)
    }

    /// A process.
    public static func process(
        _ name: String = "web", command: [String] = ["python3", "/app/app.py"], ingress: Ingress? = .socket,
        count: Int = 1,
        limits: Limits = Limits(), schedule: Schedule? = nil
    ) throws -> ProcessSpecification {
        ProcessSpecification(
            name: try ProcessName(name), command: try command.map { try CommandArgument($0) }, ingress: ingress,
            limits: limits, count: count, schedule: schedule)
    }

    /// An image that is in every test's storage.
    public static func image(_ digit: Character = "a") throws -> ImageIdentity {
        ImageIdentity(
            reference: try ImageReference("localhost/python:3.13"),
            digest: try Digest(String(repeating: digit, count: 64)))
    }

    /// A release whose templates follow from its manifest and the history.
    public static func release(
        _ number: Int, of app: App, tenant: Tenant, manifest: Manifest, history: ReleaseHistory = ReleaseHistory(),
        tree: Digest? = nil
    ) throws -> Release {
        guard let number = ReleaseNumber(rawValue: number) else {
            throw InvalidValue("release", given: "", rule: "none")
        }
        var templates: [ProcessName: Release.Template] = [:]
        for process in manifest.processes {
            let text = ProcessTemplate(
                tenant: tenant, app: app, process: process, hasFiles: tree != nil, egress: manifest.egress
            ).text
            templates[process.name] = history.template(for: process.name, text: text)
        }
        let image = try image()
        return Release(
            id: id(100 + number.rawValue), app: app.reference, number: number,
            artefact: tree.map { .imageWithFiles(image, tree: $0) } ?? .image(image), manifest: manifest,
            templates: templates)
    }
}
