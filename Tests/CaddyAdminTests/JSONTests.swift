import FoundationEssentials
import Testing
import TussilagoCore

@testable import CaddyAdmin

@Suite("JSON")
struct JSONTests {
    @Test(
        "The reader takes what JSONDecoder takes, and finds the same",
        arguments: [
            "null", " true\n", "false", "0", "-1", "1.5", "-2.5e-3", "9223372036854775807", "1e400", "\"\"",
            "\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\"", "\"\\u00e9\\u0041\\ud83d\\ude00\"", "\"\\u003c\"", "\"ü😀\"", "[]",
            "[ ]",
            "[1, [2], {\"a\": [3, null]}]", "{}", "{ }", "{\"a\":1,\"b\":{\"c\":\"d\"}}", "",
            "nul", "tru", "+1", ".5", "--1", "1x", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"\\ude00\"",
            "\"\\u+123\"", "\"\n\"", "[", "[1", "[,]", "[1 2]", "{", "{\"a\"}", "{\"a\":}", "{a:1}",
            "{1:2}", "1 2", "[]]", "NaN", "Infinity",
        ])
    func reader(text: String) {
        let expected = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        let found = try? JSONReader.read(Array(text.utf8))
        #expect(found == expected)
    }

    @Test("A trailing comma, which JSONDecoder takes, is no JSON", arguments: ["[1,]", "{\"a\":1,}"])
    func trailingComma(text: String) {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test("Bytes that are not UTF-8 are no JSON")
    func invalidUTF8() {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read([0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test("Nesting without end is an error, not a crash")
    func nesting() {
        let text = Array(repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(text) }
    }

    @Test("No prefix of a document crashes the reader or is taken for the whole")
    func prefixes() throws {
        let document = CaddyConfiguration().document(routes(["shop.example.org": "acme/shop"]))
        let text = JSONWriter.write(document)
        for length in 0..<(text.count - 1) {
            #expect(throws: JSONReader.Failure.self) { try JSONReader.read(Array(text.prefix(length))) }
        }
    }

    @Test("What is written is read back the same, here and by JSONDecoder")
    func roundTrip() throws {
        let text = (0...0x2FF).compactMap(Unicode.Scalar.init).map(String.init).joined() + "😀\u{2028}"
        let value: JSONValue = ["a": [1, -2, true, .null, .number(0.25), .string(text)], "": [:], "b\"": []]
        let bytes = JSONWriter.write(value)
        #expect(try JSONReader.read(bytes) == value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) == value)
    }

    @Test("A table is read back from the document that it was rendered to")
    func routeTable() {
        for count in [0, 1, 2, 50] {
            let apps = (0..<count).map { ("host\($0).example.org", "tenant\($0 % 7)/app\($0 % 20)") }
            let table = routes(Dictionary(uniqueKeysWithValues: apps))
            #expect(table.apps.count == count)
            #expect(RouteTable(caddyDocument: CaddyConfiguration().document(table)) == table)
        }
    }
}
