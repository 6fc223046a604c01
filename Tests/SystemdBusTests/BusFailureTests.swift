import Testing
import TussilagoCore

@testable import SystemdBus

@Suite struct BusFailureTests {
    @Test(arguments: [
        ("org.freedesktop.DBus.Error.ServiceUnknown", PortError.Code.unavailable),
        ("org.freedesktop.DBus.Error.NameHasNoOwner", .unavailable),
        ("org.freedesktop.DBus.Error.NoServer", .unavailable),
        ("org.freedesktop.DBus.Error.Disconnected", .unavailable),
        ("org.freedesktop.DBus.Error.NoReply", .timedOut),
        ("org.freedesktop.DBus.Error.AccessDenied", .refused),
        ("org.freedesktop.systemd1.NoSuchUnit", .notFound),
        ("org.freedesktop.systemd1.UnitMasked", .refused),
        ("org.freedesktop.systemd1.LoadFailed", .refused),
        ("org.freedesktop.DBus.Error.UnknownMethod", .unexpected),
    ])
    func `An error of the bus has its kind`(name: String, code: PortError.Code) {
        let failure = BusFailure(name: name, message: "", isConnected: true)
        #expect(PortError(failure, subject: "systemd").code == code)
    }

    @Test func `An answer that the loss of the connection made up says that systemd is away, not late`() {
        let failure = BusFailure(
            name: "org.freedesktop.DBus.Error.NoReply", message: "Connection terminated", isConnected: false)
        #expect(failure == .disconnected)
    }

    @Test func `What systemd said goes to the journal only`() {
        let failure = BusFailure(
            name: "org.freedesktop.systemd1.LoadFailed", message: "/etc/systemd/system/x: uid 1001", isConnected: true)
        let error = PortError(failure, subject: "tussilago-acme.target")
        #expect(error.detail == "org.freedesktop.systemd1.LoadFailed: /etc/systemd/system/x: uid 1001")
        #expect(!error.cause.contains("1001"))
        #expect(!error.cause.contains("/"))
    }
}
