import Glibc

do {
    try Shim(arguments: Array(CommandLine.arguments.dropFirst())).run()
} catch {
    standardError("tussilago-runsc: \(error)\n")
    exit(1)
}
