internal import TussilagoCore

/// Values that stand without quotes: booleans, numbers, dates and times.
extension SourceCursor {
    /// Steps over such a value.
    mutating func plainValue() throws(SyntaxMistake) -> DocumentNode.Value {
        let start = position
        var text = take { !" \t,]}#\r\n".unicodeScalars.contains($0) }
        // A date may be followed by its time with a space between (RFC 3339, section 5.6).
        let date = self
        if Self.isDate(text), take(" ") {
            let time = take { !" \t,]}#\r\n".unicodeScalars.contains($0) }
            if time.isEmpty { self = date } else { text += "T\(time)" }
        }
        func refuse(_ message: String) -> SyntaxMistake { SyntaxMistake(position: start, message: message) }
        switch text {
        case "": throw refuse("the value is missing")
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        if Self.isDecimal(text.dropSign()) { return try integer(text, radix: 10, start) }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where text.hasPrefix(prefix) {
            return try integer(String(text.dropFirst(2)), radix: radix, start)
        }
        if Self.isFloat(text.dropSign()) { return .other("a number with a fraction") }
        if Self.isDate(text) || Self.isTime(text) { return .other("a date or time") }
        let digits = text.dropSign()
        if digits.count > 1, digits.allSatisfy({ $0.isASCII && $0.isNumber }) {
            throw refuse("a number does not begin with 0; a text stands in quotes")
        }
        throw refuse("this is not a value; a text stands in quotes")
    }

    private func integer(_ text: String, radix: Int, _ start: SourcePosition) throws(SyntaxMistake)
        -> DocumentNode.Value
    {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        let isSpaced = parts.allSatisfy { part in
            !part.isEmpty && part.unicodeScalars.allSatisfy { $0.isASCII }
        }
        let digits = parts.joined()
        let isNumber = isSpaced && digits.dropSign().allSatisfy { $0.hexDigitValue.map { $0 < radix } ?? false }
        guard isNumber, radix == 10 || digits.dropSign() == digits[...] else {
            throw SyntaxMistake(position: start, message: "this is not a value; a text stands in quotes")
        }
        guard let number = Int(digits, radix: radix) else {
            throw SyntaxMistake(position: start, message: "the number is too large")
        }
        return .integer(number)
    }

    /// Digits with a `_` here and there between them, and no 0 in front.
    private static func isDecimal(_ text: Substring) -> Bool {
        (text == "0" || text.utf8.first != UInt8(ascii: "0")) && areDigits(text)
    }

    private static func areDigits(_ text: Substring) -> Bool {
        text.split(separator: "_", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy(\.isDigit)
        }
    }

    private static func isFloat(_ text: Substring) -> Bool {
        if text == "inf" || text == "nan" { return true }
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        let number = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count + number.count > 2, isDecimal(number[0]) else { return false }
        return number.dropFirst().allSatisfy(areDigits) && parts.dropFirst().allSatisfy { areDigits($0.dropSign()) }
    }

    /// Whether a text begins as a date does, `1979-`.
    private static func isDate(_ text: String) -> Bool { begins(text, digits: 4, then: "-") }

    /// Whether a text begins as a time does, `07:`.
    private static func isTime(_ text: String) -> Bool { begins(text, digits: 2, then: ":") }

    private static func begins(_ text: String, digits: Int, then separator: Unicode.Scalar) -> Bool {
        let scalars = text.unicodeScalars
        return scalars.prefix(digits).allSatisfy { ("0"..."9").contains($0) }
            && scalars.dropFirst(digits).first == separator
    }
}

extension StringProtocol {
    fileprivate func dropSign() -> SubSequence { first == "+" || first == "-" ? dropFirst() : self[...] }
}
