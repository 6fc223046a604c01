import TussilagoCore

/// The roles that the host's own groups have on all of it, with nothing granted.
///
/// Root and the members of one group are admins, and the members of another are viewers.
public struct Authorization: Hashable, Sendable {
    private let adminGroup: UInt32?
    private let viewerGroup: UInt32?

    /// Decides by the ids of two groups; a group that the host does not have has no members.
    public init(adminGroup: UInt32?, viewerGroup: UInt32?) {
        self.adminGroup = adminGroup
        self.viewerGroup = viewerGroup
    }

    /// The role of a process; nil when it has none.
    func role(of peer: Peer) -> Role? {
        if peer.user == 0 || peer.isMember(of: adminGroup) { return .admin }
        if peer.isMember(of: viewerGroup) { return .viewer }
        return nil
    }
}
