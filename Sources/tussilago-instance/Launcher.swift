import CSystemd
import Glibc

/// Starts what a target wants now.
///
/// systemd reads a target's `.wants` links when it loads the target. A deploy moves them and reloads nothing; so when
/// the target is started later, systemd still wants the release that was replaced. That one's unit is passed over (its
/// `ConditionPathExists=` fails), and this starts its successor.
struct Launcher {
    /// The target's name without its type.
    let target: String

    func run() throws(Failure) {
        let units = try wanted()
        guard !units.isEmpty else { return }
        var bus: OpaquePointer?
        let opened = sd_bus_open_system(&bus)
        guard opened >= 0 else { throw Failure("cannot reach systemd over D-Bus", errno: -opened) }
        defer { sd_bus_flush_close_unref(bus) }
        for unit in units { try start(unit, over: bus) }
    }

    /// The services that the target's links name, of the target's own app.
    private func wanted() throws(Failure) -> [String] {
        let path = "/etc/systemd/system/\(target).target.wants"
        guard let directory = opendir(path) else {
            if errno == ENOENT { return [] }
            throw Failure("cannot read \(path)", errno: errno)
        }
        defer { closedir(directory) }
        var units: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name.hasPrefix("\(target)-"), name.hasSuffix(".service"), isUnitName(name) { units.append(name) }
        }
        return units.sorted()
    }

    /// Queues the unit's start, and does not wait for it: the unit is ordered after the target, which waits for this.
    ///
    /// Mode `fail` (org.freedesktop.systemd1(5)): a stop that is queued already counts. `replace` would undo a
    /// `systemctl stop` that came just after the start. A start that is queued already, as at boot, is the same job.
    private func start(_ unit: String, over bus: OpaquePointer?) throws(Failure) {
        // Whoever starts the target means it, also after the instance failed so often that systemd gave it up. An
        // instance that systemd has not loaded has not failed.
        _ = call("ResetFailedUnit", [unit], over: bus)
        guard let error = call("StartUnit", [unit, "fail"], over: bus) else { return }
        guard error.name == "org.freedesktop.systemd1.TransactionIsDestructive" else {
            throw Failure("cannot start \(unit): \(error.message)")
        }
        standardError("\(unit) is being stopped and is not started\n")
    }

    /// Calls a method of systemd's manager; returns the error, if there is one.
    private func call(
        _ method: String, _ arguments: [String], over bus: OpaquePointer?
    ) -> (name: String, message: String)? {
        var message: OpaquePointer?
        var error = sd_bus_error()
        defer {
            sd_bus_message_unref(message)
            sd_bus_error_free(&error)
        }
        var result = sd_bus_message_new_method_call(
            bus, &message, "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
            method)
        for argument in arguments where result >= 0 {
            result = sd_bus_message_append_basic(message, CChar(UInt8(ascii: "s")), argument)
        }
        if result >= 0 { result = sd_bus_call(bus, message, 0, &error, nil) }
        guard result < 0 else { return nil }
        return (
            name: error.name.map { String(cString: $0) } ?? "",
            message: error.message.map { String(cString: $0) } ?? String(cString: strerror(-result))
        )
    }
}
