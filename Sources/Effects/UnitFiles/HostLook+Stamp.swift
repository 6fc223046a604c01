internal import Glibc
internal import TussilagoCore

extension HostLook {
    /// A mark of all that ``files(of:)`` reads of an app, by what the kernel says of files and directories: none can be
    /// changed without its time of change being set, and nothing but the clock sets that (inode(7), `st_ctime`).
    /// - Returns: nil when something was changed within the last seconds: the kernel's own clock ticks some hundred times
    ///   a second, and what is changed twice in one tick has the same time.
    func stamp(of app: AppReference) throws(PortError) -> Stamp? {
        var mark = FileMark(now: now)
        mark.stamp.add(try isReloadOwed() ? "owed" : "read")
        mark.stamp.add(try wants(app.target, by: app.tenant.target) ? "wanted" : "not wanted")
        for (copy, instance) in try upstreams(of: app).sorted(by: { $0.key < $1.key }) {
            mark.stamp.add("\(copy) \(instance)")
        }
        for path in [.system(app.slice), .system(app.target), .network(app)] + (try templates(of: app))
            + (try timers(of: app))
        {
            mark.stamp.add(path.name)
            if let place = try places.open(path.place) { try place.mark(path.name, &mark) }
        }
        let systemUnits = try places.open(UnitPlace(base: .systemUnits, path: nil))
        try systemUnits?.mark("\(app.target).wants", &mark)
        let apps = try places.open(UnitPlace(base: .state, path: "\(HostPaths.apps)/\(app.tenant)"))
        if let home = try apps?.directory(app.app.rawValue) {
            try home.mark("live", &mark)
            try home.mark(HostPaths.secretRecordName, &mark)
            if let releases = try home.directory("releases") {
                try home.mark("releases", &mark)
                for number in try releases.names(as: "releases") {
                    mark.stamp.add(number)
                    // What a link leads to is seen by the directory that it stands in.
                    for name in ["", "/\(HostPaths.releaseRecord)", "/\(HostPaths.unitEnvironment)"] {
                        try releases.mark(number + name, &mark)
                    }
                }
            }
        }
        return mark.isSettled ? mark.stamp : nil
    }
}

/// A mark while it is made.
struct FileMark {
    var stamp = Stamp()
    /// Whether nothing was changed within the last seconds, by the clock, or after it.
    private(set) var isSettled = true
    private let now: Int

    /// In seconds.
    private static let settling = 2

    init(now: Int) { self.now = now }

    mutating func add(_ status: stat?) {
        guard let status else { return stamp.add(0) }
        for number in [
            UInt64(status.st_dev), UInt64(status.st_ino), UInt64(status.st_mode),
            UInt64(bitPattern: Int64(status.st_size)),
            UInt64(bitPattern: Int64(status.st_ctim.tv_sec)), UInt64(bitPattern: Int64(status.st_ctim.tv_nsec)),
        ] { stamp.add(number) }
        if status.st_ctim.tv_sec > now - Self.settling { isSettled = false }
    }
}

extension Directory {
    /// Adds what has a name, or that nothing has, to a mark.
    func mark(_ name: String, _ mark: inout FileMark) throws(PortError) {
        var status = stat()
        let found = try posix("fstatat", name, nilOn: ENOENT, ENOTDIR) {
            fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW)
        }
        mark.add(found == nil ? nil : status)
    }
}
