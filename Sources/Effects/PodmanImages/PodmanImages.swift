internal import FoundationEssentials
public import TussilagoCore
internal import UnixHTTP

/// The host's container images, and the bridges of apps, asked for over Podman's API (https://docs.podman.io/en/latest/_static/api.html).
///
/// The 4.0 version of the API is served by Podman 4.3 (Debian 12) and by Podman 5 alike.
public struct PodmanImages: ImageStore {
    private let client: UnixHTTPClient

    /// Nothing is opened yet; Podman starts with the first call when its socket is systemd's.
    public init(socket: String = "/run/podman/podman.sock") {
        client = UnixHTTPClient(socket: socket, peer: "Podman")
    }

    /// What a name means now; the image is kept from then on, wherever its name moves.
    public func resolve(_ reference: ImageReference) async throws(PortError) -> ImageIdentity {
        let answer = try await send("GET", "\(Self.escaped(reference.text))/json")
        switch answer.status {
        case 200: break
        case 404:
            throw PortError(.notFound, reference.text, cause: "no image of this name is in the host's storage")
        default: throw PortError(.unexpected, "Podman", cause: "it does not show the image", detail: answer.reason)
        }
        guard let image = try? JSONDecoder().decode(Inspection.self, from: Data(answer.body)),
            let digest = try? Digest(image.id)
        else { throw PortError(.unexpected, "Podman", cause: "what it says of the image makes no sense") }
        try await keep(digest, tags: image.tags ?? [])
        return ImageIdentity(reference: reference, digest: digest)
    }

    public func stored() async throws(PortError) -> [TussilagoCore.Digest: Set<String>] {
        Dictionary(try await list().map { ($0.digest, $0.names) }, uniquingKeysWith: { $0.union($1) })
    }

    public func name(_ image: TussilagoCore.Digest, _ name: ImageReference) async throws(PortError) {
        let colon = name.text.lastIndex(of: ":") ?? name.text.endIndex
        try await tag(image, name.text[..<colon], name.text[colon...].dropFirst())
    }

    public func release(except needed: Set<TussilagoCore.Digest>) async throws(PortError) -> Int {
        var released = 0
        for (digest, names) in try await list() where !needed.contains(digest) {
            let tag = Self.tag(of: digest)
            guard names.contains("\(Self.keptName):\(tag)") else { continue }
            // An image of which this is the last name is removed; one that has others loses this one.
            let answer =
                names.count > 1
                ? try await send(
                    "POST", "\(digest.hexadecimal)/untag?repo=\(Self.escaped(Self.keptName))&tag=\(tag)")
                : try await send("DELETE", Self.escaped("\(Self.keptName):\(tag)"))
            switch answer.status {
            case 200, 201, 404: released += 1
            // A container has it still: it goes with the next collection.
            case 409: continue
            default:
                throw PortError(.unexpected, "Podman", cause: "it does not let an image go", detail: answer.reason)
            }
        }
        return released
    }

    public func bridges() async throws(PortError) -> Set<AppReference> {
        let answer = try await send("GET", "json", of: "networks")
        guard answer.status == 200, let networks = try? JSONDecoder().decode([Network].self, from: Data(answer.body))
        else { throw PortError(.unexpected, "Podman", cause: "it does not list its networks", detail: answer.reason) }
        // A network has the name of its app's target.
        return Set(networks.compactMap { UnitName("\($0.name).target").flatMap(AppReference.init(unit:)) })
    }

    public func removeBridge(of app: AppReference) async throws(PortError) {
        let answer = try await send("DELETE", "\(Self.escaped(app.target.stem))?force=true", of: "networks")
        guard answer.status == 200 || answer.status == 204 || answer.status == 404 else {
            throw PortError(
                .unexpected, "Podman", cause: "it does not remove the bridge of \(app)", detail: answer.reason)
        }
    }

    private func list() async throws(PortError) -> [(digest: TussilagoCore.Digest, names: Set<String>)] {
        let answer = try await send("GET", "json")
        guard answer.status == 200, let images = try? JSONDecoder().decode([Listed].self, from: Data(answer.body))
        else {
            throw PortError(.unexpected, "Podman", cause: "it does not list its images", detail: answer.reason)
        }
        return images.compactMap { image in
            (try? TussilagoCore.Digest(image.id)).map { (digest: $0, names: Set(image.tags ?? [])) }
        }
    }

    /// Below which images are kept for releases.
    private static let keptName = "localhost/tussilago/image"

    private static func tag(of digest: TussilagoCore.Digest) -> String { String(digest.hexadecimal.prefix(12)) }

    /// Gives an image a name of the platform's own: without any, `podman image prune` removes it.
    private func keep(_ digest: TussilagoCore.Digest, tags: [String]) async throws(PortError) {
        let tag = Self.tag(of: digest)
        guard !tags.contains("\(Self.keptName):\(tag)") else { return }
        try await self.tag(digest, Self.keptName, tag)
    }

    private func tag(
        _ digest: TussilagoCore.Digest, _ name: some StringProtocol, _ tag: some StringProtocol
    ) async throws(PortError) {
        let names = "repo=\(Self.escaped(String(name)))&tag=\(Self.escaped(String(tag)))"
        let answer = try await send("POST", "\(digest.hexadecimal)/tag?\(names)")
        guard answer.status == 201 else {
            throw PortError(.unexpected, "Podman", cause: "it does not tag the image", detail: answer.reason)
        }
    }

    private func send(_ method: String, _ path: String, of kind: String = "images") async throws(PortError)
        -> HTTPAnswer
    {
        do throws(PortError) {
            // Podman may have to be started for it.
            return try await client.send(
                try HTTPRequest(method, "/v4.0.0/libpod/\(kind)/\(path)", timeout: .seconds(30)))
        } catch  where error.code == .unavailable {
            throw PortError(
                .unavailable, "Podman", cause: "it does not listen: systemctl enable --now podman.socket",
                detail: error.description)
        }
    }

    /// Escapes a name as one segment of a path (RFC 3986 §3.3).
    private static func escaped(_ name: String) -> String {
        name.utf8.reduce(into: "") { text, byte in
            let plain = Character(Unicode.Scalar(byte))
            if plain.isASCII && (plain.isLetter || plain.isNumber || "-._~".contains(plain)) {
                text.append(plain)
            } else {
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    /// A network in Podman's list.
    private struct Network: Decodable {
        let name: String
    }

    /// An image in Podman's list.
    private struct Listed: Decodable {
        let id: String
        let tags: [String]?

        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case tags = "RepoTags"
        }
    }

    /// What Podman says of an image, as far as it matters.
    private struct Inspection: Decodable {
        let id: String
        let tags: [String]?

        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case tags = "RepoTags"
        }
    }
}

extension HTTPAnswer {
    /// The status and what was said with it; the journal's business alone.
    fileprivate var reason: String { "\(status): \(String(decoding: body.prefix(2000), as: UTF8.self))" }
}
