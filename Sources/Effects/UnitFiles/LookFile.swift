internal import FoundationEssentials
internal import Glibc
public import TussilagoCore

extension FileUnitStore: LookStore {
    public func looks() -> [AppReference: Look] { LookFile(root: root).read().mapValues(\.look) }

    public func remember(_ looks: [AppReference: Look]) { LookFile(root: root).write(looks) }
}

/// The file of what was found to be as it shall be. It lies in memory: after a boot all is looked at.
///
/// A line for each app, below one that names the program. What cannot be read is looked at, so no error is one.
struct LookFile {
    let root: HostRoot

    /// A look, and when it was made.
    struct Entry {
        let look: Look
        let at: Int
    }

    private static let name = "looks"
    private static let limit = 64 * 1_048_576
    /// In seconds.
    private static let lifetime = 86_400

    /// The looks that count still.
    func read() -> [AppReference: Entry] {
        guard let bytes = try? root.directory(.runtime)?.read(Self.name, limit: Self.limit),
            let text = String(validating: bytes, as: UTF8.self)
        else { return [:] }
        let lines = text.split(separator: "\n")
        guard let program = Self.program, lines.first == program[...] else { return [:] }
        let now = Int(Date().timeIntervalSince1970)
        var entries: [AppReference: Entry] = [:]
        for line in lines.dropFirst() {
            guard let (app, entry) = Self.entry(line), (0..<Self.lifetime).contains(now - entry.at) else { continue }
            entries[app] = entry
        }
        return entries
    }

    /// Writes looks in place of those that are there. One that is there already keeps its time.
    func write(_ looks: [AppReference: Look]) {
        guard let program = Self.program else { return }
        let known = read(), now = Int(Date().timeIntervalSince1970)
        let lines = looks.sorted { $0.key < $1.key }.map { app, look in
            Self.line(app, Entry(look: look, at: known[app].flatMap { $0.look == look ? $0.at : nil } ?? now))
        }
        let text = ([program] + lines).joined(separator: "\n")
        try? root.makeDirectory(.runtime).replace(Self.name, text.utf8, mode: 0o600)
    }

    private static func line(_ app: AppReference, _ entry: Entry) -> String {
        let look = entry.look
        return [
            app.description, String(look.stamp.value, radix: 16), String(entry.at), String(look.left),
            look.image?.digest.hexadecimal ?? "-", look.image?.reference.text ?? "-",
            look.units.map(\.description).joined(separator: " "),
        ].joined(separator: "\t")
    }

    private static func entry(_ line: Substring) -> (AppReference, Entry)? {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == 7, let app = try? AppReference(fields[0]), let stamp = UInt64(fields[1], radix: 16),
            let at = Int(fields[2]), let left = Int(fields[3])
        else { return nil }
        var image: ImageIdentity?
        if fields[4] != "-" {
            guard let digest = try? Digest(fields[4]), let reference = try? ImageReference(fields[5]) else {
                return nil
            }
            image = ImageIdentity(reference: reference, digest: digest)
        }
        let units = fields[6].split(separator: " ").compactMap { UnitName(String($0)) }
        return (app, Entry(look: Look(stamp: Stamp(value: stamp), units: units, left: left, image: image), at: at))
    }

    /// Another program may plan otherwise: the file that this one was started from.
    private static var program: String? {
        var status = stat()
        guard stat("/proc/self/exe", &status) == 0 else { return nil }
        return
            "program \(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
    }
}
