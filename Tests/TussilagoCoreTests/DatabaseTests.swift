import FoundationEssentials
import Testing
import TussilagoCore

@Suite struct DatabaseTests {
    private let id = UUID(uuidString: "0F8FAD5B-D9CB-469F-A165-70867728950E") ?? UUID()

    @Test func `names tell nobody whose they are`() {
        #expect(Database(of: id).name == "d_0f8fad5bd9cb469fa16570867728950e")
        #expect(Database(of: id).owner == "o_0f8fad5bd9cb469fa16570867728950e")
        #expect(DatabaseRole(of: id).name == "r_0f8fad5bd9cb469fa16570867728950e")
    }

    @Test func `a role's name is read back, and no other`() {
        let role = DatabaseRole(of: id)
        #expect(DatabaseRole(name: role.name) == role)
        for other in [
            "tussilago", "postgres", "r_", "r_0f8fad5b-d9cb-469f-a165-70867728950e",
            "R_0f8fad5bd9cb469fa16570867728950e",
            "r_0F8FAD5BD9CB469FA16570867728950E", "r_0f8fad5bd9cb469fa16570867728950e;",
            "o_0f8fad5bd9cb469fa16570867728950e",
        ] {
            #expect(DatabaseRole(name: other) == nil, "\(other)")
        }
    }

    @Test func `the URL has a password of 256 random bits, which is read back`() throws {
        let random = (0..<DatabaseURL.passwordBytes).map { UInt8($0 * 7 % 256) }
        let url = DatabaseURL.make(Database(of: id), DatabaseRole(of: id), random: random)
        let text = String(decoding: Array(url.bytes), as: UTF8.self)
        #expect(text.hasPrefix("postgresql://r_0f8fad5bd9cb469fa16570867728950e:00070e15"))
        #expect(text.hasSuffix("@/d_0f8fad5bd9cb469fa16570867728950e?host=/run/postgresql"))
        let password = try #require(DatabaseURL.password(of: url))
        #expect(password.count == 64)
        #expect(text.contains(":\(String(decoding: Array(password.bytes), as: UTF8.self))@"))
    }

    @Test(arguments: ["", "postgresql://", "postgresql://a:b@/d", "@:", "postgresql://a@/d"])
    func `what somebody set by hand is no URL of the platform's`(text: String) {
        var bytes = Array(text.utf8)
        #expect(DatabaseURL.password(of: Secret(taking: &bytes)) == nil)
    }

    @Test func `a service is kept for seven days`() throws {
        let released = Date(timeIntervalSince1970: 1_000_000)
        func record(_ at: Date?) throws -> ServiceRecord {
            ServiceRecord(
                owner: id, app: try AppReference("acme/shop"), name: try ServiceName("db"), type: .postgres,
                tier: .shared,
                createdAt: released, releasedAt: at)
        }
        #expect(try !record(nil).isOver(at: .distantFuture))
        #expect(try !record(released).isOver(at: released.addingTimeInterval(7 * 86_400)))
        #expect(try record(released).isOver(at: released.addingTimeInterval(7 * 86_400 + 1)))
    }
}
