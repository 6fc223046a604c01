import Glibc
import Testing
import TussilagoCore

@testable import UnitFiles

@Suite struct StampTests {
    let host: TemporaryHost
    let release: Release
    private let units = "/etc/systemd/system", home = "/var/lib/tussilago/apps/acme/shop"

    init() async throws {
        host = try TemporaryHost()
        release = try Example.release(7)
        try await host.store.perform(.stage(release, network: Example.network()))
        try await host.store.perform(.admit(release.instances))
        try await host.store.perform(.want(target: Example.app.target, units: release.instances.map(\.unit)))
        try await host.store.perform(.enable(Example.app.target, by: Example.app.tenant.target, true))
        try await host.store.perform(.point(Example.app, copy: 1, release.ingressInstances.first))
        try host.write("\(units)/\(Example.app.slice)", "[Slice]\n")
    }

    /// As it is seen some seconds later.
    private func stamp(after seconds: Int = 60) throws -> Stamp? {
        try HostLook(root: HostRoot(prefix: host.root), now: time(nil) + seconds).stamp(of: Example.app)
    }

    @Test("It is the same as long as nothing is changed, whoever looks")
    func isStable() async throws {
        let first = try #require(try stamp())
        _ = try await host.store.files(of: [.app(Example.app)])
        #expect(try stamp() == first)
    }

    @Test("Just after a change there is none: the next one might have the same time")
    func waits() throws { #expect(try stamp(after: 0) == nil) }

    @Test("Every change that a look would show makes another one", arguments: 0..<14)
    func differs(_ number: Int) async throws {
        let before = try #require(try stamp())
        // As long as the coarsest clock ticks.
        usleep(20_000)
        let slice = "\(units)/\(Example.app.slice)", instance = try #require(release.instances.first)
        switch number {
        case 0: try rewrite(slice)
        case 1: #expect(unlink(host.root + slice) == 0)
        case 2: try host.write("\(units)/\(Example.app.target)", "[Unit]\n")
        case 3:
            try host.write(
                "/etc/containers/systemd/tussilago/acme/tussilago-acme-shop-web.9@.container", "[Container]\n")
        case 4: try host.makeLink("\(units)/\(Example.app.target).wants/tussilago-acme-shop-web@8.service", to: "/x")
        case 5: try await host.store.perform(.enable(Example.app.target, by: Example.app.tenant.target, false))
        case 6: try await host.store.perform(.retire(release.instances))
        case 7: try rewrite("\(home)/releases/7/release.json")
        case 8: try rewrite("\(home)/releases/7/unit.env")
        case 9: try host.makeDirectory("\(home)/releases/8")
        case 10: try host.write("\(home)/secrets.json", "[]")
        case 11: try await host.store.perform(.point(Example.app, copy: 2, instance))
        case 12: try host.write("\(units)/tussilago-acme-shop-job@.timer", "[Timer]\n")
        default: try host.write("/run/tussilago/reload-owed", "")
        }
        #expect(try stamp() != before)
    }

    /// Writes the same again in place, and puts the time of that back.
    private func rewrite(_ path: String) throws {
        var status = stat()
        #expect(stat(host.root + path, &status) == 0)
        let text = try #require(host.text(path)), file = try #require(fopen(host.root + path, "r+"))
        fputs(text, file)
        fclose(file)
        let times = [status.st_atim, status.st_mtim]
        #expect(utimensat(AT_FDCWD, host.root + path, times, 0) == 0)
    }

    @Test("What is remembered is read as it was written, by the same program")
    func remembers() async throws {
        let look = Look(
            stamp: Stamp(value: .max), units: release.instances.map(\.unit).sorted(), left: 2,
            image: release.artefact.image)
        let empty = Look(stamp: Stamp(), units: [], left: 0, image: nil)
        let other = try AppReference("acme/other")
        await host.store.remember([Example.app: look, other: empty])
        #expect(await host.store.looks() == [Example.app: look, other: empty])
        let lines = try #require(host.text("/run/tussilago/looks")).split(separator: "\n")
        try host.write(
            "/run/tussilago/looks", (["program of another time"] + lines.dropFirst()).joined(separator: "\n"))
        #expect(await host.store.looks() == [:])
    }

    @Test("What is a day old, in the future or no look at all is left out")
    func forgets() async throws {
        await host.store.remember([Example.app: Look(stamp: Stamp(), units: [], left: 0, image: nil)])
        let text = try #require(host.text("/run/tussilago/looks"))
        let now = String(time(nil)).prefix(6)
        for (old, new) in [
            (now, "170000"), (now, "999999"), ("acme/shop", "acme"), ("\t0\t-", "\tx\t-"), ("\t-\t-\t", ""),
        ] {
            try host.write("/run/tussilago/looks", text.replacing(old, with: new))
            #expect(await host.store.looks() == [:], "\(new)")
        }
    }
}
