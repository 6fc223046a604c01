import Testing
import TussilagoCore
import UnitFiles

@Suite struct RemainsTests {
    let host: TemporaryHost
    let state = "/var/lib/tussilago"

    init() throws { host = try TemporaryHost() }

    @Test("What is left of an app is removed even if no record tells what it was")
    func removesWhatNothingTells() async throws {
        let app = Example.app
        let own = "\(state)/apps/\(app.tenant)/\(app.app)"
        try host.write("\(own)/releases/3/app.env", "TEXT=left\n")
        try host.makeLink("\(own)/live/3", to: "../releases/3")
        try host.makeLink("\(state)/upstreams/\(app.tenant)/\(app.app)", to: "/nowhere")
        try host.makeLink("\(state)/upstreams/\(app.tenant)/\(app.app).2", to: "/nowhere")
        // Its neighbour's name begins as its own does.
        try host.makeLink("\(state)/upstreams/\(app.tenant)/\(app.app)-2", to: "/nowhere")
        try host.makeDirectory("\(state)/apps/\(app.tenant)/\(app.app)-2/live")
        #expect(try await host.store.observe(.app(app)).releases.isEmpty, "a plan would see it, and this show nothing")
        #expect(try await host.store.stored().scopes.contains(.app(app)))

        try await host.store.removeRemains(of: app)

        #expect(try await !host.store.stored().scopes.contains(.app(app)))
        #expect(host.names("\(state)/apps/\(app.tenant)") == ["\(app.app)-2"])
        #expect(host.names("\(state)/upstreams/\(app.tenant)") == ["\(app.app)-2"])
        try await host.store.removeRemains(of: app)
    }
}
