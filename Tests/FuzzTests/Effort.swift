import FoundationEssentials
import Glibc
import TussilagoTestKit

/// How much is tried. `make test` takes seconds for it; `TUSSILAGO_FUZZ=1000000` (make fuzz) takes as many of each kind.
enum Effort {
    /// Inputs of each kind.
    static let inputs = number("TUSSILAGO_FUZZ") ?? 3_000
    /// Manifests for the injection oracle.
    static let manifests = number("TUSSILAGO_MANIFESTS") ?? 10_000
    /// Where the numbers begin; a failure prints its own.
    static let seed = UInt64(number("TUSSILAGO_SEED") ?? 1)
    /// Podman's generator; nil where there is none.
    static let generator: String? = {
        let places = [
            environment("TUSSILAGO_QUADLET"), "/usr/lib/systemd/system-generators/podman-system-generator",
        ]
        return places.compactMap(\.self).first { access($0, X_OK) == 0 }
    }()

    private static func number(_ name: String) -> Int? { environment(name).flatMap { Int($0) } }
    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// Runs a body on many inputs, each made from a seed of its own.
///
/// A trap ends the whole process. So the seed stands in a file meanwhile, which is left then: `/tmp/tussilago-fuzz-NAME`.
func fuzz(_ name: String, count: Int = Effort.inputs, _ body: (inout SeededRandom) throws -> Void) rethrows {
    let path = "/tmp/tussilago-fuzz-\(name)"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer {
        close(file)
        unlink(path)
    }
    for number in 0..<UInt64(max(0, count)) {
        var seed = Effort.seed &+ number
        pwrite(file, &seed, MemoryLayout<UInt64>.size, 0)
        var random = SeededRandom(seed: seed)
        try body(&random)
    }
}

/// What of the process is in memory, in bytes: the second number of `/proc/self/statm`.
func residentBytes() -> Int {
    let text =
        FileManager.default.contents(atPath: "/proc/self/statm").map { String(decoding: $0, as: UTF8.self) } ?? ""
    let numbers = text.split(separator: " ")
    return numbers.count > 1 ? (Int(numbers[1]) ?? 0) * 4_096 : 0
}
