public import FoundationEssentials
public import TussilagoCore

extension Systemd {
    /// A run of a service that ends by itself.
    public struct Run: Hashable, Sendable {
        /// When it began.
        public let started: Date
        /// When it ended; nil while it goes on.
        public let ended: Date?
        /// systemd's word for how: `success`, `exit-code`, `timeout` … (systemd.exec(5), `$SERVICE_RESULT`); nil while it
        /// goes on.
        public let result: String?
        /// What it ended with, or the number of the signal that ended it.
        public let status: Int
    }

    /// When a timer starts its unit next; nil when it never will.
    public func nextRun(of timer: UnitName) async throws(PortError) -> Date? {
        guard let unit = try await list([timer], timeout: Self.timeout).first else { return nil }
        return try await time("Timer", "NextElapseUSecRealtime", of: unit)
    }

    /// The last run of a service that systemd remembers; nil when there was none.
    public func lastRun(of service: UnitName) async throws(PortError) -> Run? {
        guard let unit = try await list([service], timeout: Self.timeout).first, unit.status.load == "loaded",
            let started = try await time("Service", "ExecMainStartTimestamp", of: unit)
        else { return nil }
        let ended = try await time("Service", "ExecMainExitTimestamp", of: unit).flatMap { $0 < started ? nil : $0 }
        guard let ended, !unit.status.mayRun else { return Run(started: started, ended: nil, result: nil, status: 0) }
        do throws(BusFailure) {
            let result = try await call(
                Self.propertyOf(unit.path), Self.names("Service", "Result"), timeout: Self.timeout
            ) { message throws(BusFailure) in try message.readStringProperty() }
            let status = try await call(
                Self.propertyOf(unit.path), Self.names("Service", "ExecMainStatus"), timeout: Self.timeout
            ) { message throws(BusFailure) in try message.readInt32Property() }
            return Run(started: started, ended: ended, result: result, status: Int(status))
        } catch { throw PortError(error, subject: unit.name) }
    }

    private static func names(_ interface: String, _ property: String) -> [BusMessage.Argument] {
        [.string("org.freedesktop.systemd1.\(interface)"), .string(property)]
    }

    /// A time of a unit's, which systemd counts in microseconds; nil where there is none yet, or none any more.
    private func time(_ interface: String, _ property: String, of unit: Listed) async throws(PortError) -> Date? {
        do throws(BusFailure) {
            let time = try await call(
                Self.propertyOf(unit.path), Self.names(interface, property), timeout: Self.timeout
            ) { message throws(BusFailure) in try message.readUInt64Property() }
            return time == 0 || time == .max ? nil : Date(timeIntervalSince1970: Double(time) / 1_000_000)
        } catch { throw PortError(error, subject: unit.name) }
    }
}
