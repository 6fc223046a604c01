internal import Glibc
internal import PeoplesFiles
internal import TussilagoCore

/// Calls a function that returns -1 and sets `errno` when it fails, again as often as a signal interrupts it.
///
/// `call` is the function's name, for the journal; `subject` is what people are told that it happened to: a name, never
/// a path of the platform's.
@discardableResult
func posix<Value: SignedInteger>(
    _ call: StaticString, _ subject: String, _ body: () -> Value
) throws(PortError) -> Value {
    while true {
        let value = body()
        if value != -1 { return value }
        let code = errno
        if code != EINTR { throw PortError(errno: code, call, subject) }
    }
}

/// As above, where some errors are an answer: nil is returned for them.
@discardableResult
func posix<Value: SignedInteger>(
    _ call: StaticString, _ subject: String, nilOn answers: Int32..., body: () -> Value
) throws(PortError) -> Value? {
    while true {
        let value = body()
        if value != -1 { return value }
        let code = errno
        if answers.contains(code) { return nil }
        if code != EINTR { throw PortError(errno: code, call, subject) }
    }
}

extension PortError {
    /// Says in words what an error number means for `subject`; the number itself is for the journal only.
    init(errno code: Int32, _ call: StaticString, _ subject: String) {
        let (kind, cause): (Code, String) =
            switch code {
            case ENOSPC, EDQUOT: (.noSpace, "no room is left on the disk")
            case ENOENT: (.notFound, "it is not there")
            case EEXIST, ENOTEMPTY: (.conflict, "it is there already")
            case EACCES, EPERM: (.refused, "permission was denied")
            case EROFS: (.refused, "the file system is read-only")
            case ELOOP: (.refused, "it is a symbolic link")
            case ENOTDIR: (.refused, "it is not a directory")
            case ENAMETOOLONG: (.refused, "its name is too long")
            case EMFILE, ENFILE, ENOMEM: (.unavailable, "the host is out of file descriptors or memory")
            case EIO: (.unexpected, "the disk reported an error")
            default: (.unexpected, "the operating system refused it")
            }
        self.init(kind, subject, cause: cause, detail: "\(call): errno \(code)")
    }
}

extension FileOpener {
    /// The open file; nil for the errors that are an answer.
    func descriptor(
        _ kind: OpenRequest.Kind, _ path: String, as subject: String, nilOn answers: Int32...
    ) throws(PortError) -> Int32? {
        let (descriptor, error) = try open(kind, path, as: subject)
        if descriptor >= 0 { return descriptor }
        if answers.contains(error) { return nil }
        throw PortError(errno: error, "open", subject)
    }
}
