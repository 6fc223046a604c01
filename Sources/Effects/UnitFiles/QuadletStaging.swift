internal import Glibc
internal import TussilagoCore

/// Copies of quadlets in a directory of their own, which the generator is shown instead of the real ones.
///
/// What a crash leaves of it is removed by the next agent.
struct QuadletStaging {
    /// How the directories' names begin, and how those of this process do.
    static let prefix = "check-"
    static let ownPrefix = "\(prefix)\(getpid())-"

    private let root: HostRoot
    private let name: String

    /// Copies quadlets.
    ///
    /// Each check has its own directory: another may be under way while the generator runs.
    init(_ quadlets: [UnitFile], root: HostRoot) throws(PortError) {
        self.root = root
        name = "\(Self.ownPrefix)\(UInt64.random(in: .min ... .max))"
        do { try write(quadlets) } catch {
            remove()
            throw error
        }
    }

    /// Where they are, by the absolute path.
    var path: String { "\(root.prefix)\(HostRoot.Base.runtime.path)/\(name)" }

    private func write(_ quadlets: [UnitFile]) throws(PortError) {
        let staging = try root.makeDirectory(.runtime).makeDirectory(
            name, mode: 0o700, as: "the check of the units")
        for file in quadlets {
            let copy = try staging.createFile(file.path.name, mode: 0o600, as: file.path.name)
            try copy.write(Array(file.text.utf8)[...], as: file.path.name)
        }
    }

    /// Removes the copies.
    ///
    /// It can only fail where nothing depends on it any more.
    func remove() { try? root.directory(.runtime)?.removeTree(name) }
}
