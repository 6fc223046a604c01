internal import CCurl
internal import Glibc
internal import TussilagoCore

/// libcurl's handle of one transfer, with all that must live as long as it does.
final class EasyHandle {
    private let curl: UnsafePointer<tsl_curl>
    let pointer: UnsafeMutableRawPointer
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var file: UnsafeMutablePointer<FILE>?

    /// A handle without a request; nil when no memory is left.
    init?(_ curl: UnsafePointer<tsl_curl>) {
        guard let pointer = curl.pointee.easy_init() else { return nil }
        self.curl = curl
        self.pointer = pointer
    }

    deinit {
        curl.pointee.easy_cleanup(pointer)
        curl.pointee.slist_free_all(headerList)
        if let file { fclose(file) }
    }

    /// The answer's status.
    var status: Int { number(CURLINFO_RESPONSE_CODE) }

    /// Why connect(2) failed; 0 when it did not.
    var connectErrno: Int32 { Int32(truncatingIfNeeded: number(CURLINFO_OS_ERRNO)) }

    /// libcurl's own words for a code.
    func explain(_ code: CURLcode) -> String { String(cString: curl.pointee.easy_strerror(code)) }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        return tsl_curl_get_long(curl, pointer, info, &value) == CURLE_OK ? value : 0
    }

    /// Sets the request; false when libcurl refuses a part of it.
    func set(_ request: HTTPRequest, socket: String) -> Bool {
        var fine = string(CURLOPT_URL, "http://localhost/") && string(CURLOPT_REQUEST_TARGET, request.path)
        fine = fine && string(CURLOPT_UNIX_SOCKET_PATH, socket)
        // An environment's http_proxy is not for Unix sockets.
        fine = fine && string(CURLOPT_PROXY, "")
        fine = fine && long(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        fine = fine && long(CURLOPT_NOSIGNAL, 1) && long(CURLOPT_FORBID_REUSE, 1)
        fine = fine && string(CURLOPT_CUSTOMREQUEST, request.method)
        if request.method == "HEAD" { fine = fine && long(CURLOPT_NOBODY, 1) }
        if let body = request.file {
            return fine && set(file: body) && set(headersOf: request)
        }
        if let body = request.body ?? (["POST", "PUT", "PATCH"].contains(request.method) ? [] : nil) {
            fine = fine && set(body: body)
        }
        return fine && set(headersOf: request)
    }

    private func set(body: [UInt8]) -> Bool {
        let sized = tsl_curl_set_offset(curl, pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)) == CURLE_OK
        guard !body.isEmpty else { return sized && string(CURLOPT_COPYPOSTFIELDS, "") }
        return body.withUnsafeBytes {
            sized && tsl_curl_set_pointer(curl, pointer, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) == CURLE_OK
        }
    }

    /// libcurl itself reads from a `FILE` (CURLOPT_READFUNCTION(3)); it is one of this handle's own, on the same file.
    private func set(file body: HTTPRequest.File) -> Bool {
        let descriptor = dup(body.descriptor)
        guard descriptor >= 0, lseek(descriptor, 0, SEEK_SET) == 0, let file = fdopen(descriptor, "r") else {
            if descriptor >= 0 { close(descriptor) }
            return false
        }
        self.file = file
        return long(CURLOPT_UPLOAD, 1)
            && tsl_curl_set_pointer(curl, pointer, CURLOPT_READDATA, file) == CURLE_OK
            && tsl_curl_set_offset(curl, pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(body.size)) == CURLE_OK
    }

    private func set(headersOf request: HTTPRequest) -> Bool {
        // A name with a bare colon takes a header away, one with a semicolon sends it empty (CURLOPT_HTTPHEADER(3)).
        var lines = ["Expect:", "Accept:"].filter { !request.has(header: $0.dropLast().lowercased()) }
        if !request.has(header: "content-type") { lines.append("Content-Type:") }
        for header in request.headers {
            let isBlank = header.value.utf8.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            lines.append(isBlank ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        for line in lines {
            guard let list = curl.pointee.slist_append(headerList, line) else { return false }
            headerList = list
        }
        return tsl_curl_set_pointer(curl, pointer, CURLOPT_HTTPHEADER, headerList) == CURLE_OK
    }

    /// Has the answer given to a transfer, which must outlive the handle's use.
    func deliver(to transfer: Transfer) {
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        _ = tsl_curl_set_pointer(curl, pointer, CURLOPT_HEADERDATA, context)
        _ = tsl_curl_set_pointer(curl, pointer, CURLOPT_WRITEDATA, context)
        _ = tsl_curl_set_receive(curl, pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let context else { return 0 }
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.receive(headerLine: line) ? line.count : 0
        }
        _ = tsl_curl_set_receive(curl, pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let context else { return 0 }
            let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.receive(body: piece) ? piece.count : 0
        }
    }

    private func long(_ option: CURLoption, _ value: Int) -> Bool {
        tsl_curl_set_long(curl, pointer, option, value) == CURLE_OK
    }

    private func string(_ option: CURLoption, _ value: String) -> Bool {
        tsl_curl_set_string(curl, pointer, option, value) == CURLE_OK
    }
}
