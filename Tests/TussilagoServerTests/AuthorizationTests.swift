import Glibc
import HTTPTypes
import Testing
import TussilagoAPI

@testable import TussilagoServer

@Suite("Authorization")
struct AuthorizationTests {
    @Test("Root and the admins' group may do everything, the readers' group may look, everyone else may do nothing")
    func roles() {
        let authorization = Authorization(adminGroup: 100, readerGroup: 200)
        #expect(authorization.role(of: Peer(user: 0, groups: [])) == .admin)
        #expect(authorization.role(of: Peer(user: 1, groups: [1, 100])) == .admin)
        #expect(authorization.role(of: Peer(user: 1, groups: [200, 100])) == .admin)
        #expect(authorization.role(of: Peer(user: 1, groups: [200])) == .reader)
        #expect(authorization.role(of: Peer(user: 1, groups: [1, 300])) == nil)
        #expect(authorization.role(of: Peer(user: .max, groups: [])) == nil)
    }

    @Test("A group that the host does not have has no members")
    func missingGroups() {
        let authorization = Authorization(adminGroup: nil, readerGroup: nil)
        #expect(authorization.role(of: Peer(user: 1, groups: [0, 1, .max])) == nil)
        #expect(authorization.role(of: Peer(user: 0, groups: [])) == .admin)
    }

    @Test("Only what looks at things is for readers, and a backup, which has all secrets, is not")
    func table() {
        for endpoint in Endpoints.all where endpoint.id != "getBackup" {
            #expect((endpoint.role == .reader) == (endpoint.method == .get), "\(endpoint.id)")
        }
        #expect(Endpoints.all.first { $0.id == "getBackup" }?.role == .admin)
    }

    struct Principal: Sendable, CustomTestStringConvertible {
        let groups: String
        let role: Role?
        var testDescription: String { groups }
    }

    /// Another user can only be tried by who may become one.
    private static let canTry = getuid() == 0 && Command.exists("/usr/bin/setpriv") && Command.exists("/usr/bin/curl")

    @Test(
        "Every endpoint is refused to whom the table does not name, whatever the headers say", .enabled(if: canTry),
        arguments: [
            Principal(groups: "--regid=65534 --clear-groups", role: nil),
            Principal(groups: "--regid=60200 --clear-groups", role: .reader),
            Principal(groups: "--regid=65534 --groups=4,60200", role: .reader),
            Principal(groups: "--regid=65534 --groups=4,60200,60100", role: .admin),
        ])
    func matrix(_ principal: Principal) async throws {
        try await TestServer.run(authorization: Authorization(adminGroup: 60_100, readerGroup: 60_200)) { server in
            for endpoint in Endpoints.all {
                let path = endpoint.path.replacing("{", with: "").replacing("}", with: "")
                let become = ["setpriv", "--reuid=65534"] + principal.groups.split(separator: " ").map(String.init)
                let curl = [
                    "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", server.socket.path, "-X",
                    endpoint.method.rawValue, "-H", "X-Forwarded-User: root", "-H", "Authorization: Basic cm9vdDo=",
                    "http://localhost\(path)",
                ]
                let answer = try await Command.run(become + curl)
                let isAllowed = principal.role.map { $0 >= endpoint.role } ?? false
                #expect(isAllowed == (answer.output != "403"), "\(endpoint.id): \(answer.output)")
                #expect(answer.output.count == 3 && answer.output != "000")
            }
        }
    }

    @Test("A stranger does not learn which paths there are", .enabled(if: canTry))
    func stranger() async throws {
        try await TestServer.run(authorization: Authorization(adminGroup: nil, readerGroup: nil)) { server in
            let curl = ["curl", "-s", "--unix-socket", server.socket.path, "http://localhost/v1/none"]
            let answer = try await Command.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + curl)
            #expect(answer.output.contains("\"code\":\"forbidden\""))
        }
    }
}
