import CShims
import Glibc

/// Links through which Caddy finds the files that it answers with itself: below `static` in the instance's directory, at the
/// path of their URL, so that they change with the app's upstream link, in the same moment.
///
/// They lead into the release's own tree, which is the platform's and has no link in it: the agent takes none in.
struct StaticFiles {
    /// Where trees are; the same as TussilagoCore's `HostPaths.trees`.
    static let trees = "/var/lib/tussilago/trees"

    private let root: String

    init(_ instance: Instance) { root = "\(instance.directory)/static" }

    /// Makes them for `PREFIX=DIRECTORY` each. Without such a directory there is nothing to answer with, and the app is asked.
    func make(of files: String, _ paths: [String]) throws(Failure) {
        try clear()
        let tree = try resolved(files)
        guard tree.hasPrefix("\(Self.trees)/") else { throw Failure("\(files) leads to no tree of files") }
        try makeDirectory(root)
        for path in paths {
            guard let equals = path.firstIndex(of: "=") else { throw Failure("\(path) names no directory") }
            let names = path[..<equals].split(separator: "/"), directory = path[path.index(after: equals)...]
            guard let last = names.last, !names.contains("..") else { throw Failure("\(path) names no path") }
            let target = "\(tree)/\(directory)"
            var status = stat()
            guard lstat(target, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                standardError(
                    "tussilago-instance: the app's files have no directory \(directory): the app itself is asked\n")
                continue
            }
            guard try resolved(target) == target else { throw Failure("\(directory) is not among the app's own files") }
            var place = root
            for name in names.dropLast() {
                place += "/\(name)"
                try makeDirectory(place)
            }
            place += "/\(last)"
            guard symlink(target, place) == 0 else { throw Failure("cannot make \(place)", errno: errno) }
        }
    }

    /// Takes all of them away.
    func clear() throws(Failure) { try remove(root, depth: 0) }

    private func resolved(_ path: String) throws(Failure) -> String {
        guard let real = realpath(path, nil) else { throw Failure("cannot find \(path)", errno: errno) }
        defer { free(real) }
        return String(cString: real)
    }

    /// There are only links, and the directories that were made for them.
    private func remove(_ path: String, depth: Int) throws(Failure) {
        guard unlink(path) != 0, errno != ENOENT else { return }
        guard errno == EISDIR, depth < 64 else { throw Failure("cannot remove \(path)", errno: errno) }
        for name in namesOfFiles(in: path) where name != "." && name != ".." {
            try remove("\(path)/\(name)", depth: depth + 1)
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw Failure("cannot remove \(path)", errno: errno) }
    }
}
