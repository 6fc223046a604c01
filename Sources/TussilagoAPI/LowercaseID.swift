public import FoundationEssentials
internal import TussilagoCore

/// An id as it crosses the socket: in lower case, as in paths and headers (RFC 9562 §4); read in either case.
@propertyWrapper public struct LowercaseID: Hashable, Sendable, Codable {
    /// The id.
    public var wrappedValue: UUID

    /// Wraps an id.
    public init(wrappedValue: UUID) { self.wrappedValue = wrappedValue }

    public init(from decoder: any Decoder) throws { wrappedValue = try UUID(from: decoder) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.lowercased)
    }
}

/// The same for an id that may be absent.
@propertyWrapper public struct OptionalLowercaseID: Hashable, Sendable, Codable {
    /// The id; nil when it is absent.
    public var wrappedValue: UUID?

    /// Wraps an id.
    public init(wrappedValue: UUID?) { self.wrappedValue = wrappedValue }

    public init(from decoder: any Decoder) throws { wrappedValue = try UUID(from: decoder) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue?.lowercased)
    }
}

// What the compiler writes for a wrapped member knows nothing of its absence: it takes these for it.

extension KeyedEncodingContainer {
    /// Leaves an absent id out.
    public mutating func encode(_ value: OptionalLowercaseID, forKey key: Key) throws {
        try encodeIfPresent(value.wrappedValue?.lowercased, forKey: key)
    }
}

extension KeyedDecodingContainer {
    /// Takes an id that is not there for absent.
    public func decode(_ type: OptionalLowercaseID.Type, forKey key: Key) throws -> OptionalLowercaseID {
        OptionalLowercaseID(wrappedValue: try decodeIfPresent(UUID.self, forKey: key))
    }
}
