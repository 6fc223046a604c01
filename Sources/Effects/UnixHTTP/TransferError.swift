internal import CCurl
internal import Glibc
internal import TussilagoCore

extension Transfer.Order {
    /// What a failed transfer means to the caller.
    func error(_ code: CURLcode, _ easy: borrowing EasyHandle) -> PortError {
        let detail = "\(socket): \(easy.explain(code))"
        switch code {
        case CURLE_COULDNT_CONNECT:
            return switch easy.connectErrno {
            case EACCES, EPERM:
                PortError(.refused, peer, cause: "this user may not use its socket", detail: detail)
            case ENOENT: PortError(.unavailable, peer, cause: "its socket is not there", detail: detail)
            default: PortError(.unavailable, peer, cause: "nothing listens on its socket", detail: detail)
            }
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
            return PortError(.unavailable, peer, cause: "it broke off before it had answered", detail: detail)
        case CURLE_OPERATION_TIMEDOUT:
            return timedOut
        default:
            return PortError(.unexpected, peer, cause: "its answer makes no sense", detail: detail)
        }
    }

    var timedOut: PortError {
        let cause =
            switch allowance {
            case .total(let duration): "it has not answered within \(duration)"
            case .idle(let duration): "it was silent for \(duration)"
            }
        return PortError(.timedOut, peer, cause: cause, detail: socket)
    }

    var cancelled: PortError { PortError(.unavailable, peer, cause: "the call was cancelled") }

    /// libcurl has no memory or no file descriptor left for one more transfer.
    var noRoom: PortError { PortError(.unavailable, peer, cause: "no further connection can be made") }

    func overLimit(_ part: String) -> PortError {
        PortError(.unexpected, peer, cause: "the \(part) of its answer are over the limit", detail: socket)
    }
}
