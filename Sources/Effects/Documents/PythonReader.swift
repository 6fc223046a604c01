internal import TussilagoCore

/// Reads a manifest's `[python]`: how an app is built from its source.
enum PythonReader {
    /// The build of a table.
    static func build(_ reader: TableReader) -> PythonBuild {
        let version = ValueParser.text("\"3.13\"") { text throws(InvalidValue) in try PythonVersion(text) }
        let file = ValueParser.text("\"requirements.txt\"") { text throws(InvalidValue) in try RequirementsFile(text) }
        let package = ValueParser.text("\"gunicorn\"") { text throws(InvalidValue) in try PackageRequirement(text) }
        return PythonBuild(
            version: reader.read("version", version), requirements: reader.read("requirements", file),
            packages: reader.list("packages", most: PythonBuild.mostPackages, package).map(\.value),
            commands: CommandReader.commands(reader, "build", most: PythonBuild.mostCommands))
    }
}
