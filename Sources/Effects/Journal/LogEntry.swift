/// Where a line of a unit's log comes from: fields that journald sets itself and no process can forge, but for the
/// identifier.
struct LogEntry {
    /// How it reached journald, in its own words: `stdout`, `journal`, `syslog`.
    let transport: String?
    /// The name of the process's program, as the kernel has it: cut to 15 bytes.
    let program: String?
    /// What the unit or the process calls itself.
    let identifier: String?

    /// The programs that run the app, and whose lines say nothing of it; the app's own come from runsc's processes.
    private static let machinery: Set<String> = ["podman", "(podman)", "conmon", "netavark", "tussilago-runsc"]

    /// What tells why an instance is not ready: `tussilago-instance`, as the kernel cuts it.
    private static let helper = "tussilago-inst"

    /// Whether the app said it, or the helper that waits for the app.
    var isOwn: Bool {
        if program?.hasPrefix(Self.helper) ?? false || identifier?.hasPrefix(Self.helper) ?? false { return true }
        guard transport == "stdout" else { return false }
        // The name is missing when the process ended before journald looked, as that of one that crashes may.
        return program.map { !Self.machinery.contains($0) } ?? true
    }
}
