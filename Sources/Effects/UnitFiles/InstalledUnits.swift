internal import FoundationEssentials
internal import TussilagoCore

/// The unit files of the platform, among those of the admin.
///
/// A file is the platform's when it carries the section `[X-Tussilago]`; any other of the same name is left as it is.
struct InstalledUnits {
    let root: HostRoot
    /// The directories that are open already, where many files are looked at.
    var places: OpenPlaces?

    /// More than any unit that the platform writes.
    private static let textLimit = 1_048_576
    /// Says that files were written that systemd has not read.
    ///
    /// It lies in memory: a boot reads all files anyway.
    private static let reloadMark = "reload-owed"

    // MARK: Changes

    /// Writes unit files.
    ///
    /// Nothing is written when one of the names is taken by somebody else's file.
    func install(_ files: [UnitFile]) throws(PortError) {
        var changed: Set<UnitFile> = []
        for file in files {
            guard Self.isOwned(Array(file.text.utf8)) else {
                throw PortError(.unexpected, file.path.name, cause: "it lacks the section [\(ownershipSection)]")
            }
            if try text(of: file.path, refusingForeign: true) != file.text { changed.insert(file) }
        }
        if !files.isEmpty { try oweReload() }
        for (place, files) in byDirectory(files, \.path) {
            let directory = try root.makeDirectory(place.base, place.path)
            for file in files where changed.contains(file) {
                try directory.replace(file.path.name, file.text.utf8, mode: 0o644)
            }
            try directory.sync(as: "units")
        }
    }

    /// Removes unit files, and the directories of theirs that are empty then.
    ///
    /// Those that are not there are no error.
    func uninstall(_ paths: [UnitFile.Path]) throws(PortError) {
        for path in paths { _ = try text(of: path, refusingForeign: true) }
        if !paths.isEmpty { try oweReload() }
        for (place, paths) in byDirectory(paths, \.self) {
            guard let directory = try root.directory(place.base, place.path) else { continue }
            for path in paths {
                try directory.remove(path.name)
                if case .system(let unit) = path, unit.type == .target {
                    try directory.removeDirectory(ifEmpty: "\(unit).wants")
                }
            }
            try directory.sync(as: "units")
            if place.base == .quadlets, let tenant = place.path?.split(separator: "/").last {
                try root.directory(.quadlets)?.removeDirectory(ifEmpty: String(tenant))
            }
        }
    }

    /// Notes that systemd has read everything.
    func settle() throws(PortError) {
        try root.directory(.runtime)?.remove(Self.reloadMark)
    }

    /// Whether files were written that systemd has not read yet.
    func reloadOwed() throws(PortError) -> Bool {
        try root.directory(.runtime)?.read(Self.reloadMark, limit: 0) != nil
    }

    /// Made before the first file changes: a crash right after it costs one reload too many, never one too few.
    private func oweReload() throws(PortError) {
        guard try !reloadOwed() else { return }
        try root.makeDirectory(.runtime).write(Self.reloadMark, [], mode: 0o644, as: Self.reloadMark)
    }

    // MARK: What is there

    /// The templates of a tenant's apps, of all generations.
    func templates(of tenant: TenantName) throws(PortError) -> [AppReference: [UnitFile.Path]] {
        var paths: [AppReference: [UnitFile.Path]] = [:]
        guard let directory = try root.directory(.quadlets, "\(HostPaths.quadlets)/\(tenant)") else { return paths }
        for name in try directory.names(as: "units") where name.hasSuffix("@.container") {
            guard let template = TemplateName(stem: String(name.dropLast("@.container".count))),
                template.app.tenant == tenant
            else { continue }
            paths[template.app, default: []].append(template.path)
        }
        return paths
    }

