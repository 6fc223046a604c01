import FoundationEssentials
import Glibc
import Testing
import TussilagoCore

@testable import UnitFiles

/// A directory that stands for a host's root, gone with the last reference to it.
final class TemporaryHost: Sendable {
    let root: String

    init() throws {
        // As strict as an admin may have it: the modes that the store asks for must come out all the same.
        umask(0o077)
        let path = FileManager.default.temporaryDirectory.path + "/unit-files-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        root = path
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    var store: FileUnitStore { FileUnitStore(root: root) }

    func store(limits: TreeLimits) -> FileUnitStore { FileUnitStore(root: root, limits: limits) }

    /// The names in a directory, sorted; nil when it is not there.
    func names(_ path: String) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: root + path).sorted()
    }

    func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: root + path).map { String(decoding: $0, as: UTF8.self) }
    }

    func link(_ path: String) -> String? { try? FileManager.default.destinationOfSymbolicLink(atPath: root + path) }

    func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: root + path, withIntermediateDirectories: true)
    }

    func write(_ path: String, _ text: String, mode: mode_t = 0o644) throws {
        try makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        #expect(FileManager.default.createFile(atPath: root + path, contents: Data(text.utf8)))
        chmod(root + path, mode)
    }

    func makeLink(_ path: String, to target: String) throws {
        try makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        #expect(symlink(target, root + path) == 0)
    }

    func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(root + path, &status) == 0 ? status : nil
    }

    func mode(_ path: String) -> mode_t? { status(path).map { $0.st_mode & 0o7777 } }
    func inode(_ path: String) -> ino_t? { status(path)?.st_ino }
}

/// What the tests are about: acme's shop with three processes.
enum Example {
    static let tenantName = TenantName(unchecked: "acme")
    static let app = AppReference(tenant: tenantName, app: AppName(unchecked: "shop"))
    static let other = AppReference(tenant: tenantName, app: AppName(unchecked: "blog"))
    static let web = ProcessName(unchecked: "web")
    static let worker = ProcessName(unchecked: "worker")

    static func users() throws -> UserRange { try #require(UserRange(index: 3)) }
    static func network() throws -> AppNetwork { try #require(AppNetwork(index: 5)) }
    static func number(_ number: Int) throws -> ReleaseNumber { try #require(ReleaseNumber(rawValue: number)) }

    /// A release with a process `web` in two copies and one `worker`, whose template has a later generation.
    static func release(
        _ number: Int, of app: AppReference = app, tree: TussilagoCore.Digest? = nil, port: Bool = false,
        environment: [EnvironmentVariable] = [], id: UUID = UUID()
    ) throws -> Release {
        let image = ImageIdentity(
            reference: try ImageReference("localhost/python:3.13"),
            digest: try TussilagoCore.Digest(String(repeating: "a1", count: 32)))
        let processes = [
            ProcessSpecification(
                name: web, command: [try CommandArgument("python3")], ingress: port ? .port(8080) : .socket, count: 2),
            ProcessSpecification(name: worker, command: [try CommandArgument("python3")]),
        ]
        return Release(
            id: id, app: app, number: try self.number(number),
            artefact: tree.map { .imageWithFiles(image, tree: $0) } ?? .image(image),
            manifest: Manifest(processes: processes, environment: environment),
            templates: [web: .init(generation: 1, text: "web"), worker: .init(generation: 3, text: "worker")])
    }

    static func template(_ process: ProcessName, _ generation: Int, of app: AppReference = app) -> UnitFile.Path {
        TemplateName(app: app, process: process, generation: generation).path
    }

    static func unit(_ path: UnitFile.Path, _ comment: String = "") -> UnitFile {
        UnitFile(path: path, text: "# \(comment)\n\n[X-Tussilago]\nTenant=acme\n\n[Unit]\nDescription=x\n")
    }
}

/// The error that a call throws; nil when it throws none.
func failure(_ body: () async throws(PortError) -> Void) async -> PortError? {
    do { try await body() } catch { return error }
    return nil
}
