import Crypto
import FoundationEssentials
public import TussilagoCore

/// What a token's holder shows: `tsl_` and 256 random bits. Of the platform nobody keeps it.
public struct TokenSecret: Hashable, Sendable {
    /// The text, fit for a header field.
    public let text: String

    /// What a secret begins with, so that it is known for one where it should not be.
    static let prefix = "tsl_"

    /// Takes what somebody shows.
    public init(_ text: String) { self.text = text }

    /// Makes a new one, of the kernel's random bits.
    public static func random() -> TokenSecret {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return TokenSecret(prefix + hexadecimal(bytes))
    }

    /// What is kept of it; nil when it is none. It is random enough that a slow hash would add nothing.
    public var digest: TussilagoCore.Digest? {
        guard text.hasPrefix(Self.prefix) else { return nil }
        return try? TussilagoCore.Digest(Self.hexadecimal(SHA256.hash(data: Data(text.utf8))))
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
