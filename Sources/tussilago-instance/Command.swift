/// What systemd calls this program for, at the turns of an instance's life.
enum Command {
    /// `ExecStartPre=`: make what the ingress needs.
    case prepare(Instance, Ingress)
    /// `ExecStartPre=`: link the files that Caddy answers with, of a release's tree.
    case staticFiles(Instance, tree: String, paths: [String])
    /// `ExecStartPost=`: wait until the app answers, at most so many seconds, then let requests in.
    case ready(Instance, seconds: Int, path: String)
    /// `ExecStartPost=` of what takes no requests: see that it goes on running for so many seconds.
    case steady(Instance, seconds: Int)
    /// `ExecStopPost=`: take away what ``prepare(_:_:)`` made.
    case ended(Instance)
    /// `ExecStartPre=`: decrypt the secrets of a list, for the host's user that the app runs as.
    case secrets(Instance, user: UInt32, list: String)
    /// `ExecStopPost=`: take them away.
    case forget(Instance)
    /// `ExecStartPre=`: make what a build writes to, for the host's user that it runs as, of so many bytes and files.
    case workshop(Instance, user: UInt32, bytes: Int64, entries: Int)
    /// `ExecStopPost=`: take it away.
    case cleared(Instance)
    /// `ExecStartPre=` of what is on a bridge: give it an address there, and let it reach what it may.
    case join(Instance, Bridge, asked: String)
    /// `ExecStopPost=` of the same: take both away.
    case leave(Instance)
    /// Load the firewall's table, with all instances that run.
    case loadFirewall
    /// Write down what the table is, and what it shall have of instances.
    case showFirewall
    /// Start what a target wants now.
    case launch(target: String)
    /// `ExecStopPost=` of the same: take away the marks of what was not started.
    case launched(target: String)

    /// How requests reach the app.
    enum Ingress {
        /// Through a socket that the app makes as this user of the host.
        case socket(user: UInt32)
        /// Through a port of the app's bridge: the name of the bridge's ingress, and the address with the port.
        case port(bridge: String, upstream: String)
    }

    private static let usage = """
        usage: tussilago-instance prepare NAME socket UID | prepare NAME port BRIDGE ADDRESS:PORT \
        | static NAME TREE PREFIX=DIRECTORY... | secrets NAME UID LIST | forget NAME | workshop NAME UID BYTES ENTRIES | cleared NAME | ready NAME SECONDS PATH \
        | steady NAME SECONDS | ended NAME | join NAME BRIDGE GATEWAY FILE | leave NAME | firewall load|show | launch TARGET | launched TARGET
        """

