import HTTPTypes
import Hummingbird
import NIOCore
import TussilagoCore

/// An archive as the body of an answer, a piece at a time as its reader takes them.
enum ArchiveAnswer {
    /// The media type of tar archives.
    static let mediaType = "application/x-tar"

    static func response(_ archive: any ArchiveReading) -> Response {
        let body = ResponseBody(contentLength: archive.size) { writer in
            while let bytes = try await archive.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: mediaType], body: body)
    }
}
