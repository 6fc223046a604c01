import Glibc
import TussilagoAPI
import TussilagoCore

/// A folder that is deployed: its files, without what its ignore files leave out.
struct ProjectFolder {
    /// Its absolute path.
    let path: String
    /// Its files, sorted by the bytes of their paths.
    let members: [SourceMember]
    private let json: Bool

    /// Far above what is a source.
    private static let mostFiles = 100_000

    /// Reads what there is in a folder; contents are read when they are needed.
    init(_ path: String, json: Bool) throws {
        func failure(_ text: String, _ remedy: String? = nil) -> CommandFailure {
            CommandFailure(Problem(.invalidRequest, text, field: "folder", remedy: remedy), json: json)
        }
        guard let resolved = realpath(path, nil) else {
            throw failure("the folder \(path) cannot be used: \(String(cString: strerror(errno)))")
        }
        self.path = String(cString: resolved)
        free(resolved)
        self.json = json
        var rules = IgnoreRules(), members: [SourceMember] = []
        try Self.walk(self.path, "", &rules, &members, failure)
        guard !members.isEmpty else { throw failure("the folder \(path) has no files to deploy") }
        self.members = members.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    private static func walk(
        _ root: String, _ folder: String, _ rules: inout IgnoreRules, _ members: inout [SourceMember],
        _ failure: (String, String?) -> CommandFailure
    ) throws {
        let path = folder.isEmpty ? root : "\(root)/\(folder)"
        guard let directory = opendir(path) else {
            throw failure("\(folder.isEmpty ? root : folder) cannot be read: \(String(cString: strerror(errno)))", nil)
        }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else {
                closedir(directory)
                throw failure("\(folder.isEmpty ? "the folder" : folder) has a name in it that is no UTF-8", nil)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(directory)
        let before = rules
        for name in [".gitignore", ".tussilagoignore"] where names.contains(name) {
            if let bytes = FileBytes.read("\(path)/\(name)", limit: 1 << 20) {
                rules.add(String(decoding: bytes, as: UTF8.self), in: folder)
            }
        }
        for name in names.sorted() {
            let inner = folder.isEmpty ? name : "\(folder)/\(name)"
            var status = stat()
            guard lstat("\(root)/\(inner)", &status) == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            if rules.excludes(inner, isDirectory: kind == S_IFDIR) { continue }
            switch kind {
            case S_IFDIR: try walk(root, inner, &rules, &members, failure)
            case S_IFREG:
                guard members.count < mostFiles else { throw failure("it has more than \(mostFiles) files", nil) }
                members.append(
                    SourceMember(
                        path: inner, isExecutable: status.st_mode & S_IXUSR != 0, size: Int(status.st_size)))
            case S_IFLNK:
                throw failure(
                    "\(inner) is a symbolic link, which a source cannot have",
                    "put a copy in its place, or name it in .tussilagoignore")
            default:
                throw failure("\(inner) is neither a file nor a directory", "name it in .tussilagoignore")
            }
        }
        rules = before
    }

    /// What tells how the project is to be run.
    var files: ProjectFiles {
        var texts: [String: String] = [:]
        for member in members where ProjectFiles.isTelling(member.path) {
            if let bytes = FileBytes.read("\(path)/\(member.path)", limit: ProjectFiles.textLimit) {
                texts[member.path] = String(decoding: bytes, as: UTF8.self)
            }
        }
        return ProjectFiles(paths: members.map(\.path), texts: texts)
    }

    /// The text of a file of it; nil where there is none.
    func text(_ name: String) -> String? {
        FileBytes.read("\(path)/\(name)", limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Small files, read whole.
enum FileBytes {
    /// The first bytes of a regular file; nil where there is none that can be read.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: min(Int(status.st_size), limit))
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard got > 0 else { break }
            count += got
        }
        return Array(bytes[..<count])
    }
}
