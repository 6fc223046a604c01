import CSystemd
import Glibc

/// systemd's manager, over the system bus (org.freedesktop.systemd1(5)).
struct Manager: ~Copyable {
    private let bus: OpaquePointer

    private static let destination = "org.freedesktop.systemd1"

    init() throws(Failure) {
        var opened: OpaquePointer?
        let result = sd_bus_open_system(&opened)
        guard result >= 0, let opened else { throw Failure("cannot reach systemd over D-Bus", errno: -result) }
        bus = opened
    }

    deinit { sd_bus_flush_close_unref(bus) }

    /// Calls a method of the manager; returns the error, if there is one.
    func call(_ method: String, _ arguments: [String]) -> (name: String, message: String)? {
        var message: OpaquePointer?
        var error = sd_bus_error()
        defer {
            sd_bus_message_unref(message)
            sd_bus_error_free(&error)
        }
        var result = sd_bus_message_new_method_call(
            bus, &message, Self.destination, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", method)
        for argument in arguments where result >= 0 {
            result = sd_bus_message_append_basic(message, CChar(SD_BUS_TYPE_STRING), argument)
        }
        if result >= 0 { result = sd_bus_call(bus, message, 0, &error, nil) }
        guard result < 0 else { return nil }
        return (
            name: error.name.map { String(cString: $0) } ?? "",
            message: error.message.map { String(cString: $0) } ?? String(cString: strerror(-result))
        )
    }

    /// A unit's state, as in `systemctl show -P ActiveState`; nil when systemd does not say.
    func state(of unit: String) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard let path = path(of: unit) else { return nil }
        defer { free(text) }
        let result = sd_bus_get_property_string(
            bus, Self.destination, path, "org.freedesktop.systemd1.Unit", "ActiveState", nil, &text)
        return result < 0 ? nil : text.map { String(cString: $0) }
    }

    /// Whether a job for the unit waits or runs.
    func hasJob(_ unit: String) -> Bool {
        var message: OpaquePointer?
        guard let path = path(of: unit) else { return false }
        defer { sd_bus_message_unref(message) }
        var number: UInt32 = 0
        let found =
            sd_bus_get_property(
                bus, Self.destination, path, "org.freedesktop.systemd1.Unit", "Job", nil, &message, "(uo)") >= 0
            && sd_bus_message_enter_container(message, CChar(SD_BUS_TYPE_STRUCT), "uo") >= 0
            && sd_bus_message_read_basic(message, CChar(SD_BUS_TYPE_UINT32), &number) >= 0
        return found && number != 0
    }

    private func path(of unit: String) -> String? {
        var path: UnsafeMutablePointer<CChar>?
        guard sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) >= 0, let path else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}
