import Glibc
import Subprocess
import Testing
import TussilagoCore
import TussilagoTestKit

/// Schedules at random, held against systemd's own reading of them.
@Suite(.enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0, "needs systemd-analyze"))
struct ScheduleOracleTests {
    /// What systemd makes of an event; nil of what it refuses.
    private static func normalized(_ events: [String]) async throws -> [String?] {
        let result = try await Subprocess.run(
            .name("systemd-analyze"), arguments: .init(["calendar", "--"] + events),
            output: .string(limit: 1 << 20),
            error: .discarded)
        // Of each there is a block, and none of those that are refused.
        var forms: [String: String] = [:]
        var given: String?
        for line in result.standardOutput.split(separator: "\n") {
            let halves = line.split(separator: ":", maxSplits: 1).map { String($0).trimmed }
            guard halves.count == 2 else { continue }
            if halves[0] == "Original form" { given = halves[1] }
            if halves[0] == "Normalized form" {
                forms[given ?? halves[1]] = halves[1]
                given = nil
            }
        }
        return events.map { forms[$0] }
    }

    @Test("Each schedule that is taken means to systemd what was meant")
    func agrees() async throws {
        var random = SeededRandom(seed: Effort.seed)
        var given: [String] = [], written: [String] = []
        while given.count < 400 {
            let event = Self.event(&random)
            guard let schedule = try? Schedule(event), !given.contains(event) else { continue }
            given.append(event)
            written.append(schedule.text)
        }
        let meant = try await Self.normalized(given), made = try await Self.normalized(written)
        for (number, event) in given.enumerated() {
            #expect(meant[number] != nil && meant[number] == made[number], "\(event): \(written[number])")
        }
    }

    private static func event(_ random: inout SeededRandom) -> String {
        func number(_ most: Int) -> String { "\(Int.random(in: 0...most, using: &random))" }
        func field(_ most: Int) -> String {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: "*"
            case 1: "\(number(most)),\(number(most))"
            case 2: "\(number(most / 2))..\(number(most))"
            case 3: "\(number(most / 3))/\(number(most / 2))"
            default: number(most)
            }
        }
        var parts: [String] = []
        if random.oneIn(2) {
            parts.append(random.pick(["Mon", "Tue,Sat", "Mon..Fri", "sunday", "Wed..Thu,Sun"], otherwise: "Fri"))
        }
        if random.oneIn(2) {
            let day = random.oneIn(3) ? "~\(field(28))" : "-\(field(31))"
            parts.append((random.oneIn(4) ? "20\(number(89) + "9").prefix(4)" : "*") + "-\(field(12))\(day)")
        }
        if random.oneIn(2) || parts.isEmpty {
            parts.append("\(field(23)):\(field(59))" + (random.oneIn(3) ? ":\(number(59))" : ""))
        }
        if random.oneIn(5) { parts.append("UTC") }
        return parts.joined(separator: " ")
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
