/// A short mark of what was seen. Equal marks mean that the same was seen, but for a chance of 1 in 2⁶⁴.
///
/// 64-bit FNV-1a (draft-eastlake-fnv): the same in each process, unlike `Hasher`. It guards against nobody: what it is
/// made of only the host's own root can change.
public struct Stamp: Hashable, Sendable {
    /// The mark, as a number.
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// A mark of nothing.
    public init() {}

    /// A mark that was made before.
    public init(value: UInt64) { self.value = value }

    /// Takes a number in.
    public mutating func add(_ number: UInt64) { withUnsafeBytes(of: number.littleEndian) { add($0) } }

    /// Takes a text in, and that it ends here.
    public mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
        add(byte: 0xff)  // in no UTF-8
    }

    /// Takes bytes in.
    public mutating func add(_ bytes: UnsafeRawBufferPointer) { for byte in bytes { add(byte: byte) } }

    private mutating func add(byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
}

/// That an app was found to be as it shall be.
///
/// A plan follows from what is looked at alone. So as long as nothing of that has changed, there is nothing to do, and the
/// next look need not read and plan anything.
public struct Look: Hashable, Sendable {
    /// The mark of all that the plan followed from.
    public let stamp: Stamp
    /// The units whose state was part of it, in their order.
    public let units: [UnitName]
    /// How many things were left as an admin has made them.
    public let left: Int
    /// The image of the current release; nil before the first.
    public let image: ImageIdentity?

    /// Describes a look.
    public init(stamp: Stamp, units: [UnitName], left: Int, image: ImageIdentity?) {
        self.stamp = stamp
        self.units = units
        self.left = left
        self.image = image
    }
}
