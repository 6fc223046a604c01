/// The ordered steps from what is to what shall be.
public struct Plan: Hashable, Sendable {
    /// The steps, in the order in which they are performed.
    public let steps: [Step]

    /// Makes a plan of steps.
    public init(steps: [Step]) { self.steps = steps }

    /// The index of the commit point: the step by which what is new serves. It moves the requests; where none move, it
    /// is the last start. An error before it or in it goes back; one after it is finished forward.
    public var commitPoint: Int? {
        let switched = steps.lastIndex { step in
            if case .files(.point(_, _, .some)) = step { true } else { false }
        }
        return switched
            ?? steps.lastIndex { step in
                if case .start = step { true } else { false }
            }
    }
}
