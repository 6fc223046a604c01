internal import Crypto
internal import Queues
internal import TussilagoCore

/// An archive that comes in. What came is on its way to the disk, and nothing of it is kept in memory.
///
/// It has a thread of its own: to wait for the disk at its end takes a while, and no deploy waits for it.
actor SourceFile: SourceWriting {
    private let store: SourceStore
    private let source: TussilagoCore.Digest
    private let tenant: TenantName
    private let limit: Bytes
    private let name: String
    private var file: OpenFile?
    private var hash = SHA256()
    private var count: Int64 = 0
    private let executor = SerialQueue(label: "tussilago.source")

    init(
        _ store: SourceStore, _ source: TussilagoCore.Digest, of tenant: TenantName, limit: Bytes
    ) throws(PortError) {
        self.store = store
        self.source = source
        self.tenant = tenant
        self.limit = limit
        name = SourceStore.temporaryName(source)
        file = try store.create(name, of: tenant, limit: limit)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func write(_ bytes: [UInt8]) throws(PortError) {
        count += Int64(bytes.count)
        guard count <= limit.count else {
            throw PortError(.refused, "source", cause: "it has more than \(limit.count) bytes")
        }
        hash.update(data: bytes)
        try file?.write(bytes[...], as: "source")
    }

    func finish() throws(PortError) {
        let came = try hash.value
        guard came == source else {
            throw PortError(.refused, "source", cause: "what came is \(came), not what was announced")
        }
        try file?.sync(as: "source")
        file = nil
        try store.keep(name, as: source, of: tenant)
    }

    func abandon() {
        file = nil
        // Another try has another name; what stays here is removed by the next collection.
        try? store.remove(name, of: tenant)
    }
}
