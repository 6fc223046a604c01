internal import TussilagoCore

/// The members of an archive, in the order in which they come.
///
/// | name | what it is |
/// |---|---|
/// | `tussilago-backup.json` | the version of the format, the date, the agent's version |
/// | `ledger.sqlite` | the ledger |
/// | `units/…`, `releases/…` | unit files and releases' own records, as the ledger has them |
/// | `trees/DIGEST/…` | file trees, each named by its content |
/// | `SHA256SUMS` | the SHA-256 of each member before the trees, for sha256sum(1) |
/// | `SHA256` | the SHA-256 of all bytes before this member |
///
/// A later version adds kinds of members, such as encrypted credentials, with another number of the format.
enum ArchiveMember {
    static let header = "tussilago-backup.json"
    static let ledger = "ledger.sqlite"
    static let sums = "SHA256SUMS"
    static let whole = "SHA256"
    static let trees = "trees/"
    static let texts = ["units/", "releases/"]

    /// The directory of a tree.
    static func tree(_ digest: TussilagoCore.Digest) -> String { trees + digest.hexadecimal }

    /// The error for what is not as it was written.
    static func damage(_ cause: String) -> PortError { PortError(.damaged, "backup", cause: cause) }
}
