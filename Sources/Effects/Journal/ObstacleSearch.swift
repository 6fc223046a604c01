internal import TussilagoCore

/// Finds the line that says best why an instance did not start, among those of the platform's own programs.
///
/// The helper's says how far the app came; without one, the app was not even started, and the OCI runtime or Podman
/// says why.
struct ObstacleSearch {
    /// What `tussilago-instance` puts before its lines.
    private static let helper = "tussilago-instance: "
    /// How its line begins when the app has ended; the same as in its `Readiness`.
    private static let ended = "the app ended"
    /// What Podman puts before its own; it repeats there, with less in it, what the runtime has said.
    private static let podman = "Error: "
    private static let podmansWarning = "time="
    /// What runsc puts before the reason, several of them.
    private static let runtimeSteps = ["starting container: ", "starting root container: ", "starting sandbox: "]

    private var ofHelper: StartObstacle?
    private var ofRuntime: String?
    private var ofPodman: String?

    /// Looks at a line; they come from the newest on. What was said first is the reason of what was said later, but for
    /// the helper's: the app may have been started more than once.
    mutating func look(at line: String) {
        if line.hasPrefix(Self.helper) {
            let text = String(line.dropFirst(Self.helper.count))
            ofHelper = ofHelper ?? StartObstacle(text: text, appEnded: text.hasPrefix(Self.ended))
        } else if line.hasPrefix(Self.podman) {
            ofPodman = String(line.dropFirst(Self.podman.count))
        } else if !line.hasPrefix(Self.podmansWarning), !Self.isContainerID(line) {
            ofRuntime = Self.withoutSteps(line)
        }
    }

    /// What was found.
    var result: StartObstacle? {
        ofHelper
            ?? (ofRuntime ?? ofPodman).map { StartObstacle(text: "the app was not started: \($0)", appEnded: false) }
    }

    /// Podman prints the id of a container that it has started or removed: then all was well.
    private static func isContainerID(_ line: String) -> Bool {
        line.utf8.count == 64
            && line.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    private static func withoutSteps(_ line: String) -> String {
        var rest = line[...]
        for step in runtimeSteps where rest.hasPrefix(step) { rest = rest.dropFirst(step.count) }
        return String(rest)
    }
}
