import Testing
import TussilagoCore
import TussilagoTestKit

@Suite struct ScheduleTests {
    @Test(
        "A calendar event is written as systemd normalizes it",
        arguments: [
            ("daily", "*-*-* 00:00:00"), ("MINUTELY", "*-*-* *:*:00"),
            ("hourly Europe/Berlin", "*-*-* *:00:00 Europe/Berlin"),
            ("weekly", "Mon *-*-* 00:00:00"), ("quarterly", "*-01,04,07,10-01 00:00:00"),
            ("Mon..Fri 8:00", "Mon..Fri *-*-* 08:00:00"), ("monday,WED 12:30:05", "Mon,Wed *-*-* 12:30:05"),
            ("Mon..Mon", "Mon *-*-* 00:00:00"), ("Sat *-*-1..7 18:00", "Sat *-*-01..07 18:00:00"),
            ("*-*~1 3:00", "*-*~01 03:00:00"), ("Mon *-05~07/1", "Mon *-05~07/1 00:00:00"),
            ("*:0/15", "*-*-* *:00/15:00"), ("0/2:00", "*-*-* 00/2:00:00"),
            ("08..18/2:00,30", "*-*-* 08..18/2:00,30:00"),
            ("03-05", "*-03-05 00:00:00"), ("2026..2028-1-1 00:00 utc", "2026..2028-01-01 00:00:00 UTC"),
            ("*-*-* 00:00 America/Argentina/Buenos_Aires", "*-*-* 00:00:00 America/Argentina/Buenos_Aires"),
        ])
    func reads(given: String, text: String) throws {
        let schedule = try Schedule(given)
        #expect(schedule.text == text)
        #expect(try Schedule(schedule.text) == schedule, "read again it is the same")
    }

    @Test(
        "What is none, or would run more than once a minute, is refused",
        arguments: [
            "", " ", " daily", "daily ", "often", "Mon,", ",", "Fri..Mon", "Mon..", "24:00", "8:60", "8", "8:00,",
            "8:00:60",
            "8:00:*", "8:00:0/30", "8:00:1,2", "8:00:00.5", "*/15:00", "*:*/15", "0/0:00", "0/24:00", "20/5:00",
            "8..10/5:00",
            "10..8:00", "-1:00", "+1:00", "*-13-01", "*-0-1", "*-*-32", "*-*~29", "*-*~3/3", "*-*~1,3", "26-01-01",
            "1969-01-01",
            "2200-01-01", "*-*-*-*", "~01", "*-*-31/2", "08:00 Mon", "08:00 *-*-01", "Mon Fri", "daily mon",
            "daily UTC UTC",
            "daily ../../etc/passwd", "daily Europe/", "daily /UTC", "daily a/b/c/d", "@0", "daily\nOnCalendar=hourly",
            "daily\u{7F}", "daily;", "daily%n", "daily\\", "٣:00", "8:0０", "daily Europe/Berlin\u{301}",
        ])
    func refuses(text: String) { #expect(throws: InvalidValue.self) { try Schedule(text) } }

    @Test("Whatever is taken is written with the characters of a calendar event alone, and is bounded")
    func isSafe() {
        var random = SeededRandom(seed: 11), taken = 0
        let pieces = [
            "Mon", "..", ",", "Fri", " ", " ", "*", "-", "*-*-*", "~", "08", ":", "00", "0/15", "/", "daily", "UTC",
            "Europe/Berlin",
            "1", "31", "\n", "%", "\\", "OnCalendar=", "[Unit]", "9999999999999999999999", "\u{301}", "$", ";", "#",
        ]
        let allowed = Set("-.,/*~:+_ ".utf8)
        for _ in 0..<50_000 {
            let text = (0..<Int.random(in: 1...9, using: &random)).map { _ in random.pick(pieces, otherwise: "") }
                .joined()
            guard let schedule = try? Schedule(text) else { continue }
            taken += 1
            let isSafe = schedule.text.utf8.allSatisfy { byte in
                allowed.contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
            #expect(isSafe && schedule.text.utf8.count < 400, "\(text.debugDescription)")
        }
        #expect(taken > 100, "too few are taken to show anything: \(taken)")
    }
}
