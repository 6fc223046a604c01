internal import TussilagoCore

/// The members of an archive, in the order in which they come.
///
/// | name | what it is |
/// |---|---|
/// | `tussilago-backup.json` | the version of the format, the date, the agent's version |
/// | `ledger.sqlite` | the ledger |
/// | `units/…`, `releases/…` | unit files and releases' own records, as the ledger has them |
/// | `secrets/ID` | the value in a credential, sealed under an admin's key; only in those made with one, of format 2 |
/// | `trees/DIGEST/…` | file trees, each named by its content |
/// | `SHA256SUMS` | the SHA-256 of each member before the trees, for sha256sum(1) |
/// | `SHA256` | the SHA-256 of all bytes before this member |
///
/// A later version adds kinds of members with another number of the format.
enum ArchiveMember {
    static let header = "tussilago-backup.json"
    static let ledger = "ledger.sqlite"
    static let sums = "SHA256SUMS"
    static let whole = "SHA256"
    static let trees = "trees/"
    static let secrets = "secrets/"
    /// What comes between the ledger and the trees.
    static let texts = ["units/", "releases/", secrets]

    /// The directory of a tree.
    static func tree(_ digest: TussilagoCore.Digest) -> String { trees + digest.hexadecimal }

    /// The error for what is not as it was written.
    static func damage(_ cause: String) -> PortError { PortError(.damaged, "backup", cause: cause) }
}
