import CSystemd
import Glibc

/// Starts what a target wants now.
///
/// systemd reads a target's `.wants` links when it loads the target. A deploy moves them and reloads nothing; so when
/// the target is started later, systemd still wants the release that was replaced. That one's unit is passed over (its
/// `ConditionPathExists=` fails), and this starts its successor.
///
/// The target waits for this, and so does `systemctl start`. The instances that serve are marked as starting before
/// that: requests are held from then on. Such a mark is an instance's own as soon as its start is under way; this
/// stays until then, and ``withdraw()``, which systemd runs after this has ended in any way, takes away the marks of
/// what was not started.
struct Launcher {
    /// The target's name without its type.
    let target: String

    /// How long is slept between two looks at a start that is queued, in microseconds: the first, and the longest.
    private static let pauses: (first: UInt32, longest: UInt32) = (5_000, 500_000)

    func run() throws(Failure) {
        let units = try wanted()
        let manager = try Manager()
        let serving = serving().filter(units.contains)
        for unit in serving where Self.isDown(manager.state(of: unit)) { try Instance(unit: unit).create() }
        var failure: Failure?
        for unit in units {
            // One that cannot be started keeps no other from it.
            do throws(Failure) { try start(unit, by: manager) } catch { failure = error }
        }
        sd_notify(0, "READY=1")
        for unit in serving { Self.waitUntilBegun(unit, manager) }
        if let failure { throw failure }
    }

    /// Takes away the marks of the app's instances that are not starting.
    ///
    /// What is starting takes its own away: `ready` when it serves, else `ended`.
    func withdraw() throws(Failure) {
        let manager = try Manager()
        for name in try own(in: Instance.root) where Self.hasNoMark(manager.state(of: "\(name).service")) {
            try Instance(name).unmark()
        }
    }

    private static func isDown(_ state: String?) -> Bool { state == "inactive" || state == "failed" }

    private static func hasNoMark(_ state: String?) -> Bool { isDown(state) || state == "active" }

    /// Returns as soon as the unit's start is under way, or is not queued any more.
    private static func waitUntilBegun(_ unit: String, _ manager: borrowing Manager) {
        var pause = pauses.first
        while isDown(manager.state(of: unit)), manager.hasJob(unit) {
            usleep(pause)
            pause = min(pause * 2, pauses.longest)
        }
    }

    /// The services and timers that the target's links name, of the target's own app.
    private func wanted() throws(Failure) -> [String] {
        try own(in: "/etc/systemd/system/\(target).target.wants").filter {
            $0.hasSuffix(".service") || $0.hasSuffix(".timer")
        }
    }

    /// What in a directory is named as the units of the target's own app are.
    private func own(in path: String) throws(Failure) -> [String] {
        guard let directory = opendir(path) else {
            if errno == ENOENT { return [] }
            throw Failure("cannot read \(path)", errno: errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name.hasPrefix("\(target)-"), isUnitName(name) { names.append(name) }
        }
        return names.sorted()
    }

    /// The units that the app's upstreams lead to, whether they run or not; none when no process takes requests.
    ///
    /// An upstream is named as its app is, those of further copies with their number: `shop`, `shop.2`. In the target's
    /// name, `tussilago-TENANT-APP`, a `-` of the tenant's or app's is written `_`.
    private func serving() -> [String] {
        let names = target.split(separator: "-").map { $0.replacing("_", with: "-") }
        guard names.count == 3 else { return [] }
        var units: [String] = []
        for copy in 1... {
            let name = copy == 1 ? names[2] : "\(names[2]).\(copy)"
            guard let path = link("/var/lib/tussilago/upstreams/\(names[1])/\(name)"),
                let instance = path.split(separator: "/").last
            else { break }
            units.append("\(instance).service")
        }
        return units
    }

    /// What a symbolic link leads to; nil when there is none.
    private func link(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Queues the unit's start, and does not wait for its end: the unit is ordered after the target, which waits for
    /// this.
    ///
    /// Mode `fail` (org.freedesktop.systemd1(5)): a stop that is queued already counts. `replace` would undo a
    /// `systemctl stop` that came just after the start. A start that is queued already, as at boot, is the same job.
    private func start(_ unit: String, by manager: borrowing Manager) throws(Failure) {
        // Whoever starts the target means it, also after the instance failed so often that systemd gave it up. An
        // instance that systemd has not loaded has not failed.
        _ = manager.call("ResetFailedUnit", [unit])
        guard let error = manager.call("StartUnit", [unit, "fail"]) else { return }
        guard error.name == "org.freedesktop.systemd1.TransactionIsDestructive" else {
            throw Failure("cannot start \(unit): \(error.message)")
        }
        standardError("\(unit) is being stopped and is not started\n")
    }
}
