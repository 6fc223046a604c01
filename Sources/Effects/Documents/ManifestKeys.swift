internal import TussilagoCore

/// The keys at the top of a manifest: what whoever completes one needs to know of it.
public enum ManifestKeys {
    /// The keys, and what `app` says; nil where the text is no TOML, which is told when it is read as a manifest.
    public static func read(_ text: String) -> (keys: Set<String>, app: String?)? {
        guard let root = TOMLParser.parse(text, into: MistakeList()), case .table(let members) = root.value else {
            return nil
        }
        let app = members.first { $0.key == "app" }.flatMap { member -> String? in
            if case .string(let text) = member.node.value { text } else { nil }
        }
        return (Set(members.map(\.key)), app)
    }
}
