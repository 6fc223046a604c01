/// A runtime: an image that apps are built for and run in, which an admin has named by its version of Python.
///
/// The name is one of Podman's own, so what there is stands in one place, and a release has the image's digest: a runtime
/// that is replaced changes no release.
public enum Runtime {
    /// What all runtimes' names begin with.
    public static let repository = "localhost/tussilago-python"
    /// The tag of the one that an app gets which does not say.
    public static let defaultTag = "default"

    /// The name of a runtime; of the default where no version is said.
    public static func image(_ version: PythonVersion?) throws(InvalidValue) -> ImageReference {
        try ImageReference("\(repository):\(version?.description ?? defaultTag)")
    }
}

extension ImageReference {
    /// Whether it is a runtime's name.
    public var isRuntime: Bool { text.hasPrefix("\(Runtime.repository):") }
}
