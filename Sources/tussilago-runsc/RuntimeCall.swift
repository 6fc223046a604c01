/// A call of an OCI runtime as Podman makes it: `[--systemd-cgroup] COMMAND [FLAG...] ID`.
///
/// Only what Podman and conmon say by themselves is understood. A flag before the command is one of runsc's own, and
/// could take back what is pinned (`podman --runtime-flag=…`); so any other is refused.
struct RuntimeCall {
    /// The flags before the command, as they came.
    let globalFlags: [String]
    /// The command; nil when only the version is asked for.
    let command: String?
    /// What stands behind the command.
    let rest: [String]

    /// The commands of the OCI runtime interface, and those behind `podman exec`, `pause` and `unpause`.
    static let commands: Set = ["create", "start", "state", "kill", "delete", "exec", "pause", "resume"]

    init(_ arguments: [String]) throws(Refusal) {
        let flags = arguments.prefix { $0.hasPrefix("-") }
        for flag in flags where flag != "--systemd-cgroup" && flag != "--version" {
            throw Refusal(
                "the flag \(flag) is not allowed: the sandbox's flags are fixed (remove it from --runtime-flag)")
        }
        globalFlags = Array(flags)
        command = arguments.dropFirst(flags.count).first
        rest = Array(arguments.dropFirst(flags.count + 1))
        guard let command else {
            guard flags.contains("--version") else {
                throw Refusal("no command; Podman calls this program as its OCI runtime")
            }
            return
        }
        guard Self.commands.contains(command) else { throw Refusal("the command \(command) is not allowed") }
    }

    /// The container that the call is about: the last argument.
    var container: String? { rest.last.flatMap { $0.hasPrefix("-") ? nil : $0 } }

    /// The value of a flag behind the command, in any of the forms that runsc (Go's package flag) reads.
    func value(of flag: String) -> String? {
        for (index, argument) in rest.enumerated() {
            let name = argument.drop { $0 == "-" }
            guard name.count < argument.count else { continue }
            if name == flag { return rest.dropFirst(index + 1).first }
            if name.hasPrefix("\(flag)=") { return String(name.dropFirst(flag.count + 1)) }
        }
        return nil
    }
}
