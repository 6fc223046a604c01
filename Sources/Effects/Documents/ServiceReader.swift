internal import TussilagoCore

/// Reads a manifest's `[services.NAME]`: what an app has beside itself.
enum ServiceReader {
    /// More than there are kinds.
    private static let most = 8

    /// The services, each with a name and a kind of its own.
    static func services(_ reader: TableReader) -> [ServiceSpecification] {
        guard reader.member("services") != nil else { return [] }
        var services: [ServiceSpecification] = []
        reader.table("services") { table in
            table.knowAllKeys()
            if table.members.count > most {
                table.report(
                    table.members[most].position, nil, "there may be at most \(most) services; this is one too many")
            }
            for member in table.members.prefix(most) {
                let name: ServiceName
                do throws(InvalidValue) { name = try ServiceName(member.key) } catch {
                    table.report(member.position, member.key, "\(error)")
                    continue
                }
                table.table(member.key) { service in
                    guard let specification = specification(name, service) else { return }
                    if let first = services.first(where: { $0.type == specification.type }) {
                        service.report(
                            service.member("type")?.node.position ?? service.position, "type",
                            "an app has one service of a type, and \(first.name) is \(first.type.rawValue) already")
                    }
                    services.append(specification)
                }
            }
        }
        return services
    }

    private static func specification(_ name: ServiceName, _ reader: TableReader) -> ServiceSpecification? {
        reader.require("type", "it has no type; add type = \"postgres\"")
        let type = reader.read(
            "type",
            .text("\"postgres\"") { text throws(InvalidValue) in
                guard let type = ServiceType(rawValue: text) else {
                    let known = ServiceType.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
                    throw InvalidValue("type of service", given: text, rule: "it is \(known)")
                }
                return type
            })
        let tier = reader.read(
            "tier",
            .text("\"shared\"") { text throws(InvalidValue) in
                if let tier = ServiceTier(rawValue: text) { return tier }
                let rule =
                    text == "dedicated"
                    ? "a server of the app's own is not offered yet; leave tier out" : "it is \"shared\""
                throw InvalidValue("tier", given: text, rule: rule)
            })
        let known = DatabaseExtension.allCases.map(\.rawValue).joined(separator: ", ")
        let extensions = reader.list(
            "extensions", most: DatabaseExtension.allCases.count,
            .text("\"pg_trgm\"") { text throws(InvalidValue) in
                guard let known = DatabaseExtension(rawValue: text) else {
                    throw InvalidValue("extension", given: text, rule: "there are: \(known)")
                }
                return known
            })
        return type.map {
            ServiceSpecification(name: name, type: $0, tier: tier ?? .shared, extensions: extensions.map(\.value))
        }
    }
}
