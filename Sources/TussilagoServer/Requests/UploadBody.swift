internal import Hummingbird

/// A request's body as it comes, piece by piece. The connection reads no further than is asked for here.
public struct UploadBody: AsyncSequence, Sendable {
    private let body: RequestBody

    init(_ body: RequestBody) { self.body = body }

    public func makeAsyncIterator() -> Iterator { Iterator(pieces: body.makeAsyncIterator()) }

    /// Takes the pieces off, one after the other.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var pieces: RequestBody.AsyncIterator

        public mutating func next() async throws -> [UInt8]? {
            try await pieces.next().map { [UInt8]($0.readableBytesView) }
        }
    }
}
