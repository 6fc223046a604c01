import HTTPTypes
import Hummingbird
import NIOCore
import TussilagoAPI

extension Response {
    /// An answer with a resource.
    static func json(
        _ resource: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        var response = document(ByteBuffer(bytes: try APICoding.encode(resource)))
        response.status = status
        response.headers.append(contentsOf: headers)
        return response
    }

    /// An answer with bytes that are JSON already.
    static func document(_ bytes: ByteBuffer) -> Response {
        Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: bytes))
    }

    /// An answer with a problem.
    init(_ answer: ProblemAnswer) {
        self.init(
            status: answer.head.status, headers: answer.head.headerFields, body: ResponseBody(byteBuffer: answer.body))
    }
}
