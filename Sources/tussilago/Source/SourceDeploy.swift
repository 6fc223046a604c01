import Documents
import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore

/// A folder on its way to the agent: its manifest, written or detected, and its archive.
struct SourceDeploy {
    let folder: ProjectFolder
    let options: GlobalOptions
    /// What the folder's manifest says; nil where there is none.
    private let written: String?

    static let manifestName = "tussilago.toml"

    /// Reads a folder, and its manifest, from another file if one is named.
    init(_ path: String, manifest: String?, options: GlobalOptions) throws {
        self.options = options
        folder = try ProjectFolder(path, json: options.json)
        if let manifest {
            guard let bytes = FileBytes.read(manifest, limit: 1 << 20) else {
                throw CommandFailure(
                    Problem(.invalidRequest, "the manifest \(manifest) cannot be read", field: "manifest"),
                    json: options.json)
            }
            written = String(decoding: bytes, as: UTF8.self)
        } else {
            written = folder.text(Self.manifestName)
        }
    }

    /// The app that the manifest names.
    var app: AppReference? { written.flatMap { ManifestKeys.read($0)?.app }.flatMap { try? AppReference($0) } }

    /// The manifest that is deployed: what is written counts, and what it leaves open is detected.
    /// - Parameter known: the hostnames where neither the manifest nor the caller says any.
    func manifest(hostnames: [Hostname], known: () async throws -> [Hostname]) async throws -> String {
        guard let written else {
            let detection = try detected()
            return detection.manifest(hostnames: hostnames.isEmpty ? try await known() : hostnames)
        }
        // One that cannot be read is sent as it is: the agent says what is wrong with it.
        guard let (keys, _) = ManifestKeys.read(written) else { return written }
        if keys.isSuperset(of: ["processes", "python"]) { return written }
        if keys.contains("processes") { return written + (written.hasSuffix("\n") ? "" : "\n") + "\n[python]\n" }
        let detection = try detected()
        let names = keys.contains("hostnames") || !hostnames.isEmpty ? hostnames : try await known()
        return detection.completion(of: written, keys: keys, hostnames: names)
    }

    /// What the folder tells, shown to whoever asked.
    func detected() throws -> Detection {
        do throws(Detection.Question) {
            let detection = try Detection(folder.files)
            tell("\(detection.framework): \(detection.notes.joined(separator: "; "))")
            return detection
        } catch {
            throw CommandFailure(
                Problem(.invalidRequest, error.question, field: "folder", remedy: error.answer), json: options.json)
        }
    }

    /// Sends the archive, unless the agent has it.
    func send(to app: AppReference) async throws -> TussilagoCore.Digest {
        let begun = ContinuousClock.now
        let archive = try SourceArchive(folder, json: options.json)
        let what = "\(folder.members.count) files, \(Self.size(archive.size))"
        if try await isThere(archive.digest, app) {
            tell("source \(archive.digest.hexadecimal.prefix(12)): \(what), sent before")
            return archive.digest
        }
        let progress = progress(of: archive)
        defer { progress?.cancel() }
        let _: SourceResource = try await options.client.upload(
            Paths.source(archive.digest, app), descriptor: archive.descriptor, size: archive.size)
        let taken = (ContinuousClock.now - begun) / .milliseconds(1)
        tell("source \(archive.digest.hexadecimal.prefix(12)): \(what), packed and sent in \(Int(taken)) ms")
        return archive.digest
    }

    /// What names the archive.
    func digest() throws -> TussilagoCore.Digest { try SourceArchive(folder, json: options.json).digest }

    private func isThere(_ digest: TussilagoCore.Digest, _ app: AppReference) async throws -> Bool {
        do {
            let _: SourceResource = try await options.client.get(Paths.source(digest, app))
            return true
        } catch let failure as CommandFailure
            where failure.problem.code == .notFound && failure.problem.field == "source"
        {
            return false
        }
    }

    /// Says how far it is, on a terminal: by how far the file was read.
    private func progress(of archive: SourceArchive) -> Task<Void, Never>? {
        guard !options.json, isatty(STDERR_FILENO) == 1 else { return nil }
        let descriptor = archive.descriptor, size = archive.size
        return Task {
            while (try? await Task.sleep(for: .milliseconds(500))) != nil {
                let sent = lseek(descriptor, 0, SEEK_CUR)
                Output.standardError("  sending: \(Self.size(Int(sent))) of \(Self.size(size))")
            }
        }
    }

    private func tell(_ text: String) { if !options.json { options.output.line(text) } }

    private static func size(_ bytes: Int) -> String {
        bytes < 1 << 20 ? "\((bytes + 1023) >> 10) KiB" : "\((bytes + (1 << 20) - 1) >> 20) MiB"
    }
}