    init(_ words: [String]) throws(Failure) {
        let usage = Failure(Self.usage)
        guard words.count >= 2 else { throw usage }
        switch (words[0], words.count) {
        case ("prepare", 4) where words[2] == "socket":
            guard let user = UInt32(words[3]), user > 0 else { throw usage }
            self = .prepare(try Instance(words[1]), .socket(user: user))
        case ("prepare", 5) where words[2] == "port":
            guard isUnitName(words[3]), isAddress(words[4]) else { throw usage }
            self = .prepare(try Instance(words[1]), .port(bridge: words[3], upstream: words[4]))
        case ("static", 4...16):
            guard words[2].hasPrefix("/") else { throw usage }
            self = .staticFiles(try Instance(words[1]), tree: words[2], paths: Array(words[3...]))
        case ("ready", 4):
            guard let seconds = Int(words[2]), (1...86_400).contains(seconds), words[3].hasPrefix("/"),
                words[3].utf8.allSatisfy({ (0x21...0x7e).contains($0) })
            else { throw usage }
            self = .ready(try Instance(words[1]), seconds: seconds, path: words[3])
        case ("steady", 3):
            guard let seconds = Int(words[2]), (1...86_400).contains(seconds) else { throw usage }
            self = .steady(try Instance(words[1]), seconds: seconds)
        case ("secrets", 4):
            guard let user = UInt32(words[2]), user > 0, words[3].hasPrefix("/") else { throw usage }
            self = .secrets(try Instance(words[1]), user: user, list: words[3])
        case ("workshop", 5):
            guard let user = UInt32(words[2]), user > 0, let bytes = Int64(words[3]), bytes > 0,
                let entries = Int(words[4]), entries > 0
            else { throw usage }
            self = .workshop(try Instance(words[1]), user: user, bytes: bytes, entries: entries)
        case ("cleared", 2): self = .cleared(try Instance(words[1]))
        case ("forget", 2): self = .forget(try Instance(words[1]))
        case ("join", 5):
            guard let bridge = Bridge(interface: words[2], gateway: words[3]), words[4].hasPrefix("/") else {
                throw usage
            }
            self = .join(try Instance(words[1]), bridge, asked: words[4])
        case ("leave", 2): self = .leave(try Instance(words[1]))
        case ("firewall", 2) where words[1] == "load": self = .loadFirewall
        case ("firewall", 2) where words[1] == "show": self = .showFirewall
        case ("ended", 2): self = .ended(try Instance(words[1]))
        case ("launch", 2), ("launched", 2):
            guard words[1].hasPrefix("tussilago-"), isUnitName(words[1]) else { throw usage }
            self = words[0] == "launch" ? .launch(target: words[1]) : .launched(target: words[1])
        default: throw usage
        }
    }

    func run() throws(Failure) {
        switch self {
        case .prepare(let instance, .socket(let user)):
            LeftContainer(of: instance).remove()
            try instance.create()
            try instance.clearIngress()
            try SocketDirectory(instance).mount(owner: user)
        case .prepare(let instance, .port(let bridge, let upstream)):
            LeftContainer(of: instance).remove()
            try instance.create()
            try instance.clearIngress()
            try instance.linkBridge(bridge, upstream: upstream)
        case .staticFiles(let instance, let tree, let paths): try StaticFiles(instance).make(of: tree, paths)
        case .ready(let instance, let seconds, let path):
            try Readiness(instance: instance, seconds: seconds, path: path).wait()
            try instance.admitRequests()
        case .steady(_, let seconds): try Steadiness(seconds: seconds).wait()
        case .secrets(let instance, let user, let list):
            let secrets = try SecretDirectory(instance)
            try secrets.clear()
            try secrets.fill(with: SecretList(path: list), owner: user)
        case .workshop(let instance, let user, let bytes, let entries):
            LeftContainer(of: instance).remove()
            let workshop = Workshop(instance)
            try workshop.clear()
            try workshop.mount(owner: user, bytes: bytes, entries: entries)
        case .cleared(let instance): try Workshop(instance).clear()
        case .forget(let instance): try SecretDirectory(instance).clear()
        case .ended(let instance): try instance.clear()
        case .join(let instance, let bridge, let path):
            // A container that was left keeps its address.
            LeftContainer(of: instance).remove()
            try PacketFilter.change { () throws(Failure) in
                try Membership.join(instance, bridge, asked: try Reach(file: path))
            }
        case .leave(let instance): try PacketFilter.change { () throws(Failure) in Membership.leave(instance) }
        case .loadFirewall: try PacketFilter.load()
        case .showFirewall: try PacketFilter.show()
        case .launch(let target): try Launcher(target: target).run()
        case .launched(let target): try Launcher(target: target).withdraw()
        }
    }
}

/// Whether a text has only the characters of the platform's unit names, and so names no other directory.
func isUnitName(_ text: String) -> Bool {
    text.utf8.count <= 240 && !text.hasPrefix(".")
        && text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || "-_.@".utf8.contains(byte)
        }
}

/// Whether a text has only the characters of an IPv4 address with a port, so that it fits one line of a file.
func isAddress(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 21 && text.utf8.allSatisfy { "0123456789.:".utf8.contains($0) }
}
