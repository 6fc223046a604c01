import NIOCore
import Synchronization

/// Decides when the agent has nothing to do, so that it may exit and leave its socket to systemd.
///
/// Connections hold the gate by themselves. Work that outlives its connection, such as an operation, holds it with
/// ``hold()``, which must be called while a connection is open or before the server runs: the server tests the gate and
/// closes in one turn of its event loop, and a hold that comes later comes too late.
public final class IdleGate: Sendable {
    private let holds = Atomic(0)
    private let lastRelease = Atomic(UInt64(0))

    /// A gate that nothing holds.
    public init() {}

    /// Keeps the server open until ``release()`` was called as often as this.
    public func hold() { holds.add(1, ordering: .sequentiallyConsistent) }

    /// Takes one ``hold()`` back; the time of idleness begins again.
    public func release() {
        lastRelease.store(NIODeadline.now().uptimeNanoseconds, ordering: .sequentiallyConsistent)
        holds.subtract(1, ordering: .sequentiallyConsistent)
    }

    var isHeld: Bool { holds.load(ordering: .sequentiallyConsistent) > 0 }

    /// When the gate was last let go; the beginning of time if it never was held.
    var heldUntil: NIODeadline {
        .uptimeNanoseconds(lastRelease.load(ordering: .sequentiallyConsistent))
    }
}
