/// Where a line of a unit's log comes from, by fields that journald sets itself, from what the kernel says of the
/// sender: no process can forge them.
struct LogEntry {
    /// How it reached journald, in its own words: `stdout`, `journal`, `syslog`.
    let transport: String?
    /// The number of the user who wrote it; always there, where the program's name is missing when the process ended
    /// before journald looked.
    let user: String?

    /// Whether the app said it. All that surrounds the app in its unit is root: Podman, conmon, runsc outside of its
    /// sandbox, the platform's helper.
    var isApps: Bool { transport == "stdout" && user != Self.root }

    /// Whether it is root's, and so nothing that the app could have said, whatever its text pretends to be.
    var isPlatforms: Bool { transport == "stdout" && user == Self.root }

    private static let root = "0"
}
