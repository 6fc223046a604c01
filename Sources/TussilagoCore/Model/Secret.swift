internal import Glibc

/// A value that nobody may see. It prints masked, and its bytes are overwritten when its last holder lets it go.
///
/// It is no text and has no encoding, so that no log, error, record or answer can come to hold it: what is written down
/// and has one in it does not compile.
public final class Secret: Sendable {
    /// How many bytes a value may have: what a pipe, a certificate chain or a key file holds.
    public static let sizes = 1...65_536

    // Written before anybody else has it, and never again but at its end.
    private nonisolated(unsafe) let memory: UnsafeMutableBufferPointer<UInt8>
    private let free: @Sendable (UnsafeMutableBufferPointer<UInt8>) -> Void

    /// Takes bytes over: they are overwritten where they were. Nobody else may hold the array, or its copy stays.
    public convenience init(taking bytes: inout [UInt8]) {
        self.init(taking: &bytes) { $0.deallocate() }
    }

    init(taking bytes: inout [UInt8], free: @escaping @Sendable (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        memory = .allocate(capacity: bytes.count)
        _ = memory.initialize(from: bytes)
        self.free = free
        bytes.withUnsafeMutableBytes { Self.overwrite($0) }
    }

    deinit {
        Self.overwrite(UnsafeMutableRawBufferPointer(memory))
        free(memory)
    }

    /// How many bytes it has.
    public var count: Int { memory.count }

    /// Its bytes, for what encrypts them. They are overwritten when the secret goes, which may be right after its last use:
    /// keep it with `withExtendedLifetime` as long as they are read.
    public var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(memory) }

    /// explicit_bzero(3) is not left out, as other writes are to what is freed next.
    private static func overwrite(_ memory: UnsafeMutableRawBufferPointer) {
        guard let start = memory.baseAddress else { return }
        explicit_bzero(start, memory.count)
    }
}

extension Secret: Hashable {
    /// In a time that tells nothing but whether they are of the same length.
    public static func == (left: Secret, right: Secret) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left.memory, right.memory).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(count) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What stands for it wherever it is printed.
    public static let mask = "••••••"

    public var description: String { Self.mask }
    public var debugDescription: String { Self.mask }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
