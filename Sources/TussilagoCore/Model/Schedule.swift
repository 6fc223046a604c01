/// When a process runs by itself: a calendar event of systemd.time(7), read part by part.
///
/// What reaches a unit is ``text``, which is written anew from the numbers and names that were read. It takes what systemd
/// takes but for three things: seconds are one number, so that nothing starts a sandbox more often than once a minute; a
/// year has four digits; and no list has an empty element.
public struct Schedule: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The whole of it, as systemd normalizes it: `Mon..Fri *-*-* 08:00:00`.
    public let text: String
    /// The time zone; nil for the host's own.
    public let zone: String?

    /// The longest text that is read.
    private static let longest = 200

    /// Reads a calendar event, or one of systemd's words for one: `hourly`, `daily`, `weekly` …
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        func refuse(_ rule: String) -> InvalidValue { InvalidValue("schedule", given: text, rule: rule) }
        guard text.utf8.count <= Self.longest else { throw refuse("it has more than \(Self.longest) characters") }
        guard text.utf8.allSatisfy({ (0x20...0x7e).contains($0) }), text.first != " ", text.last != " " else {
            throw refuse("it is written as in \"daily\", \"Mon..Fri 08:00\" or \"*-*-01 03:30\"")
        }
        var parts = Substring(text).split(separator: " ")[...]
        do throws(Mistake) {
            var event = try Self.event(&parts)
            zone = try parts.popFirst().map { part throws(Mistake) in try Self.zone(part) }
            if let zone { event += " \(zone)" }
            if let part = parts.first {
                throw Mistake("\(part) stands where nothing may: the order is weekdays, date, time, time zone")
            }
            self.text = event
        } catch { throw refuse(error.rule) }
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }

    /// What is wrong with a part.
    private struct Mistake: Error {
        let rule: String
        init(_ rule: String) { self.rule = rule }
    }

    private static let words = [
        "minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00",
        "weekly": "Mon *-*-* 00:00:00", "monthly": "*-*-01 00:00:00", "quarterly": "*-01,04,07,10-01 00:00:00",
        "semiannually": "*-01,07-01 00:00:00", "yearly": "*-01-01 00:00:00", "annually": "*-01-01 00:00:00",
    ]

    /// Takes the parts of an event off the front: one word, or weekdays, date and time, each of which may be missing.
    private static func event(_ parts: inout ArraySlice<Substring>) throws(Mistake) -> String {
        guard let first = parts.first else { throw Mistake("it is empty") }
        if let event = words[first.lowercased()] {
            parts.removeFirst()
            return event
        }
        var days: String?, date: String?, time: String?
        if let part = parts.first, part.first?.isLetter == true { days = try weekdays(part) }
        if days != nil { parts.removeFirst() }
        if let part = parts.first, isNumeric(part), part.contains("-") || part.contains("~") {
            date = try self.date(part)
        }
        if date != nil { parts.removeFirst() }
        if let part = parts.first, isNumeric(part), part.contains(":") { time = try self.time(part) }
        if time != nil { parts.removeFirst() }
        guard days != nil || date != nil || time != nil else {
            throw Mistake("\(first) is neither weekdays (Mon..Fri), nor a date (*-*-01), nor a time (08:30)")
        }
        return (days.map { "\($0) " } ?? "") + (date ?? "*-*-*") + " " + (time ?? "00:00:00")
    }

    private static func isNumeric(_ part: Substring) -> Bool { part.first.map { $0.isNumber || $0 == "*" } ?? false }

    // MARK: Weekdays

    private static let weekdayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longNames = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    private static func weekdays(_ part: Substring) throws(Mistake) -> String {
        var ranges: [String] = []
        for element in part.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = halves(element, at: "..")
            let first = try weekday(ends.0), last = try ends.1.map { end throws(Mistake) in try weekday(end) }
            guard let last, last != first else {
                ranges.append(weekdayNames[first])
                continue
            }
            guard first < last else { throw Mistake("\(element) is empty: a week goes from Mon to Sun") }
            ranges.append("\(weekdayNames[first])..\(weekdayNames[last])")
        }
        return ranges.joined(separator: ",")
    }

    private static func weekday(_ text: Substring) throws(Mistake) -> Int {
        let name = text.lowercased()
        let number = longNames.firstIndex(of: name) ?? weekdayNames.firstIndex { $0.lowercased() == name }
        guard let number else {
            throw Mistake("\"\(text)\" is no weekday, and no word such as daily; weekdays are Mon to Sun")
        }
        return number
    }

    // MARK: Date and time

    private static func date(_ part: Substring) throws(Mistake) -> String {
        var fields = part.split(separator: "-", omittingEmptySubsequences: false)
        var day: Substring?
        if let last = fields.last, last.contains("~") {
            let (month, counted) = halves(last, at: "~")
            fields[fields.count - 1] = month
            day = counted
        }
        let isFromEnd = day != nil
        let counted = fields.count + (isFromEnd ? 1 : 0)
        guard (2...3).contains(counted), let last = day ?? fields.last else {
            throw Mistake("a date is written *-*-01, 2027-03-01, 03-01 or, from the end of a month, *-*~01")
        }
        let month = fields[counted - 2]
        let year = counted == 3 ? try field(fields[0], "year", 1970...2199, digits: 4) : "*"
        return "\(year)-\(try field(month, "month", 1...12))\(isFromEnd ? "~" : "-")"
            // Every month has so many days.
            + (try field(last, "day", isFromEnd ? 1...28 : 1...31, isFromEnd: isFromEnd))
    }

    private static func time(_ part: Substring) throws(Mistake) -> String {
        let fields = part.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count) else { throw Mistake("a time is written 08:30, *:00/15 or 08:30:15") }
        let seconds = fields.count == 3 ? fields[2] : "00"
        guard (1...2).contains(seconds.utf8.count), seconds.utf8.allSatisfy(\.isDigit), let second = Int(seconds),
            second < 60
        else { throw Mistake("seconds are one number from 0 to 59: it runs once a minute at most") }
        return "\(try field(fields[0], "hour", 0...23)):\(try field(fields[1], "minute", 0...59)):\(padded(second, 2))"
    }

    /// One field of a date or time: `*`, or a list of numbers and ranges with steps (`calendarspec.c`, `chain_valid()`).
    private static func field(
        _ text: Substring, _ name: String, _ range: ClosedRange<Int>, digits: Int = 2, isFromEnd: Bool = false
    ) throws(Mistake) -> String {
        if text == "*" { return "*" }
        func number(_ text: Substring, in range: ClosedRange<Int>) throws(Mistake) -> Int {
            let isWhole = !text.isEmpty && text.utf8.count <= digits && text.utf8.allSatisfy(\.isDigit)
            guard isWhole, digits == 2 || text.utf8.count == digits, let number = Int(text), range.contains(number)
            else {
                let mend = text.hasPrefix("*") ? "; * stands alone, and steps begin at a number, as in 0/15" : ""
                throw Mistake("\"\(text)\" is no \(name) from \(range.lowerBound) to \(range.upperBound)\(mend)")
            }
            return number
        }
        // systemd refuses most lists of such days, depending on their order.
        guard !isFromEnd || !text.contains(",") else {
            throw Mistake("from the end of a month there is one day, or one range")
        }
        var elements: [String] = []
        for element in text.split(separator: ",", omittingEmptySubsequences: false) {
            let (values, step) = halves(element, at: "/")
            let (first, last) = halves(values, at: "..")
            let start = try number(first, in: range)
            let stop = try last.map { last throws(Mistake) in try number(last, in: range) }
            var written = padded(start, digits)
            if let stop {
                guard start <= stop else { throw Mistake("\(element) is empty: a range goes up") }
                written += "..\(padded(stop, digits))"
            }
            if let step {
                // From the end of a month, steps lead to its end.
                let room = stop.map { $0 - start } ?? (isFromEnd ? start - range.lowerBound : range.upperBound - start)
                guard (1...4).contains(step.utf8.count), step.utf8.allSatisfy(\.isDigit), let step = Int(step),
                    (1...max(1, room)).contains(step), step <= room
                else { throw Mistake("the steps of \(element) lead out of the \(name)s at once") }
                written += "/\(step)"
            }
            elements.append(written)
        }
        return elements.joined(separator: ",")
    }

    private static func halves(_ text: Substring, at separator: String) -> (Substring, Substring?) {
        guard let range = text.firstRange(of: separator) else { return (text, nil) }
        return (text[..<range.lowerBound], text[range.upperBound...])
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    // MARK: Time zone

    /// `UTC`, or a name of the time zone database, as far as it can be told by its characters.
    private static func zone(_ part: Substring) throws(Mistake) -> String {
        if part.lowercased() == "utc" { return "UTC" }
        let areas = part.split(separator: "/", omittingEmptySubsequences: false)
        guard part.first?.isLetter == true, areas.count <= 3,
            areas.allSatisfy({ area in
                area.first?.isLetter == true
                    && area.utf8.allSatisfy { $0.isLetterOrDigit || "_+-".utf8.contains($0) }
            }), (try? weekday(part)) == nil
        else { throw Mistake("\"\(part)\" is no time zone, as UTC or Europe/Berlin is") }
        return String(part)
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool { isLowercaseLetter || isUppercaseLetter || isDigit }
}
