internal import FoundationEssentials

/// A release as text, wherever it is kept: JSON with sorted keys, the same text for the same release. So two places that
/// have the same text have the same release, and need not be parsed to see that.
extension Release {
    /// The text.
    /// - Throws: ``PortError/Code-swift.enum/unexpected``, which no release should lead to.
    public func text() throws(PortError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
            throw PortError(.unexpected, "release \(number)", cause: "it cannot be written down", detail: "\(error)")
        }
    }

    /// Reads a text back.
    /// - Throws: what is wrong with it.
    public init(text: String) throws {
        self = try JSONDecoder().decode(Release.self, from: Data(text.utf8))
    }

    /// Reads a release's own record back; nil when the text is no record of the release that it should be.
    public init?(record text: String, of app: AppReference, _ number: ReleaseNumber) {
        guard let release = try? Release(text: text), release.app == app, release.number == number else { return nil }
        self = release
    }
}
