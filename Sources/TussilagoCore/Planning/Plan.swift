/// The ordered steps from what is to what shall be.
public struct Plan: Hashable, Sendable {
    /// The steps, in the order in which they are performed.
    public let steps: [Step]

    /// Makes a plan of steps.
    public init(steps: [Step]) { self.steps = steps }

    /// The index of the commit point: the step that moves requests to what is new. An error before it or in it goes
    /// back; one after it is finished forward. Nil when no requests move.
    public var commitPoint: Int? {
        steps.firstIndex { step in
            if case .files(.point(_, .some)) = step { true } else { false }
        }
    }
}
