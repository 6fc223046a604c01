internal import TussilagoCore

/// What `nft --json --stateless list table` says of the platform's table (libnftables-json(5)).
struct TableListing: Equatable {
    /// All of it but the elements of the sets that change with the instances, and without counters.
    let rules: [JSONValue]
    /// The elements of those sets, by the sets' names, each written as in a file of nft's.
    let elements: [String: Set<String>]

    /// The sets that change with the instances.
    static let sets: Set = ["instance", "internet", "proxied"]

    init(_ document: JSONValue) {
        var rules: [JSONValue] = []
        var elements: [String: Set<String>] = [:]
        if case .array(let objects)? = document["nftables"] {
            for object in objects where object["metainfo"] == nil {
                guard case .object(var set)? = object["set"], case .string(let name)? = set["name"],
                    Self.sets.contains(name)
                else {
                    rules.append(Self.withoutCounters(object))
                    continue
                }
                if case .array(let values)? = set.removeValue(forKey: "elem") {
                    elements[name] = Set(values.map(Self.text))
                }
                rules.append(["set": .object(set)])
            }
        }
        self.rules = rules
        self.elements = elements
    }

    /// Counters count on, and older versions of nft print them all the same.
    private static func withoutCounters(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                Dictionary(uniqueKeysWithValues: members.map { ($0, $0 == "counter" ? .null : withoutCounters($1)) }))
        case .array(let values): .array(values.map(withoutCounters))
        default: value
        }
    }

    private static func text(_ element: JSONValue) -> String {
        guard case .array(let parts)? = element["concat"] else { return "\(element)" }
        return parts.enumerated().map { index, part in
            switch part {
            case .string(let text): index == 0 ? "\"\(text)\"" : text
            case .integer(let number): "\(number)"
            default: "\(part)"
            }
        }.joined(separator: " . ")
    }
}

/// The elements that `tussilago-instance` wrote for nft, line by line.
struct TableElements: Equatable {
    let sets: [String: Set<String>]

    init(text: String) {
        var sets: [String: Set<String>] = [:]
        for line in text.split(separator: "\n") {
            // add element inet tussilago internet { "tsl-5" . 10.90.0.94 }
            let words = line.split(separator: " ", maxSplits: 5)
            guard words.count == 6, words[0] == "add", words[5].hasPrefix("{ "), words[5].hasSuffix(" }") else {
                continue
            }
            sets[String(words[4]), default: []].insert(String(words[5].dropFirst(2).dropLast(2)))
        }
        self.sets = sets
    }
}
