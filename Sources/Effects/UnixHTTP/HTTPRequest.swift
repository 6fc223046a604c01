public import TussilagoCore

/// A small HTTP/1.1 request (RFC 9112), checked so that nothing in it can begin another header or another request.
public struct HTTPRequest: Sendable {
    let method: String
    let path: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]?
    let file: File?
    let timeout: Duration
    let bodyLimit: Int

    /// A body that is read from an open file, from its start, while it is sent.
    public struct File: Sendable {
        let descriptor: Int32
        let size: Int

        /// Names a file; it must stay open as long as the request is under way.
        public init(descriptor: Int32, size: Int) {
            self.descriptor = descriptor
            self.size = size
        }
    }

    /// Describes a request.
    ///
    /// A header with an empty value is sent empty: `Host`, for a server that wants none. Without one, `Host` is
    /// `localhost`.
    /// - Parameters:
    ///   - method: `GET` and so on.
    ///   - path: The request's target as it stands on the wire, escaped, with its query.
    ///   - headers: Further header fields; `Content-Length` is set for the body.
    ///   - body: The body; nil for none.
    ///   - file: A file that is the body instead.
    ///   - timeout: How long the whole exchange may take; a stream has an idle time instead.
    ///   - bodyLimit: The most bytes that the answer's body may have; a stream has no limit.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the method or a header's name is no token (RFC 9110 §5.6.2),
    ///   the path is not printable ASCII from its `/` on, or a header's value has a control character.
    public init(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        file: File? = nil, timeout: Duration = .seconds(10), bodyLimit: Int = 4 << 20
    ) throws(PortError) {
        func refuse(_ part: String, _ rule: String) -> PortError {
            PortError(.refused, "HTTP request", cause: "its \(part) \(rule)")
        }
        guard method.isToken else { throw refuse("method", "is not a token") }
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refuse("path", "is not printable ASCII that begins with /")
        }
        for header in headers {
            guard header.name.isToken else { throw refuse("header", "has a name that is not a token") }
            guard header.value.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == UInt8(ascii: "\t") }) else {
                throw refuse("header \(header.name)", "is not printable ASCII")
            }
        }
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.file = file
        self.timeout = timeout
        self.bodyLimit = bodyLimit
    }

    func has(header name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }
}

/// What was answered to a request.
public struct HTTPAnswer: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The header fields and the trailer fields by their names in lower case; repeated ones joined by a comma.
    public let headers: [String: String]
    /// The body; empty when it was streamed.
    public let body: [UInt8]
}

extension String {
    /// Whether it is a token (RFC 9110 §5.6.2).
    fileprivate var isToken: Bool {
        let marks = "!#$%&'*+-.^_`|~".utf8
        return !isEmpty
            && utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: marks.contains($0)
                }
            }
    }
}
