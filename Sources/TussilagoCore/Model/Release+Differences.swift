extension Release {
    /// In what the release differs from an earlier one, in words; nothing is said of a first one.
    public func differences(from other: Release?) -> [String] {
        guard let other else { return [] }
        var differences: [String] = []
        if artefact.image.digest != other.artefact.image.digest { differences.append("image") }
        if artefact.tree != other.artefact.tree { differences.append("files") }
        if artefact.built?.packages != other.artefact.built?.packages { differences.append("packages") }
        differences += environment(other)
        differences += secrets(other)
        if manifest.hostnames != other.manifest.hostnames { differences.append("hostnames") }
        if manifest.staticPaths != other.manifest.staticPaths { differences.append("static paths") }
        if manifest.egress != other.manifest.egress { differences.append("egress") }
        if manifest.sandbox != other.manifest.sandbox { differences.append("sandbox") }
        if manifest.drainSeconds != other.manifest.drainSeconds { differences.append("drain") }
        if manifest.python != other.manifest.python { differences.append("python") }
        if manifest.release != other.manifest.release { differences.append("release command") }
        for process in manifest.processes {
            guard let before = other.manifest.processes.first(where: { $0.name == process.name }) else {
                differences.append("\(process.name) is new")
                continue
            }
            differences += Self.parts(process, before).map { "\(process.name) \($0)" }
        }
        let names = Set(manifest.processes.map(\.name))
        differences += other.manifest.processes.filter { !names.contains($0.name) }.map { "\($0.name) is gone" }
        return differences
    }

    /// The names of the variables, never their values.
    private func environment(_ other: Release) -> [String] {
        let old = Set(other.manifest.environment), new = Set(manifest.environment)
        let names = Set(old.symmetricDifference(new).map(\.name)).sorted()
        return names.isEmpty ? [] : ["environment (\(names.joined(separator: ", ")))"]
    }

    /// Which secrets have other values.
    private func secrets(_ other: Release) -> [String] {
        let names = Set(Set(secrets).symmetricDifference(other.secrets).map(\.name)).sorted()
        return names.isEmpty ? [] : ["secrets (\(names.map(\.rawValue).joined(separator: ", ")))"]
    }

    private static func parts(_ process: ProcessSpecification, _ before: ProcessSpecification) -> [String] {
        var parts: [String] = []
        if process.command != before.command { parts.append("command") }
        if process.ingress != before.ingress { parts.append("ingress") }
        if process.health != before.health { parts.append("health") }
        if process.schedule != before.schedule { parts.append("schedule") }
        if process.runSeconds != before.runSeconds { parts.append("timeout") }
        if process.steadySeconds != before.steadySeconds { parts.append("steady") }
        if process.limits != before.limits { parts.append("limits") }
        if process.count != before.count { parts.append("\(before.count)→\(process.count)") }
        return parts
    }
}
