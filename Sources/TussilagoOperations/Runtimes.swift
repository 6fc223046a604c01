public import TussilagoCore

/// The images that Python apps are built for and run in, as Podman's storage has them by their names.
public struct Runtimes: Sendable {
    private let outside: Outside

    /// Those of this host.
    public init(_ outside: Outside) { self.outside = outside }

    /// One runtime.
    public struct Found: Hashable, Sendable {
        /// The version that it is named by.
        public let version: PythonVersion
        /// Its image.
        public let image: Digest
        /// Whether it is the default.
        public let isDefault: Bool
    }

    /// All of them, by version.
    public func all() async throws(PortError) -> [Found] {
        var versions: [PythonVersion: Digest] = [:], standard: Digest?
        let prefix = "\(Runtime.repository):"
        for (digest, names) in try await outside.images.stored() {
            for name in names where name.hasPrefix(prefix) {
                let tag = name.dropFirst(prefix.count)
                if tag == Runtime.defaultTag { standard = digest }
                if let version = try? PythonVersion(tag) { versions[version] = digest }
            }
        }
        // Two versions may be one image; the newest of them is told as the default.
        let chosen = versions.filter { $0.value == standard }.keys.max()
        return versions.sorted { $0.key < $1.key }.map { Found(version: $0, image: $1, isDefault: $0 == chosen) }
    }

    /// Says which image a runtime is, and whether it is the default; the first one is in any case.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such image.
    public func set(
        _ version: PythonVersion, to image: ImageReference?, isDefault: Bool
    ) async throws(PortError) -> Found {
        let name = try Self.name(version)
        let identity = try await outside.images.resolve(image ?? name)
        try await outside.images.name(identity.digest, name)
        let hasDefault = try await all().contains(where: \.isDefault)
        if isDefault || !hasDefault { try await outside.images.name(identity.digest, try Self.name(nil)) }
        return Found(version: version, image: identity.digest, isDefault: isDefault || !hasDefault)
    }

    private static func name(_ version: PythonVersion?) throws(PortError) -> ImageReference {
        do throws(InvalidValue) { return try Runtime.image(version) } catch {
            throw PortError(.unexpected, "runtime", cause: error.description)
        }
    }
}
