import Testing
import TussilagoCore
import UnitFiles

@Suite struct LinkTests {
    let host: TemporaryHost
    let units = "/etc/systemd/system"

    init() throws { host = try TemporaryHost() }

    private func wants(_ target: UnitName) async throws -> Set<UnitName> {
        let app = try await host.store.observe(.app(Example.app)).wants
        let tenant = try await host.store.observe(.tenant(Example.tenantName)).wants
        return app[target] ?? tenant[target] ?? []
    }

    @Test("A target wants exactly what it was told last")
    func wants() async throws {
        let release = try Example.release(7)
        let target = Example.app.target
        let wanted = release.instances.map(\.unit)
        try await host.store.perform(.want(target: target, units: wanted))
        #expect(try await wants(target) == Set(wanted))
        #expect(
            host.link("\(units)/\(target).wants/tussilago-acme-shop-worker.3@7.service")
                == "/run/systemd/generator/tussilago-acme-shop-worker.3@.service")
        try await host.store.perform(.want(target: target, units: [wanted[0]]))
        #expect(try await wants(target) == [wanted[0]])
        try await host.store.perform(.want(target: target, units: []))
        #expect(try await wants(target).isEmpty)
        #expect(host.names(units) == [])
        try await host.store.perform(.want(target: target, units: []))
    }

    @Test("A target starts timers of its app, and a timer's file is the app's to find and to remove")
    func wantsTimers() async throws {
        let name = try #require(TemplateName(stem: "tussilago-acme-shop-job.2"))
        let unit = try #require(UnitName("tussilago-acme-shop-job.2@7.timer"))
        try await host.store.perform(.want(target: Example.app.target, units: [unit]))
        #expect(try await wants(Example.app.target) == [unit])
        #expect(host.link("\(units)/\(Example.app.target).wants/\(unit)") == name.timerPath.description)
        let text = "[X-Tussilago]\nTenant=acme\n[Timer]\nOnCalendar=daily\n"
        try await host.store.perform(.install([UnitFile(path: name.timerPath, text: text)]))
        #expect(host.text("\(units)/tussilago-acme-shop-job.2@.timer") == text)
        #expect(try await host.store.observe(.app(Example.app)).units == [name.timerPath: text])
        #expect(try await host.store.observe(.app(Example.other)).units == [:])
        #expect(try await host.store.stored().scopes == [.app(Example.app)])
        // An admin's own is not the platform's.
        try host.write("\(units)/tussilago-acme-shop-mine@.timer", "[Timer]\n")
        #expect(try await host.store.observe(.app(Example.app)).units.count == 1)
        try await host.store.perform(.uninstall([name.timerPath]))
        #expect(try await host.store.observe(.app(Example.app)).units == [:])
    }

    @Test("A tenant's target starts its apps")
    func wantsApps() async throws {
        let target = Example.tenantName.target
        try await host.store.perform(.want(target: target, units: [Example.app.target, Example.other.target]))
        #expect(try await wants(target) == [Example.app.target, Example.other.target])
        #expect(
            host.link("\(units)/\(target).wants/\(Example.app.target)") == "/etc/systemd/system/\(Example.app.target)")
    }

    @Test("Only the tenants' links of multi-user.target are read or touched")
    func leavesOthers() async throws {
        let directory = "\(units)/multi-user.target.wants"
        for name in ["caddy.service", "tussilago-firewall.service", "tussilago-reconcile.timer"] {
            try host.makeLink("\(directory)/\(name)", to: "/usr/lib/systemd/system/\(name)")
        }
        try await host.store.perform(.want(target: .multiUser, units: [Example.tenantName.target]))
        #expect(try await wants(.multiUser) == [Example.tenantName.target])
        #expect(host.names(directory)?.count == 4)
        try await host.store.perform(.want(target: .multiUser, units: []))
        #expect(host.names(directory) == ["caddy.service", "tussilago-firewall.service", "tussilago-reconcile.timer"])
    }

    @Test("No target starts what is not on its next level")
    func refusesLevels() async throws {
        for (target, unit) in [
            (UnitName.multiUser, Example.app.target), (Example.tenantName.target, Example.tenantName.target),
            (Example.app.target, Example.other.target), (Example.app.target, Example.app.slice),
        ] {
            let error = await failure { () throws(PortError) in
                try await host.store.perform(.want(target: target, units: [unit]))
            }
            #expect(error?.code == .refused)
        }
    }

    @Test("An upstream is moved and taken away")
    func points() async throws {
        let path = "/var/lib/tussilago/upstreams/acme/shop"
        let first = try #require(try Example.release(7).ingressInstances.first)
        let second = try #require(try Example.release(8).ingressInstances.first)
        try await host.store.perform(.point(Example.app, copy: 1, first))
        #expect(host.link(path) == "/run/tussilago-ingress/tussilago-acme-shop-web@7")
        #expect(host.mode("/var/lib/tussilago/upstreams/acme") == 0o711)
        try await host.store.perform(.point(Example.app, copy: 1, second))
        try await host.store.perform(.point(Example.app, copy: 1, second))
        #expect(try await host.store.observe(.app(Example.app)).upstreams == [1: second])
        #expect(host.names("/var/lib/tussilago/upstreams/acme") == ["shop"])
        try await host.store.perform(.point(Example.app, copy: 1, nil))
        try await host.store.perform(.point(Example.app, copy: 1, nil))
        #expect(try await host.store.observe(.app(Example.app)).upstreams == [:])
        #expect(host.names("/var/lib/tussilago/upstreams") == [])
    }

    @Test("Each copy has an upstream of its own, and an app of a similar name has others")
    func pointsCopies() async throws {
        let instance = try #require(try Example.release(7).ingressInstances.first)
        for copy in [1, 2, 11] { try await host.store.perform(.point(Example.app, copy: copy, instance)) }
        try host.makeLink("/var/lib/tussilago/upstreams/acme/shop.0", to: HostPaths.ingress(instance))
        try host.makeLink("/var/lib/tussilago/upstreams/acme/shop2", to: HostPaths.ingress(instance))
        #expect(try await host.store.observe(.app(Example.app)).upstreams == [1: instance, 2: instance, 11: instance])
        try await host.store.perform(.point(Example.app, copy: 2, nil))
        #expect(try await host.store.observe(.app(Example.app)).upstreams == [1: instance, 11: instance])
    }

    @Test(
        "An upstream that leads elsewhere is none",
        arguments: ["/run/tussilago-ingress/tussilago-acme-blog-web@7", "/tmp/tussilago-acme-shop-web@7", "x"])
    func ignoresForeign(target: String) async throws {
        try host.makeLink("/var/lib/tussilago/upstreams/acme/shop", to: target)
        #expect(try await host.store.observe(.app(Example.app)).upstreams == [:])
    }

    @Test("A directory of the platform that has become a link is refused, and no path is told")
    func refusesLinks()
        async throws
    {
        try host.makeDirectory("/var/lib/tussilago/apps")
        try host.makeLink("/var/lib/tussilago/apps/acme", to: host.root)
        let release = try Example.release(7)
        let network = try Example.network()
        let error = await failure { () throws(PortError) in
            try await host.store.perform(.stage(release, network: network))
        }
        #expect(error?.code == .refused)
        #expect(error?.description.contains(host.root) == false)
    }
}
