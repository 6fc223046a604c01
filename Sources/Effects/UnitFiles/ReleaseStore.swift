internal import Glibc
internal import TussilagoCore

/// The releases' directories: each is written beside its place and moved there whole, so what has a number is complete.
struct ReleaseStore {
    let root: HostRoot
    /// Whom apps ask for names that may reach every public address.
    var resolvers: [String] = []

    /// Directories on the way to a file tree: the tenant's mapped root goes through them, and lists none.
    private static let passage: mode_t = 0o711
    /// Secrets may stand in an environment.
    private static let secret: mode_t = 0o600

    /// Writes a release's directory.
    ///
    /// The same release again is nothing; another one of the same number takes its place unless an instance of it may
    /// run.
    func stage(_ release: Release, network: AppNetwork) throws(PortError) {
        let contents = try ReleaseContents(release, network: network, resolvers: resolvers)
        let subject = "release \(release.number)"
        for tree in release.artefact.trees
        where try root.directory(.state, "\(HostPaths.trees)/\(tree.hexadecimal)") == nil {
            throw PortError(.notFound, subject, cause: "its files are not in the store")
        }
        let releases = try root.makeDirectory(.state, directory(of: release.app))
        try releases.removeLeftovers(as: subject)
        let name = release.number.description
        if let staged = try record(in: releases, release.app, release.number) {
            // Synced all the same: it may have been put there by a call that was cut before its sync.
            guard staged != release else { return try releases.sync(as: subject) }
            guard try !LiveLinks(root: root).numbers(of: release.app).contains(release.number) else {
                throw PortError(.conflict, subject, cause: "another release of this number may be running")
            }
        }
        let temporary = ".\(name).new"
        do {
            let staging = try releases.makeDirectory(temporary, mode: Self.passage)
            try write(contents, into: staging, as: subject)
        } catch {
            // What is left of a full disk would keep it full. It is as good a time as the next try's.
            try? releases.removeTree(temporary)
            throw error
        }
        let replaced = ".\(name).old"
        if try releases.directory(name) != nil { try releases.rename(name, to: replaced) }
        try releases.rename(temporary, to: name)
        try releases.sync(as: subject)
        try releases.removeTree(replaced)
    }

    private func write(
        _ contents: ReleaseContents, into staging: borrowing Directory, as subject: String
    ) throws(PortError) {
        for file in contents.files { try staging.write(file.name, file.bytes, mode: Self.secret, as: subject) }
        for file in contents.readable { try staging.write(file.name, file.bytes, mode: 0o644, as: subject) }
        for case (let name, let tree?) in [
            (HostPaths.files, contents.tree), (HostPaths.packages, contents.packages),
        ] {
            // From …/apps/TENANT/APP/releases/NUMBER; relative, so that the state can be moved and looked at elsewhere.
            try staging.link(name, to: "../../../../../trees/\(tree.hexadecimal)")
        }
        try staging.sync(as: subject)
    }

    /// Removes releases' directories, and the app's own when nothing is left in it.
    ///
    /// Those that are not there are no error.
    func discard(_ app: AppReference, _ numbers: [ReleaseNumber]) throws(PortError) {
        guard let releases = try root.directory(.state, directory(of: app)) else { return }
        for number in numbers where try releases.directory(number.description) != nil {
            try releases.rename(number.description, to: ".\(number).old")
        }
        try releases.sync(as: "releases")
        try LiveLinks(root: root).removeDangling(of: app)
        try releases.removeLeftovers(as: "releases")
        // Or what was removed could be there again after a power failure, and nobody would look for it.
        try releases.sync(as: "releases")
        try removeEmptyDirectories(of: app)
    }

    func removeEmptyDirectories(of app: AppReference) throws(PortError) {
        guard let directory = try root.directory(.state, HostPaths.app(app)) else { return }
        for name in ["releases", "live"] { try directory.removeDirectory(ifEmpty: name) }
        guard let apps = try root.directory(.state, "\(HostPaths.state)/apps"),
            let tenant = try apps.directory(app.tenant.rawValue),
            try tenant.removeDirectory(ifEmpty: app.app.rawValue)
        else { return }
        try tenant.sync(as: app.tenant.rawValue)
        if try apps.removeDirectory(ifEmpty: app.tenant.rawValue) { try apps.sync(as: "apps") }
    }

    /// What is staged of an app: the records of all releases in its directory, and of those whose instances have links the
    /// instances that may run.
    func staged(
        of app: AppReference, in home: borrowing Directory, linked links: [ReleaseNumber: Set<String>]
    ) throws(PortError) -> (records: [HostRecords.StoredRelease], live: Set<Instance>) {
        guard let releases = try home.directory("releases") else { return ([], []) }
        var records: [HostRecords.StoredRelease] = [], live: Set<Instance> = []
        for name in try releases.names(as: "releases") {
            guard let number = ReleaseNumber(name), let directory = try releases.directory(name) else { continue }
            var record: HostRecords.StoredRelease?
            if let file = try directory.readFile(HostPaths.releaseRecord, limit: ReleaseContents.recordLimit),
                let text = String(validating: file.bytes, as: UTF8.self)
            {
                record = HostRecords.StoredRelease(number, text: text, modified: file.status.modified)
            }
            if let record { records.append(record) }
            guard let names = links[number] else { continue }
            let instances =
                try instances(app, number, in: directory) ?? record.flatMap {
                    Release(record: $0.text, of: app, number)
                }?.instances ?? []
            live.formUnion(instances.filter { names.contains($0.instanceName) })
        }
        return (records, live)
    }

    /// The instances that a release's environment names; nil when it cannot be read, or names those of another.
    private func instances(
        _ app: AppReference, _ number: ReleaseNumber, in directory: borrowing Directory
    ) throws(PortError) -> [Instance]? {
        guard let text = try directory.read(HostPaths.unitEnvironment, limit: ReleaseContents.recordLimit),
            let instances = ReleaseContents.instances(text),
            instances.allSatisfy({ $0.app == app && $0.release == number })
        else { return nil }
        return instances
    }

    /// What a staged release is; nil when it is not staged, or its record cannot be read.
    func release(_ app: AppReference, _ number: ReleaseNumber) throws(PortError) -> Release? {
        guard let releases = try root.directory(.state, directory(of: app)) else { return nil }
        return try record(in: releases, app, number)
    }

    private func record(
        in releases: borrowing Directory, _ app: AppReference, _ number: ReleaseNumber
    ) throws(PortError) -> Release? {
        guard let directory = try releases.directory(number.description),
            let record = try directory.read(HostPaths.releaseRecord, limit: ReleaseContents.recordLimit)
        else { return nil }
        return Release(record: String(decoding: record, as: UTF8.self), of: app, number)
    }

    private func directory(of app: AppReference) -> String { "\(HostPaths.app(app))/releases" }
}

extension HostRecords.StoredRelease {
    /// Whether it has its beginning and its end. A release whose record is cut or missing is staged again when it is
    /// needed.
    var isWhole: Bool { text.utf8.first == UInt8(ascii: "{") && text.utf8.last == UInt8(ascii: "}") }
}

extension ReleaseNumber {
    /// Reads the name of a release's directory: digits, and no second way to write the same number.
    init?(_ text: some StringProtocol) {
        guard let number = Int(text), let release = ReleaseNumber(rawValue: number), release.description == text else {
            return nil
        }
        self = release
    }
}
