/// How a Python app is built from its source: the manifest's `[python]`.
public struct PythonBuild: Hashable, Sendable, Codable {
    /// The runtime; nil for the host's default.
    public var version: PythonVersion?
    /// What names the packages to install; nil for the first of `uv.lock`, `requirements.txt` and `pyproject.toml` that is
    /// there.
    public var requirements: RequirementsFile?
    /// Packages that are installed beside those, such as a server.
    public var packages: [PackageRequirement]
    /// Commands that run after that in the directory of the app's files, such as one that collects static files.
    public var commands: [[CommandArgument]]

    /// Describes a build.
    public init(
        version: PythonVersion? = nil, requirements: RequirementsFile? = nil, packages: [PackageRequirement] = [],
        commands: [[CommandArgument]] = []
    ) {
        self.version = version
        self.requirements = requirements
        self.packages = packages
        self.commands = commands
    }

    /// The most packages, and the most commands, that a manifest may name.
    public static let mostPackages = 32, mostCommands = 16
}

/// A version of Python's language, as a runtime is named by: `3.13`.
public struct PythonVersion: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The number behind the first dot.
    public let minor: Int

    /// Parses `3.13`; a patch behind that, as in `3.13.5`, is the same version.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.map { $0.utf8.allSatisfy(\.isDigit) && $0.utf8.count <= 3 ? Int($0) : nil }
        guard (2...3).contains(numbers.count), !numbers.contains(nil), numbers[0] == 3, let minor = numbers[1],
            (9...99).contains(minor), parts[0] == "3", parts[1] == "\(minor)"
        else { throw InvalidValue("Python version", given: text, rule: "it is written 3.13, and is at least 3.9") }
        self.minor = minor
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public static func < (left: Self, right: Self) -> Bool { left.minor < right.minor }

    public var description: String { "3.\(minor)" }
}

/// A file of the source that names what is installed: `uv.lock`, `requirements/production.txt`, or `none`.
public struct RequirementsFile: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Its path below the source's directory.
    public let path: String

    /// Nothing is installed.
    public static let none = RequirementsFile(unchecked: "none")

    private init(unchecked: String) { path = unchecked }

    /// Checks a path: relative, without `..`, of letters, digits and `- . _ /`, and of a kind that an installer reads.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let allowed = Set("-._".utf8)
        guard text.utf8.count <= 255,
            parts.allSatisfy({ part in
                !["", ".", ".."].contains(part) && !part.hasPrefix("-")
                    && part.utf8.allSatisfy { $0.isAlphanumeric || allowed.contains($0) }
            })
        else {
            throw InvalidValue(
                "requirements file", given: text, rule: "it is a path below the source, such as requirements.txt")
        }
        guard text == "none" || parts.last == "uv.lock" || text.hasSuffix(".txt") || parts.last == "pyproject.toml"
        else {
            throw InvalidValue(
                "requirements file", given: text,
                rule: "it is uv.lock, pyproject.toml, a file that ends in .txt, or none")
        }
        path = String(text)
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(path)
    }

    public var description: String { path }
}

/// A package with the versions that will do (PEP 508, without markers and URLs): `gunicorn`, `uvicorn[standard]>=0.30`.
public struct PackageRequirement: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The text.
    public let text: String

    /// Checks a requirement. What an installer could take for an option, a path or a URL is refused.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let allowed = Set("-._[],<>=!~*+".utf8)
        guard text.utf8.count <= 200, let first = text.utf8.first, first.isAlphanumeric,
            text.utf8.allSatisfy({ $0.isAlphanumeric || allowed.contains($0) })
        else {
            throw InvalidValue(
                "package", given: text,
                rule: "it begins with the package's name, and has only versions behind it, as in gunicorn>=23")
        }
        self.text = String(text)
    }

    /// The package's name as indexes compare it (PEP 503): in lower case, with `-` for each run of `- _ .`.
    public var name: String { Self.normalized(text.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }) }

    /// A name as indexes compare it.
    public static func normalized(_ name: some StringProtocol) -> String {
        name.lowercased().split(whereSeparator: { "-_.".contains($0) }).joined(separator: "-")
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
}
