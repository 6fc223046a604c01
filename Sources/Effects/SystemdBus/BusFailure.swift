internal import Glibc
internal import TussilagoCore

/// Why a call over D-Bus did not give its result.
enum BusFailure: Error, Hashable {
    /// The other side answered with an error.
    case answered(name: String, message: String)
    /// There is no connection, or no systemd at its other end.
    case disconnected
    /// No answer came in time.
    case timedOut
    /// The caller's task was cancelled.
    case cancelled
    /// A message could not be made or read, or the system lacks something: an `errno`.
    case system(Int32)

    /// Sorts an error that came as a message; libsystemd makes such messages itself for lost answers.
    init(name: String, message: String, isConnected: Bool) {
        switch name {
        case _ where !isConnected: self = .disconnected
        case "org.freedesktop.DBus.Error.Disconnected", "org.freedesktop.DBus.Error.NoServer",
            "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner":
            self = .disconnected
        case "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Timeout",
            "org.freedesktop.DBus.Error.TimedOut":
            self = .timedOut
        default: self = .answered(name: name, message: message)
        }
    }

    /// Sorts a negative result of libsystemd's, which is an `errno`.
    init(result: Int32) {
        switch -result {
        case ENOTCONN, ECONNRESET, ECONNREFUSED, EPIPE, ESHUTDOWN, ENOENT: self = .disconnected
        case ETIMEDOUT: self = .timedOut
        case let number: self = .system(number)
        }
    }

    /// The error's name on the bus, if it has one.
    var name: String? {
        if case .answered(let name, _) = self { name } else { nil }
    }
}

extension PortError {
    /// Says a failure of the bus in the words of the port.
    init(_ failure: BusFailure, subject: String) {
        switch failure {
        case .disconnected: self.init(.unavailable, subject, cause: "systemd cannot be reached over D-Bus")
        case .timedOut: self.init(.timedOut, subject, cause: "systemd did not answer in time")
        case .cancelled: self.init(.unavailable, subject, cause: "the wait for systemd was given up")
        case .system(let number):
            self.init(.unexpected, subject, cause: "a message to systemd failed", detail: "errno \(number)")
        case .answered(let name, let message):
            let (code, cause) = Self.meaning(of: name)
            self.init(code, subject, cause: cause, detail: "\(name): \(message)")
        }
    }

    /// The names are those of systemd's `src/libsystemd/sd-bus/bus-common-errors.h` and of the D-Bus specification.
    private static func meaning(of name: String) -> (Code, cause: String) {
        switch name {
        case "org.freedesktop.systemd1.NoSuchUnit": (.notFound, "systemd knows no such unit")
        case "org.freedesktop.systemd1.LoadFailed", "org.freedesktop.systemd1.BadUnitSetting":
            (.refused, "systemd cannot load the unit")
        case "org.freedesktop.systemd1.UnitMasked": (.refused, "the unit is masked")
        case "org.freedesktop.systemd1.OnlyByDependency": (.refused, "the unit may be started by others only")
        case "org.freedesktop.systemd1.TransactionIsDestructive":
            (.conflict, "another job of systemd's contradicts it and may not be replaced")
        case "org.freedesktop.systemd1.TransactionJobsConflicting",
            "org.freedesktop.systemd1.TransactionOrderIsCyclic":
            (.refused, "the unit's dependencies contradict one another")
        case "org.freedesktop.systemd1.ShuttingDown": (.unavailable, "the host is shutting down")
        case "org.freedesktop.DBus.Error.LimitsExceeded": (.unavailable, "systemd has too much to do")
        case "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired":
            (.refused, "systemd did not allow it")
        default: (.unexpected, "systemd answered with an error")
        }
    }
}
