internal import CSystemd
internal import Glibc
public import TussilagoCore

extension Systemd {
    /// The platform's units as they change state: a name for each change, the newest kept when the reader is slow.
    ///
    /// A name says only that something changed; ask for the unit's status then. The stream ends when the connection is
    /// lost: what has changed meanwhile is not known, so look at all units before you ask for another stream.
    public func changes(buffering limit: Int = 256) async throws(PortError) -> AsyncStream<UnitName> {
        do throws(BusFailure) {
            try await subscribe()
            if !isWatching {
                // Twice as much would come without arg0: a service's own properties change with the unit's.
                try match(
                    "type='signal',sender='\(Self.destination)',interface='org.freedesktop.DBus.Properties',"
                        + "member='PropertiesChanged',path_namespace='\(Self.path)/unit',"
                        + "arg0='org.freedesktop.systemd1.Unit'"
                ) { $0.propertiesChanged($1) }
                isWatching = true
            }
        } catch { throw PortError(error, subject: "systemd") }
        let (stream, continuation) = AsyncStream.makeStream(
            of: UnitName.self, bufferingPolicy: .bufferingNewest(max(1, limit)))
        let id = makeID()
        watchers[id] = continuation
        continuation.onTermination = { _ in Task { await self.forget(id) } }
        return stream
    }

    private func forget(_ id: Int) {
        watchers[id] = nil
    }

    private func propertiesChanged(_ signal: borrowing BusMessage) {
        guard !watchers.isEmpty, let path = signal.path, let unit = Self.unit(path: path) else { return }
        for watcher in watchers.values { watcher.yield(unit) }
    }

    /// Reads a unit's name back from its object path, where all but letters and digits is escaped.
    static func unit(path: String) -> UnitName? {
        var name: UnsafeMutablePointer<CChar>?
        guard sd_bus_path_decode(path, "\(Self.path)/unit", &name) > 0, let name else { return nil }
        defer { free(name) }
        return UnitName(String(cString: name))
    }
}
