@testable import UnitFiles

/// A command line as systemd splits it.
enum Words {
    static func split(_ text: String) throws -> [[String]] { try CommandLine.split(text) }
}
