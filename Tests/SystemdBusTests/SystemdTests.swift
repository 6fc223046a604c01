import Glibc
import Testing
import TussilagoCore

@testable import SystemdBus

extension TenantName {
    static let acme: TenantName = {
        guard let name = try? TenantName("acme") else { preconditionFailure("acme is a tenant's name") }
        return name
    }()
}

@Suite(.timeLimit(.minutes(1))) struct SystemdTests {
    let unit = TenantName.acme.target

    @Test func `Nothing is asked about no units`() async throws {
        let systemd = try Systemd(address: "unix:path=/nonexistent/bus")
        #expect(try await systemd.status(of: []).isEmpty)
        #expect(await systemd.counts.calls == 0)
    }

    @Test func `Without a bus systemd is away for the moment, and callers may try again`() async throws {
        let systemd = try Systemd(address: "unix:path=/nonexistent/bus")
        for _ in 0..<2 {
            await #expect(throws: PortError.self) { try await systemd.status(of: [unit]) }
            await #expect { try await systemd.reload() } throws: { ($0 as? PortError)?.code == .unavailable }
            await #expect {
                try await systemd.start([unit], deadline: .seconds(1))
            } throws: { error in
                (error as? PortError)?.code == .unavailable && (error as? PortError)?.subject == "tussilago-acme.target"
            }
        }
    }

    @Test func `A bus that accepts and never speaks is given up`() async throws {
        let silent = try SilentServer()
        let systemd = Systemd(bus: try Bus(address: silent.address, loginLimit: .milliseconds(100)))
        let begun = ContinuousClock.now
        await #expect { try await systemd.stop([unit], deadline: .seconds(30)) } throws: {
            ($0 as? PortError)?.code == .unavailable
        }
        #expect(ContinuousClock.now - begun < .seconds(20))
    }

    @Test func `Who is cancelled does not wait for an answer`() async throws {
        let silent = try SilentServer()
        let systemd = Systemd(bus: try Bus(address: silent.address, loginLimit: .seconds(40)))
        let begun = ContinuousClock.now
        let call = Task { try await systemd.status(of: [unit]) }
        try await Task.sleep(for: .milliseconds(50))
        call.cancel()
        await #expect(throws: PortError.self) { try await call.value }
        #expect(ContinuousClock.now - begun < .seconds(20))
    }

    @Test(arguments: [
        (
            "/org/freedesktop/systemd1/unit/tussilago_2dacme_2dshop_2dweb_407_2eservice",
            "tussilago-acme-shop-web@7.service"
        ),
        ("/org/freedesktop/systemd1/unit/tussilago_2dmy_5fco_2etarget", "tussilago-my_co.target"),
    ])
    func `A unit is known by its object path`(path: String, name: String) {
        #expect(Systemd.unit(path: path)?.description == name)
    }

    @Test(arguments: [
        "/org/freedesktop/systemd1/unit/ssh_2eservice", "/org/freedesktop/systemd1/job/7",
        "/org/freedesktop/systemd1/unit/tussilago_2", "/",
    ])
    func `Other units' paths are none of the platform's`(path: String) {
        #expect(Systemd.unit(path: path) == nil)
    }
}

/// Listens on an abstract socket, and does nothing more.
private final class SilentServer: Sendable {
    let address: String
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        // With no name given the kernel picks an abstract one: unix(7), "Autobind feature".
        var family = sa_family_t(AF_UNIX)
        var bound = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isListening = withUnsafeMutablePointer(to: &bound) { bound in
            bound.withMemoryRebound(to: sockaddr.self, capacity: 1) { bound in
                withUnsafeMutableBytes(of: &family) { family in
                    bind(descriptor, family.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(family.count))
                        == 0
                } && listen(descriptor, 8) == 0 && getsockname(descriptor, bound, &length) == 0
            }
        }
        self.descriptor = descriptor
        try #require(isListening)
        let name = withUnsafeBytes(of: bound) { $0[3..<Int(length)].map { $0 } }
        address = "unix:abstract=" + String(decoding: name, as: UTF8.self)
    }

    deinit { close(descriptor) }
}
