internal import TussilagoCore

/// What a release's directory holds: what its template reaches through an instance's link, and the release itself.
struct ReleaseContents {
    /// The files, by name.
    private(set) var files: [(name: String, bytes: [UInt8])]
    /// The files that are mounted into the sandbox, and so everyone may read.
    let readable: [(name: String, bytes: [UInt8])]
    /// The tree of files that its link leads to, if it has one.
    let tree: TussilagoCore.Digest?
    /// The tree of packages that its link leads to, if it has one.
    let packages: TussilagoCore.Digest?

    /// The largest record that is written, and so the most that is read of one.
    static let recordLimit = 4 * 1_048_576

    /// Renders a release's files.
    /// - Parameter resolvers: Whom an app asks for names that may reach every public address.
    init(_ release: Release, network: AppNetwork, resolvers: [String]) throws(PortError) {
        let record = Array(try release.text().utf8)
        guard record.count <= Self.recordLimit else {
            throw PortError(.refused, "release \(release.number)", cause: "it is larger than \(Self.recordLimit) bytes")
        }
        files = [
            (HostPaths.unitEnvironment, Array(Self.unitEnvironment(release).utf8)),
            (HostPaths.appEnvironment, Array(Self.appEnvironment(release).utf8)),
            (HostPaths.releaseRecord, record),
        ]
        if !release.secrets.isEmpty { files.append((HostPaths.secretList, Array(Self.secretList(release).utf8))) }
        let reach = EgressFiles(release.manifest, network: network, resolvers: resolvers)
        readable = reach.readable.map { ($0.name, Array($0.text.utf8)) }
        if let asked = reach.asked { files.append((HostPaths.egressFile, Array(asked.utf8))) }
        tree = release.artefact.tree
        packages = release.artefact.built?.packages
    }

    /// Values for the unit itself, in the format of systemd.exec(5) `EnvironmentFile=`.
    ///
    /// Digits, letters and dots only: nothing that would have to be quoted. Comments name the release's instances: to
    /// look at a host, nobody has to parse all records.
    private static func unitEnvironment(_ release: Release) -> String {
        release.instances.map { "\(comment)\($0.unit)\n" }.joined()
            + "TUSSILAGO_IMAGE=\(release.artefact.image.digest.hexadecimal)\n"
    }

    private static let comment = "# "

    /// The instances that the comments of a unit's environment name; nil when there are none.
    static func instances(_ unitEnvironment: [UInt8]) -> [Instance]? {
        let lines = String(decoding: unitEnvironment, as: UTF8.self).split(separator: "\n")
        let instances = lines.compactMap { line -> Instance? in
            guard line.hasPrefix(comment) else { return nil }
            return UnitName(String(line.dropFirst(comment.count))).flatMap(Instance.init(unit:))
        }
        return instances.isEmpty ? nil : instances
    }

    /// The app's environment, for `podman run --env-file`.
    ///
    /// Podman's parser cuts a line at its first `=` and takes the rest as it is: blanks at both ends, quotes, `#`, `$` and
    /// a `\` at the end are part of the value (`pkg/env/env.go`, `ParseFile` and `parseEnv`, the same in 4.3.1 and 5.4.2).
    /// Only 4.7.0 tried to read quotes, and 4.7.1 took that back. Its scanner refuses lines of 64 KiB; a name and a value
    /// come to half of that at most. A value has no line end, by its type.
    private static func appEnvironment(_ release: Release) -> String {
        release.manifest.environment.map { "\($0.name)=\($0.value)\n" }.joined()
    }

    /// A line for each secret, as `tussilago-instance secrets` reads it: its name, and the file with its value.
    private static func secretList(_ release: Release) -> String {
        release.secrets.map { "\($0.name) \(HostPaths.credentialName($0.credential))\n" }.joined()
    }
}
