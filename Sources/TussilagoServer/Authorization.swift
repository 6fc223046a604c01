public import Glibc

/// Who may do what: decided by the groups of the process at the other end of the socket.
///
/// Root and the members of one group are admins, the members of another are readers, and everyone else is refused.
public struct Authorization: Hashable, Sendable {
    private let adminGroup: gid_t?
    private let readerGroup: gid_t?

    /// Decides by the ids of two groups; a group that the host does not have has no members.
    public init(adminGroup: gid_t?, readerGroup: gid_t?) {
        self.adminGroup = adminGroup
        self.readerGroup = readerGroup
    }

    /// What a process may do; nil when it may do nothing.
    func role(of peer: Peer) -> Role? {
        if peer.user == 0 || peer.isMember(of: adminGroup) { return .admin }
        if peer.isMember(of: readerGroup) { return .reader }
        return nil
    }
}
