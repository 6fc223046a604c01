import Testing
import TussilagoCore
import UnitFiles

@Suite struct UnitFileTests {
    let host: TemporaryHost
    let quadlets = "/etc/containers/systemd/tussilago/acme"
    let units = "/etc/systemd/system"
    let mark = "/run/tussilago/reload-owed"

    init() throws { host = try TemporaryHost() }

    private var files: [UnitFile] {
        [
            Example.unit(.system(Example.app.slice)), Example.unit(.system(Example.app.target)),
            Example.unit(.network(Example.app)), Example.unit(Example.template(Example.web, 1)),
            Example.unit(Example.template(Example.web, 12)),
        ]
    }

    @Test("Installed files are observed by their app, and owe a reload")
    func installs() async throws {
        let tenant = [
            Example.unit(.system(Example.tenantName.slice)), Example.unit(.system(Example.tenantName.target)),
        ]
        let others = [Example.unit(Example.template(Example.web, 1, of: Example.other))]
        try await host.store.perform(.install(files + tenant + others))
        let state = try await host.store.observe(.app(Example.app))
        #expect(state.units == Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.text) }))
        #expect(state.reloadOwed)
        let tenantState = try await host.store.observe(.tenant(Example.tenantName))
        #expect(tenantState.units == Dictionary(uniqueKeysWithValues: tenant.map { ($0.path, $0.text) }))
        #expect(host.names(quadlets)?.count == 4)
        #expect(host.mode("\(quadlets)/tussilago-acme-shop-web@.container") == 0o644)
        try await host.store.perform(.settle)
        #expect(try await !host.store.observe(.app(Example.app)).reloadOwed)
        try await host.store.perform(.settle)
    }

    @Test("The same file again is not written, and a changed one is")
    func installsChanges() async throws {
        try await host.store.perform(.install(files))
        let slice = "\(units)/\(Example.app.slice)"
        let target = "\(units)/\(Example.app.target)"
        let (first, second) = (host.inode(slice), host.inode(target))
        let changed = Example.unit(.system(Example.app.target), "changed")
        try await host.store.perform(.install([files[0], changed]))
        #expect(host.inode(slice) == first)
        #expect(host.inode(target) != second)
        #expect(host.text(target) == changed.text)
    }

    @Test("An admin's own file is neither read nor overwritten nor removed")
    func leavesForeign() async throws {
        let path = "\(units)/\(Example.app.target)"
        try host.write(path, "[Unit]\nDescription=mine\n# [X-Tussilago]\n")
        let install = await failure { () throws(PortError) in try await host.store.perform(.install(files)) }
        #expect(install?.code == .conflict)
        #expect(install?.subject == "tussilago-acme-shop.target")
        let uninstall = await failure { () throws(PortError) in
            try await host.store.perform(.uninstall(files.map(\.path)))
        }
        #expect(uninstall?.code == .conflict)
        #expect(host.text(path) == "[Unit]\nDescription=mine\n# [X-Tussilago]\n")
        let state = try await host.store.observe(.app(Example.app))
        #expect(state.units.isEmpty)
        #expect(!state.reloadOwed)
    }

    @Test("A unit that an admin masked or linked is not replaced", arguments: ["/dev/null", "elsewhere"])
    func leavesMasked(target: String) async throws {
        try host.makeLink("\(units)/\(Example.app.target)", to: target)
        let error = await failure { () throws(PortError) in try await host.store.perform(.install(files)) }
        #expect(error?.code == .conflict)
        #expect(host.link("\(units)/\(Example.app.target)") == target)
    }

    @Test("A text that could not be told from an admin's is not written")
    func refusesUnmarked() async throws {
        let file = UnitFile(path: .system(Example.app.target), text: "[Unit]\n")
        let error = await failure { () throws(PortError) in try await host.store.perform(.install([file])) }
        #expect(error?.code == .unexpected)
        #expect(host.names(units) == nil)
    }

    @Test("Uninstalled files are gone with their empty directories, and owe a reload")
    func uninstalls() async throws {
        try await host.store.perform(.install(files))
        try await host.store.perform(.settle)
        try host.makeDirectory("\(units)/\(Example.app.target).wants")
        try await host.store.perform(.uninstall(files.map(\.path)))
        #expect(host.names(units) == [])
        #expect(host.names(quadlets) == nil)
        let state = try await host.store.observe(.app(Example.app))
        #expect(state.units.isEmpty)
        #expect(state.reloadOwed)
        try await host.store.perform(.uninstall(files.map(\.path)))
    }

    @Test("What an admin put beside a unit stays")
    func leavesDropIns() async throws {
        try await host.store.perform(.install(files))
        try host.write("\(units)/\(Example.app.target).d/mine.conf", "[Unit]\n")
        try host.makeLink("\(units)/\(Example.app.target).wants/mine.service", to: "/etc/systemd/system/mine.service")
        try host.write("\(quadlets)/mine.container", "[Container]\n")
        try await host.store.perform(.uninstall(files.map(\.path)))
        #expect(host.names(units) == ["\(Example.app.target).d", "\(Example.app.target).wants"])
        #expect(host.names(quadlets) == ["mine.container"])
    }

    @Test("A temporary file that a crash left is replaced")
    func recovers() async throws {
        try host.write("\(units)/.\(Example.app.target).new", "half")
        try await host.store.perform(.install(files))
        #expect(host.names(units) == ["\(Example.app.slice)", "\(Example.app.target)"])
    }
}
