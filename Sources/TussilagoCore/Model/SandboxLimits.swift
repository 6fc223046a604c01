/// Amounts by which sandboxes may differ. They keep nobody apart from anybody: they bound what an instance takes, and how
/// long it holds others up.
///
/// A manifest may ask for less than the strict policy has, and for as much more as its tenant's ``Loosening`` allows.
/// What it does not say is as in the strict policy.
public struct SandboxLimits: Hashable, Sendable {
    private var amounts: [Kind: Int64] = [:]

    /// As in the strict policy.
    public init() {}

    /// Whether nothing differs from the strict policy.
    public var isEmpty: Bool { amounts.isEmpty }

    /// The amount of a kind, in its own unit; nil where it is not said.
    public subscript(_ kind: Kind) -> Int64? {
        get { amounts[kind] }
        set { amounts[kind] = newValue }
    }

    /// The amount of a kind that counts.
    public func amount(_ kind: Kind) -> Int64 { self[kind] ?? kind.strict }

    /// What may differ.
    public enum Kind: String, Hashable, Sendable, CaseIterable, AmountKind {
        /// The size of `/dev/shm` of an instance, in bytes. It counts as the instance's memory.
        case sharedMemory = "shared_memory"
        /// How long an instance has to end by itself after SIGTERM, in seconds.
        case stop
        /// How long what runs before a release serves may take, in seconds.
        case release
        /// Log lines that an instance may write in ten seconds; the journal drops what is more.
        case logLines = "log_lines"

        /// What the strict policy has.
        public var strict: Int64 {
            switch self {
            case .sharedMemory: Bytes.mebibytes(16).count
            case .stop: 10
            case .release: 600
            case .logLines: 5_000
            }
        }

        /// The amounts that there can be. Operations wait for a stop and for a release's command somewhat longer than
        /// these.
        public var range: ClosedRange<Int64> {
            switch self {
            case .sharedMemory: 65_536...(1 << 30)
            case .stop: 1...90
            case .release: 1...1_500
            case .logLines: 10...200_000
            }
        }

        /// What an admin may allow.
        public var looser: ClosedRange<Int64> { strict + 1...range.upperBound }

        /// Its key in a manifest.
        public var key: String { rawValue.split(separator: "_").joined(separator: "-") }

        /// An amount for people: `64M`, `30 s`, `20000`.
        public func text(_ amount: Int64) -> String {
            switch self {
            case .sharedMemory: Bytes(amount).description
            case .stop, .release: "\(amount) s"
            case .logLines: "\(amount)"
            }
        }
    }
}

extension SandboxLimits: Codable {
    /// As it stands in the tenant's slice, from which a lost ledger is written anew: `stop=30 log_lines=20000`.
    public var text: String {
        Kind.text { self[$0] }
    }

    /// Reads it back; nil when it is not what ``text`` writes.
    public init?(text: some StringProtocol) {
        guard let amounts = Kind.amounts(in: text) else { return nil }
        self.amounts = amounts
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let limits = Self(text: text) else {
            throw InvalidValue(
                "list of sandbox limits", given: text, rule: "it is written as in stop=30 log_lines=20000")
        }
        self = limits
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// What an admin of the host lets a tenant's apps have beyond the strict policy, and why.
public struct Loosening: Hashable, Sendable, Codable {
    /// The most that a manifest may ask for, where it is more than the strict policy has.
    public let limits: SandboxLimits
    /// Why: one line, for those who ask later.
    public let reason: String

    /// The most characters of a reason.
    public static let longestReason = 200

    /// Checks it: something is looser, and there is a reason for it.
    ///
    /// A backslash at the end of a line joins it with the next one in a unit file (systemd.syntax(7)), so that there is none.
    public init(_ limits: SandboxLimits, reason: some StringProtocol) throws(InvalidValue) {
        for kind in SandboxLimits.Kind.allCases {
            guard let amount = limits[kind], !kind.looser.contains(amount) else { continue }
            throw InvalidValue(
                kind.rawValue, given: "\(amount)",
                rule: "the strict policy has \(kind.strict), and \(kind.range.upperBound) is the most")
        }
        guard !limits.isEmpty else {
            throw InvalidValue("loosening", given: "", rule: "it must name what is loosened")
        }
        guard let first = reason.unicodeScalars.first, Self.isAllowed(first), first != " ", first != "\u{A0}",
            reason.unicodeScalars.count <= Self.longestReason, reason.unicodeScalars.allSatisfy(Self.isAllowed)
        else {
            throw InvalidValue(
                "reason", given: reason,
                rule:
                    "it is one line of 1 to \(Self.longestReason) characters that does not begin with a space, without "
                    + "control characters and backslashes")
        }
        self.limits = limits
        self.reason = String(reason)
    }

    /// What a reason is made of, as a regular expression of ECMA-262.
    public static let reasonPattern =
        "^[^\\u0000-\\u0020\\u007f-\\u00a0\\u2028\\u2029\\\\][^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\\\]*$"

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x5C: false
        default: true
        }
    }

    private enum CodingKeys: CodingKey { case limits, reason }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            container.decode(SandboxLimits.self, forKey: .limits),
            reason: container.decode(String.self, forKey: .reason))
    }

    /// It in one line, as the audit has it.
    public var text: String { "\(limits.text): \(reason)" }
}

extension Loosening? {
    /// What a manifest asks for and the policy does not allow; nil when there is nothing.
    public func excess(of limits: SandboxLimits?) -> (kind: SandboxLimits.Kind, most: Int64)? {
        guard let limits else { return nil }
        for kind in SandboxLimits.Kind.allCases {
            let most = self?.limits.amount(kind) ?? kind.strict
            if limits.amount(kind) > most { return (kind, most) }
        }
        return nil
    }
}
