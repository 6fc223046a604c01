/// A small random generator that gives the same numbers for the same seed (SplitMix64), so that a failed case can be
/// run again.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts at a seed.
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True with a probability of one in `count`.
    public mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    /// One of `choices`, or `otherwise` when there are none.
    public mutating func pick<Value>(_ choices: [Value], otherwise: Value) -> Value {
        choices.randomElement(using: &self) ?? otherwise
    }
}
