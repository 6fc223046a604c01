import Glibc

do {
    try Command(Array(CommandLine.arguments.dropFirst())).run()
} catch {
    standardError("tussilago-instance: \(error)\n")
    exit(1)
}
