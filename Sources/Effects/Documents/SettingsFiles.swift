internal import Glibc

/// Finds and reads the files that settings are made of.
struct SettingsFiles {
    /// The directory that stands for `/`.
    let root: String

    private static let directories = ["/etc/tussilago", "/run/tussilago", "/usr/lib/tussilago"]
    private static let name = "tussilagod.toml"

    /// The documents that were found, each as it is written: the file, then the drop-ins, later ones above earlier.
    func fragments(_ mistakes: MistakeList) -> [DocumentNode] {
        var fragments: [DocumentNode] = []
        for directory in Self.directories {
            let path = "\(root)\(directory)/\(Self.name)"
            guard exists(path, mistakes) else { continue }
            fragments += [fragment(path, mistakes)].compactMap(\.self)
            break
        }
        return fragments + dropIns(mistakes).compactMap { fragment($0, mistakes) }
    }

    /// The paths of the drop-ins, by the bytes of their names.
    private func dropIns(_ mistakes: MistakeList) -> [String] {
        var paths: [String: String] = [:]
        for directory in Self.directories {
            let path = "\(root)\(directory)/\(Self.name).d"
            for name in names(in: path, mistakes) where name.hasSuffix(".toml") && !name.hasPrefix(".") {
                if paths[name] == nil { paths[name] = "\(path)/\(name)" }
            }
        }
        return paths.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    }

    /// Whether a file is there.
    ///
    /// One of which it cannot be said is, and so is a link that leads nowhere: neither is passed over in silence.
    private func exists(_ path: String, _ mistakes: MistakeList) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 || errno != ENOENT
    }

    private func names(in directory: String, _ mistakes: MistakeList) -> [String] {
        guard let stream = opendir(directory) else {
            if errno != ENOENT { fail(directory, "this directory cannot be read: \(Self.reason(errno))", mistakes) }
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
                })
        }
        return names
    }

    /// One file's document; nil, and a mistake, when it cannot be had.
    private func fragment(_ path: String, _ mistakes: MistakeList) -> DocumentNode? {
        guard let bytes = bytes(of: path, mistakes) else { return nil }
        do throws(SyntaxMistake) {
            return TOMLParser.parse(try SourceText.decode(bytes, file: path), file: path, into: mistakes)
        } catch {
            mistakes.add(error.position, error.message)
            return nil
        }
    }

    /// A file's bytes.
    ///
    /// A link to /dev/null stands for an empty file, as it does in systemd.
    private func bytes(of path: String, _ mistakes: MistakeList) -> [UInt8]? {
        // Not to wait for who would write to a named pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return fail(path, "this file cannot be read: \(Self.reason(errno))", mistakes) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            return fail(path, "this file cannot be read: \(Self.reason(errno))", mistakes)
        }
        // The device 1:3; makedev(3) is a macro that Swift does not see.
        let isNull = status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 1 << 8 | 3
        guard isNull || status.st_mode & S_IFMT == S_IFREG else { return fail(path, "this is not a file", mistakes) }
        var bytes = [UInt8](repeating: 0, count: SourceText.maximumSize + 1)
        var length = 0
        while length < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress.map { $0 + length }, buffer.count - length)
            }
            if count == 0 { break }
            if count > 0 {
                length += count
            } else if errno != EINTR {
                return fail(path, "this file cannot be read: \(Self.reason(errno))", mistakes)
            }
        }
        guard length <= SourceText.maximumSize else {
            return fail(path, "a file of settings may have at most \(SourceText.maximumSize / 1024) KiB", mistakes)
        }
        return Array(bytes[..<length])
    }

    @discardableResult
    private func fail(_ path: String, _ message: String, _ mistakes: MistakeList) -> [UInt8]? {
        mistakes.add(SourcePosition(file: path, line: 0, column: 0), message)
        return nil
    }

    private static func reason(_ code: CInt) -> String { String(cString: strerror(code)) }
}
