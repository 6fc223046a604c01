import FoundationEssentials
import Testing
import TussilagoCore

@testable import PostgreSQL

@Suite struct ServerErrorTests {
    @Test(arguments: [
        ("57P01", PortError.Code.unavailable), ("57P03", .unavailable), ("08006", .unavailable),
        ("53300", .unavailable),
        ("42P04", .unavailable), ("55P03", .unavailable), ("57014", .timedOut), ("53100", .noSpace),
        ("42501", .unexpected), ("XX000", .unexpected),
    ])
    func `what the server says decides whether it is asked again`(state: String, code: PortError.Code) {
        let error = PortError(sqlState: state, "some text of the server")
        #expect(error.code == code)
        #expect(!error.cause.contains("some text of the server"), "its own words are for the journal")
        #expect(error.detail.contains("some text of the server"))
    }

    @Test func `a server that is not there is one that may come back`() async {
        let server = PostgreSQL(directory: "/nonexistent")
        await #expect(throws: PortError.self) { try await server.look(at: Database(of: .init())) }
        do { _ = try await server.look(at: Database(of: .init())) } catch {
            #expect(error.isTransient)
            #expect(error.cause.contains("systemctl status tussilago-postgres.service"))
        }
    }
}
