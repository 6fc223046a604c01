import CShims
import Glibc

/// The process at the other end of a connection, as the kernel saw it at connect(2) (SO_PEERCRED, unix(7)).
struct Peer: Sendable {
    /// Its user.
    ///
    /// It stays in here: nobody outside is told a uid.
    let user: uid_t
    let groups: [gid_t]

    /// Describes a process.
    init(user: uid_t, groups: [gid_t]) {
        self.user = user
        self.groups = groups
    }

    /// Asks the kernel who is at the other end; nil when it does not say.
    init?(socket: CInt) {
        var user = uid_t.max, group = gid_t.max, process: pid_t = 0
        guard tsl_peer_credentials(socket, &user, &group, &process) == 0 else { return nil }
        guard let others = Self.supplementaryGroups(socket) else { return nil }
        self.init(user: user, groups: [group] + others)
    }

    /// Whether it is in a group, by its primary or its supplementary groups.
    func isMember(of group: gid_t?) -> Bool { group.map(groups.contains) ?? false }

    /// The user's login name.
    ///
    /// It asks the host's name service, which may take a while: never on the event loop.
    var name: String {
        // An entry that does not fit is as good as none.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let space = buffer.baseAddress, getpwuid_r(user, &entry, space, buffer.count, &found) == 0,
                let name = found?.pointee.pw_name
            else { return "unknown" }
            return String(cString: name)
        }
    }

    private static func supplementaryGroups(_ socket: CInt) -> [gid_t]? {
        // Few processes have more than the first; NGROUPS_MAX is the most that Linux allows.
        for capacity in [64, 65_536] {
            var groups = [gid_t](repeating: 0, count: capacity)
            let count = tsl_peer_groups(socket, &groups, CInt(capacity))
            if count >= 0 { return Array(groups.prefix(Int(count))) }
            guard errno == ERANGE else { return nil }
        }
        return nil
    }
}
