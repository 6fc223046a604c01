/// The version of the platform; the CLI and the agent are made and installed together.
public enum Version {
    /// The version, as in semantic versioning.
    public static let current = "0.1.0"
}
