public import FoundationEssentials

/// How resources are written as JSON: snake case, RFC 3339 times in UTC, keys in order, absent instead of null.
public enum APICoding {
    /// Writes a value.
    public static func encode(_ value: some Encodable) throws -> Data { try encoder.encode(value) }

    /// Reads a value; unknown members are ignored, as RFC 9457 and careful clients expect.
    public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try decoder.decode(type, from: data)
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}
