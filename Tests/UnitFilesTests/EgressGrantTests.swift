import Testing
import TussilagoCore
import UnitFiles

@Suite struct EgressGrantTests {
    private let state = "/var/lib/tussilago"
    let host: TemporaryHost

    init() throws { host = try TemporaryHost() }

    private var granted: EgressGrant {
        get async throws { try await host.store.observe(.tenant(Example.tenantName)).egress }
    }

    @Test func whatIsGrantedLastIsRead() async throws {
        #expect(try await granted == .none)
        for egress in [EgressGrant.list, .internet, .list] {
            try await host.store.perform(.grant(Example.tenantName, egress))
            #expect(try await granted == egress)
        }
    }

    @Test func aTenantWithoutAGrantLeavesNothing() async throws {
        try await host.store.perform(.grant(Example.tenantName, .list))
        #expect(host.names(state) == ["egress"])
        for _ in 1...2 {
            try await host.store.perform(.grant(Example.tenantName, .none))
            #expect(try await granted == .none)
            #expect(host.names(state) == [])
        }
    }

    @Test func whatAKilledAgentHasLeftGoes() async throws {
        try host.makeDirectory("\(state)/egress")
        try host.write("\(state)/egress/.acme.new", "list\n")
        try await host.store.removeLeftovers()
        #expect(host.names(state) == [])
    }
}
