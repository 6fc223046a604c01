import Glibc

/// The firewall's table (units/nftables/tussilago.nft): its rules stand in a file, and the elements of its sets follow
/// from the instances that are on bridges now, from what they ask to reach and from what their tenants were granted.
///
/// All elements are written anew each time, in one transaction with the rules when those are loaded: whatever comes in
/// between, the table is one that was meant.
enum PacketFilter {
    /// The same as TussilagoCore's `HostPaths.firewall`.
    private static let root = "/run/tussilago-firewall"
    /// The same as TussilagoCore's `HostPaths.egress`.
    private static let grants = "/var/lib/tussilago/egress"
    private static let rules = "/usr/lib/tussilago/firewall.nft"
    private static let elements = "\(root)/elements.nft"
    private static let nft = "/usr/sbin/nft"

    /// Loads the table, and notes what it is then.
    static func load() throws(Failure) {
        try locked { () throws(Failure) in
            try writeElements()
            try loadTable()
        }
    }

    private static func loadTable() throws(Failure) {
        try run(["-f", rules])
        try list(to: "loaded.json")
    }

    /// Writes down what the table is now; nothing when there is none.
    static func show() throws(Failure) {
        try locked { () throws(Failure) in
            try writeElements()
            try list(to: "found.json")
        }
    }

    /// Changes who is on a bridge, and has the table follow. One that is not loaded is filled when it is.
    static func change(_ body: () throws(Failure) -> Void) throws(Failure) {
        try locked { () throws(Failure) in
            try body()
            try writeElements()
            do throws(Failure) { try run(["-f", elements]) } catch {
                // A table that another version has loaded may not have these sets.
                try loadTable()
            }
        }
    }

    private static func writeElements() throws(Failure) {
        let sets = ["instance", "internet", "proxied"].map { "flush set inet tussilago \($0)\n" }.joined()
        try replaceFile(
            elements, sets + Membership.all().flatMap(lines).map { "add element inet tussilago \($0)\n" }.joined())
    }

    /// What the sets have of one instance.
    private static func lines(_ member: Membership) -> [String] {
        let key = "\"\(member.interface)\" . \(member.address)"
        let instance = "instance { \(key) }"
        // A grant that cannot be read is none.
        let grant = readFile("\(grants)/\(member.tenant)") ?? ""
        return switch (member.reach.word, grant) {
        case ("internet", "internet\n"): [instance, "internet { \(key) }"]
        case ("list", "list\n"), ("list", "internet\n"):
            [instance] + member.reach.ports.map { "proxied { \(key) . \($0) }" }
        default: [instance]
        }
    }

    private static func list(to name: String) throws(Failure) {
        let temporary = "\(root)/.\(name)"
        try run(["--json", "--stateless", "list", "table", "inet", "tussilago"], output: temporary, mayFail: true)
        guard rename(temporary, "\(root)/\(name)") == 0 else { throw Failure("cannot write \(name)", errno: errno) }
    }

    /// Runs nft; with `output`, what it prints goes there, in place of what was in it.
    private static func run(_ words: [String], output: String? = nil, mayFail: Bool = false) throws(Failure) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let output {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        var arguments = ([nft] + words).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, nft, &actions, nil, &arguments, environ)
        guard code == 0 else { throw Failure("cannot run \(nft)", errno: code) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 || mayFail else { throw Failure("nft \(words.joined(separator: " ")) failed") }
    }

    /// One at a time: of two who write all elements, the later one must have seen what the earlier one has.
    private static func locked(_ body: () throws(Failure) -> Void) throws(Failure) {
        for directory in [root, Membership.root] { try makeDirectory(directory) }
        let file = open("\(root)/lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0, flock(file, LOCK_EX) == 0 else { throw Failure("cannot lock the firewall", errno: errno) }
        defer { close(file) }
        try body()
    }
}
