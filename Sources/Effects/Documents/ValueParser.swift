internal import TussilagoCore

/// Makes one typed value of a document's value.
struct ValueParser<Value> {
    /// The value, or what is wrong with the text.
    let parse: (DocumentNode) throws(ValueMistake) -> Value
}

/// What is wrong with a value, and what would be right.
struct ValueMistake: Error {
    let message: String
}

extension ValueParser {
    /// A text that `make` understands; `example` shows how one is written.
    static func text(
        _ example: String, _ make: @escaping (String) throws(InvalidValue) -> Value
    ) -> ValueParser {
        ValueParser { node throws(ValueMistake) in
            guard case .string(let text) = node.value else {
                throw ValueMistake(message: "this is \(node.kind); it must be a text in quotes, as in \(example)")
            }
            do {
                return try make(text)
            } catch {
                throw ValueMistake(message: "\(error)")
            }
        }
    }
}

extension ValueParser where Value == String {
    /// Any text.
    static func anyText(_ example: String) -> ValueParser { .text(example) { text in text } }

    /// The path of a Unix socket: absolute, with no `.` or `..` in it, and short enough for `sun_path` (unix(7)).
    static var socketPath: ValueParser {
        .text("\"/run/name.sock\"") { text throws(InvalidValue) in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            let allowed = Set("-._/@+".utf8)
            guard text.hasPrefix("/"), text.utf8.count <= 107, parts.allSatisfy({ !["", ".", ".."].contains($0) }),
                text.utf8.allSatisfy({ $0.isAlphanumeric || allowed.contains($0) })
            else {
                throw InvalidValue(
                    "socket path", given: text,
                    rule: "it begins with /, has at most 107 characters, and only letters, digits and - . _ / @ + in it"
                )
            }
            return text
        }
    }
}

extension ValueParser where Value == Bool {
    /// `true` or `false`.
    static var boolean: ValueParser {
        ValueParser { node throws(ValueMistake) in
            guard case .boolean(let value) = node.value else {
                throw ValueMistake(message: "this is \(node.kind); it must be true or false, without quotes")
            }
            return value
        }
    }
}

extension ValueParser where Value == Int {
    /// A whole number.
    static func integer(_ range: ClosedRange<Int>) -> ValueParser {
        ValueParser { node throws(ValueMistake) in
            let rule = "from \(range.lowerBound) to \(range.upperBound)"
            guard case .integer(let number) = node.value else {
                throw ValueMistake(message: "this is \(node.kind); it must be a whole number \(rule), without quotes")
            }
            guard range.contains(number) else {
                throw ValueMistake(message: "\(number) is out of range; it must be \(rule)")
            }
            return number
        }
    }

    /// A share of processor time, `"50%"`; one processor is 100%.
    static func percent(_ range: ClosedRange<Int>) -> ValueParser {
        let rule = "it is written as \"50%\", from \(range.lowerBound)% to \(range.upperBound)%; one processor is 100%"
        return ValueParser { node throws(ValueMistake) in
            guard case .string(let text) = node.value else {
                throw ValueMistake(message: "this is \(node.kind); \(rule)")
            }
            guard text.last == "%", let percent = Int(digits: text.dropLast()), range.contains(percent) else {
                throw ValueMistake(message: "\(InvalidValue("processor share", given: text, rule: rule))")
            }
            return percent
        }
    }

    /// A time in seconds, `"30s"`, `"2m"` or `"1h"`.
    static func seconds(_ range: ClosedRange<Int>) -> ValueParser {
        .text("\"30s\"") { text throws(InvalidValue) in
            func refuse(_ rule: String) -> InvalidValue { InvalidValue("time", given: text, rule: rule) }
            let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
            guard let unit = text.last.flatMap({ units[$0] }), let number = Int(digits: text.dropLast()) else {
                throw refuse("it is written as 30s, 2m or 1h")
            }
            let (seconds, overflow) = number.multipliedReportingOverflow(by: unit)
            guard !overflow, range.contains(seconds) else {
                throw refuse("it must be from \(range.lowerBound)s to \(range.upperBound)s")
            }
            return seconds
        }
    }
}

extension ValueParser where Value == Bytes {
    /// A size in bytes, `"256M"`.
    static func size(_ range: ClosedRange<Bytes>) -> ValueParser {
        .text("\"\(range.lowerBound)\"") { text throws(InvalidValue) in
            let size = try Bytes(parsing: text)
            guard range.contains(size) else {
                let rule = "it must be from \(range.lowerBound) to \(range.upperBound)"
                throw InvalidValue("size", given: text, rule: rule)
            }
            return size
        }
    }
}

extension UInt8 {
    /// Whether it is an ASCII letter or digit.
    var isAlphanumeric: Bool { isLowercaseLetter || isUppercaseLetter || isDigit }
}

extension Int {
    /// A number of digits alone: `Int(_:)` takes a sign too.
    init?(digits: some StringProtocol) {
        guard digits.utf8.allSatisfy(\.isDigit) else { return nil }
        self.init(digits)
    }
}
