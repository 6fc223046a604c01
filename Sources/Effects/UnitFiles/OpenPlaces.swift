internal import TussilagoCore

/// The directory of a unit file, or of a tenant's apps.
struct UnitPlace: Hashable {
    /// The base directory.
    let base: HostRoot.Base
    /// The directory below it, if it is one.
    let path: String?
}

/// A directory, open as long as this.
final class OpenPlace {
    let place: UnitPlace
    private let directory: Directory

    /// Opens it; nil when it is not there.
    init?(_ place: UnitPlace, _ root: HostRoot) throws(PortError) {
        guard let directory = try root.directory(place.base, place.path) else { return nil }
        self.place = place
        self.directory = directory
    }

    /// See ``Directory/directory(_:)``.
    func directory(_ name: String) throws(PortError) -> Directory? { try directory.directory(name) }

    /// See ``Directory/mark(_:_:)``.
    func mark(_ name: String, _ mark: inout FileMark) throws(PortError) { try directory.mark(name, &mark) }

    /// See ``Directory/status(of:)``.
    func status(of name: String) throws(PortError) -> FileStatus? { try directory.status(of: name) }

    /// See ``Directory/readFile(_:limit:)``.
    func readFile(_ name: String, limit: Int) throws(PortError) -> (bytes: [UInt8], status: FileStatus)? {
        try directory.readFile(name, limit: limit)
    }
}

/// The directories that one look at many apps goes through: systemd's, and those of the last tenant. More need not be
/// open, as tenants are looked at one after the other.
final class OpenPlaces {
    private let root: HostRoot
    private var places: [HostRoot.Base: OpenPlace] = [:]

    init(root: HostRoot) { self.root = root }

    /// A directory, opened if it is not the last one of its kind; nil when it is not there.
    func open(_ place: UnitPlace) throws(PortError) -> OpenPlace? {
        if let known = places[place.base], known.place == place { return known }
        places[place.base] = try OpenPlace(place, root)
        return places[place.base]
    }
}