    /// The timers of all apps' processes, of all generations.
    func timers() throws(PortError) -> [AppReference: [UnitFile.Path]] {
        var paths: [AppReference: [UnitFile.Path]] = [:]
        guard let directory = try root.directory(.systemUnits) else { return paths }
        for name in try directory.names(as: "units") where name.hasPrefix("tussilago-") && name.hasSuffix("@.timer") {
            guard let unit = UnitName(name), let template = TemplateName(timer: unit) else { continue }
            paths[template.app, default: []].append(template.timerPath)
        }
        return paths
    }

    /// The texts of unit files, and what they say of whom they are, of those that are of a tenant or an app.
    func files(
        of paths: [UnitFile.Path], in scope: Scope
    ) throws(PortError) -> (texts: [UnitFile.Path: String], records: [UnitRecord]) {
        var texts: [UnitFile.Path: String] = [:], records: [UnitRecord] = []
        for path in paths {
            guard let file = try file(of: path, refusingForeign: false) else { continue }
            texts[path] = file.text
            if let record = UnitRecord(file.text, modified: file.modified), scope.covers(record) {
                records.append(record)
            }
        }
        return (texts, records)
    }

    /// Whether there is a file of that name which the platform has written.
    func isOwned(_ path: UnitFile.Path) throws(PortError) -> Bool { try text(of: path, refusingForeign: false) != nil }

    /// The text of the platform's file of that name; nil when there is none.
    private func text(of path: UnitFile.Path, refusingForeign: Bool) throws(PortError) -> String? {
        try file(of: path, refusingForeign: refusingForeign)?.text
    }

    /// The platform's file of that name, and when it was written; nil when there is none.
    private func file(
        of path: UnitFile.Path, refusingForeign: Bool
    ) throws(PortError) -> (text: String, modified: Date)? {
        let name = path.name
        let found = if let places { try places.open(path.place) } else { try OpenPlace(path.place, root) }
        guard let directory = found, let status = try directory.status(of: name) else { return nil }
        // Anything else was not written here: a link, as `systemctl mask` makes one, or a file beyond all measure.
        if status.kind == .file, status.size <= Self.textLimit {
            guard let file = try directory.readFile(name, limit: Self.textLimit) else { return nil }
            if Self.isOwned(file.bytes) { return (String(decoding: file.bytes, as: UTF8.self), file.status.modified) }
        }
        guard refusingForeign else { return nil }
        throw PortError(.conflict, name, cause: "there is a file of this name that the platform did not write")
    }

    private static let mark = Array("[\(ownershipSection)]\n".utf8)

    /// Whether a line of a text begins the platform's section. It is one of the first where the platform wrote it.
    private static func isOwned(_ text: [UInt8]) -> Bool {
        var rest = text[...]
        while !rest.starts(with: mark) {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return false }
            rest = rest[(end + 1)...]
        }
        return true
    }

    private func byDirectory<Item>(
        _ items: [Item], _ path: (Item) -> UnitFile.Path
    ) -> [(UnitPlace, [Item])] {
        Dictionary(grouping: items) { path($0).place }.sorted { ($0.key.path ?? "") < ($1.key.path ?? "") }
            .map { ($0.key, $0.value) }
    }
}

extension Scope {
    /// Whether a record is of this tenant or app: a file that somebody has copied under another name is not.
    fileprivate func covers(_ record: UnitRecord) -> Bool {
        switch self {
        case .tenant(let name): record.tenant.name == name && record.app == nil
        case .app(let app): record.app?.reference == app
        }
    }
}

extension UnitFile.Path {
    /// The file's name.
    var name: String {
        switch self {
        case .system(let unit): unit.description
        case .template(_, let stem): "\(stem)@.container"
        case .network(let app): "\(app.target.stem).network"
        }
    }

    /// Where the file lies.
    var place: UnitPlace {
        switch self {
        case .system: UnitPlace(base: .systemUnits, path: nil)
        case .template(let tenant, _): UnitPlace(base: .quadlets, path: "\(HostPaths.quadlets)/\(tenant)")
        case .network(let app): UnitPlace(base: .quadlets, path: "\(HostPaths.quadlets)/\(app.tenant)")
        }
    }
}
