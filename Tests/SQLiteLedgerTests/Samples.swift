import FoundationEssentials
import Glibc
import SQLiteLedger
import Testing
import TussilagoCore

/// A ledger's file in a directory of its own, which goes when the value does.
final class LedgerFile: Sendable {
    let directory: String

    init() throws {
        var template = Array("/tmp/tussilago-ledger-XXXXXX".utf8CString)
        directory = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    var path: String { "\(directory)/ledger.sqlite" }

    /// A ledger on the file, as a newly started program has it.
    func open(keptOperations: Int = SQLiteLedger.defaultKeptOperations) -> SQLiteLedger {
        SQLiteLedger(path: path, keptOperations: keptOperations)
    }
}

/// A time that microseconds hold exactly.
let someTime = Date(timeIntervalSince1970: 1_750_000_000.25)

let acme = TenantName(unchecked: "acme")
let globex = TenantName(unchecked: "globex")
let shop = AppReference(tenant: acme, app: AppName(unchecked: "shop"))
let blog = AppReference(tenant: acme, app: AppName(unchecked: "blog"))
let web = ProcessName(unchecked: "web")

func operation(_ request: TussilagoCore.Operation.Request, caller: String = "alice") -> TussilagoCore.Operation {
    Operation(id: UUID(), request: request, caller: caller, requestID: UUID(), acceptedAt: someTime)
}

/// A deploy of `shop`; those of different images are different requests.
func deployment(image: String = "localhost/python:3.13") throws -> TussilagoCore.Operation.Request {
    .deploy(shop, Deployment(image: try ImageReference(image), files: "/srv/shop", manifest: try manifest()))
}

func manifest(_ hostnames: [String] = ["shop.example.org"]) throws -> Manifest {
    let process = ProcessSpecification(
        name: web, command: [try CommandArgument("serve"), try CommandArgument("--name=Käse \"/\"")], ingress: .socket)
    return Manifest(
        processes: [process], hostnames: try hostnames.map { try Hostname($0) },
        environment: [try EnvironmentVariable(name: "GREETING", value: "hello")])
}

func release(
    _ number: Int, of app: AppReference = shop, hostnames: [String] = ["shop.example.org"],
    template: Release.Template = Release.Template(generation: 1, text: "[Container]\n")
) throws -> Release {
    let digest = try Digest(String(repeating: "a", count: 64))
    return Release(
        id: UUID(), app: app, number: try #require(ReleaseNumber(rawValue: number)),
        artefact: .image(ImageIdentity(reference: try ImageReference("localhost/python:3.13"), digest: digest)),
        manifest: try manifest(hostnames), templates: [web: template])
}

extension SQLiteLedger {
    /// Adds apps, and their tenants where they are missing.
    func addApps(_ apps: AppReference...) throws(PortError) {
        for app in apps {
            _ = try addTenant(app.tenant, id: UUID(), at: someTime)
            _ = try addApp(app, id: UUID(), at: someTime)
        }
    }

    /// Adds a release and makes it the current one.
    func deploy(_ release: Release) throws(PortError) {
        try addRelease(release, by: UUID(), at: someTime)
        try settleRelease(release.app, release.number, as: .current)
    }

    /// Brings an accepted operation to a state along its edges.
    func bring(_ operation: TussilagoCore.Operation, to state: TussilagoCore.Operation.State) throws(PortError) {
        var operation = operation
        if state == .accepted { return }
        operation.state = .running
        try advance(operation, events: [])
        if state == .running { return }
        operation.state = state
        try advance(operation, events: [])
    }
}

/// Walks a list to its end, as a client does.
func everything<Item>(
    limit: Int, _ page: (PageQuery) async throws -> Page<Item>
) async throws -> (items: [Item], sizes: [Int]) {
    var items: [Item] = []
    var sizes: [Int] = []
    var cursor: String?
    repeat {
        let part = try await page(PageQuery(limit: limit, cursor: cursor))
        items += part.items
        sizes.append(part.items.count)
        cursor = part.next
    } while cursor != nil && sizes.count < 100
    return (items, sizes)
}

/// Checks that `body` throws a ``PortError`` of this code and subject, and gives it back.
@discardableResult
func expect(
    _ code: PortError.Code, _ subject: String? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async -> PortError? {
    let error = await #expect(throws: PortError.self, sourceLocation: sourceLocation) { _ = try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    if let subject { #expect(error?.subject == subject, sourceLocation: sourceLocation) }
    return error
}
