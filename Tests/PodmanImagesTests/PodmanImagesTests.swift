import PodmanImages
import Testing
import TussilagoCore
import UnixHTTPTestKit

@Suite("Podman's images", .timeLimit(.minutes(1)))
struct PodmanImagesTests {
    static let digest = String(repeating: "a1", count: 32)
    static let kept = "localhost/tussilago/image:\(digest.prefix(12))"
    let reference: ImageReference

    init() throws { reference = try ImageReference("localhost/my-team/python:3.13") }

    /// A Podman that says this of every image, and answers so to a tag.
    private func podman(
        _ image: String, status: String = "200 OK", tag: String = "201 Created"
    ) throws -> (StubServer, PodmanImages) {
        let server = try StubServer { request, send in
            _ = send(request.method == "POST" ? answer(tag, #"{"cause":"a canary"}"#) : answer(status, image))
        }
        return (server, PodmanImages(socket: server.socket))
    }

    private func failure(_ images: PodmanImages) async -> PortError? {
        await #expect(throws: PortError.self) { try await images.resolve(reference) }
    }

    @Test(
        "A name becomes the image's digest, and the image gets a name of the platform's own, so that no prune takes it")
    func resolves() async throws {
        let (server, images) = try podman(#"{"Id":"\#(Self.digest)","RepoTags":["localhost/my-team/python:3.13"]}"#)
        let image = try await images.resolve(reference)
        #expect(image.reference == reference)
        #expect(image.digest.hexadecimal == Self.digest)
        #expect(
            server.received.map(\.line) == [
                "GET /v4.0.0/libpod/images/localhost%2Fmy-team%2Fpython%3A3.13/json HTTP/1.1",
                "POST /v4.0.0/libpod/images/\(Self.digest)/tag?repo=localhost%2Ftussilago%2Fimage"
                    + "&tag=\(Self.digest.prefix(12)) HTTP/1.1",
            ])
    }

    @Test("An image that has the name already is not tagged again")
    func isKept() async throws {
        let (server, images) = try podman(#"{"Id":"\#(Self.digest)","RepoTags":["\#(Self.kept)"]}"#)
        _ = try await images.resolve(reference)
        #expect(server.received.map(\.method) == ["GET"])
    }

    @Test("An image without any name is tagged as well", arguments: ["null", "[]"])
    func nameless(tags: String) async throws {
        let (server, images) = try podman(#"{"Id":"\#(Self.digest)","RepoTags":\#(tags)}"#)
        _ = try await images.resolve(reference)
        #expect(server.received.map(\.method) == ["GET", "POST"])
    }

    @Test("An image that is not there is named")
    func isMissing() async throws {
        let (server, images) = try podman(#"{"cause":"no such image"}"#, status: "404 Not Found")
        defer { server.stop() }
        let error = await failure(images)
        #expect(error?.code == .notFound)
        #expect(error?.subject == reference.text)
    }

    @Test(
        "What makes no sense is an error, and nothing is tagged",
        arguments: [
            "", "[]", "{}", #"{"Id":7}"#, #"{"Id":"short"}"#, #"{"Id":"\#(String(repeating: "z", count: 64))"}"#,
        ])
    func isSenseless(image: String) async throws {
        let (server, images) = try podman(image)
        #expect(await failure(images)?.code == .unexpected)
        #expect(server.received.map(\.method) == ["GET"])
    }

    @Test("What Podman says of a failure is for the journal alone", arguments: [true, false])
    func failures(ofTag: Bool) async throws {
        let broken = "500 Internal Server Error"
        let good = #"{"Id":"\#(Self.digest)"}"#
        let (server, images) = try podman(
            ofTag ? good : #"{"cause":"a canary"}"#, status: ofTag ? "200 OK" : broken, tag: broken)
        defer { server.stop() }
        let error = await failure(images)
        #expect(error?.code == .unexpected)
        #expect(error?.cause.contains("canary") == false)
        #expect(error?.detail.contains("500") == true && error?.detail.contains("canary") == true)
    }

    /// A Podman with these images, each with its names, which answers so when one is let go.
    private func podman(
        listing images: [(digit: Character, names: [String])], letsGo status: String = "200 OK"
    ) throws -> (StubServer, PodmanImages) {
        let list = images.map { image in
            let names = image.names.map { "\"\($0)\"" }.joined(separator: ",")
            return #"{"Id":"\#(String(repeating: image.digit, count: 64))","RepoTags":[\#(names)]}"#
        }.joined(separator: ",")
        let server = try StubServer { request, send in
            _ = send(request.method == "GET" ? answer("200 OK", "[\(list)]") : answer(status, "[]"))
        }
        return (server, PodmanImages(socket: server.socket))
    }

    private func kept(_ digit: Character) -> String {
        "localhost/tussilago/image:" + String(repeating: digit, count: 12)
    }

    @Test("What nobody needs loses the platform's name alone; what is needed, or never had that name, is left")
    func releases() async throws {
        let (server, images) = try podman(listing: [
            ("a", [kept("a")]), ("b", [kept("b"), "localhost/b:1"]), ("c", [kept("c")]), ("d", ["localhost/d:1"]),
        ])
        #expect(try await images.release(except: [try Digest(String(repeating: "c", count: 64))]) == 2)
        let name = "localhost%2Ftussilago%2Fimage"
        #expect(
            server.received.map(\.line).dropFirst() == [
                "DELETE /v4.0.0/libpod/images/\(name)%3Aaaaaaaaaaaaa HTTP/1.1",
                "POST /v4.0.0/libpod/images/\(String(repeating: "b", count: 64))/untag?repo=\(name)"
                    + "&tag=bbbbbbbbbbbb HTTP/1.1",
            ])
        #expect(try await images.stored().count == 4)
    }

    @Test("An image that a container has still is left for the next time; what else goes wrong is an error")
    func cannotRelease() async throws {
        let (server, images) = try podman(listing: [("a", [kept("a")])], letsGo: "409 Conflict")
        #expect(try await images.release(except: []) == 0)
        server.stop()
        let (other, broken) = try podman(listing: [("a", [kept("a")])], letsGo: "500 Internal Server Error")
        defer { other.stop() }
        let error = await #expect(throws: PortError.self) { _ = try await broken.release(except: []) }
        #expect(error?.code == .unexpected)
    }

    @Test("Without Podman the command that mends it is named")
    func nobodyListens() async throws {
        let (server, images) = try podman("")
        server.stop()
        let error = await failure(images)
        #expect(error?.code == .unavailable)
        #expect(error?.cause.contains("systemctl enable --now podman.socket") == true)
    }
}
