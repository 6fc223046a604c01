import Testing
import TussilagoCore

@testable import TussilagoServer

@Suite("Reading JSON")
struct JSONReaderTests {
    private func read(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8)) }

    @Test("Values are read as RFC 8259 writes them")
    func values() throws {
        #expect(
            try read(" [ true, false, null, -0, 12, 1.5e1, \"\" , {} , [] ]\r\n\t") == [
                .bool(true), .bool(false), .null, .integer(0), .integer(12), .number(15), "", .object([:]), .array([]),
            ])
        #expect(try read(#"{"a":{"b":[1]}}"#) == ["a": ["b": [1]]])
        #expect(try read(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#) == "\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{1F600}é😀")
    }

    @Test(
        "What is no JSON is refused",
        arguments: [
            "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "1 2",
            "01", "-", "1.",
            ".5", "+1", "1e", "1e400", "NaN", "tru", "truefalse", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
            "\"\n\"",
            "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\n\"", "// a\n1", "\u{FEFF}1",
        ])
    func refused(_ text: String) {
        #expect(throws: JSONReader.Failure.self) { try read(text) }
    }

    @Test("Bytes that are no UTF-8 are refused")
    func encoding() {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read([0x22, 0xFF, 0x22]) }
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read([0x22, 0xC0, 0xAF, 0x22]) }
    }

    @Test("32 levels are read, and the 33rd is refused where it begins")
    func depth() throws {
        _ = try read(String(repeating: "[", count: 32) + String(repeating: "]", count: 32))
        #expect(throws: JSONReader.Failure(message: "it is nested more than 32 deep", offset: 32)) {
            try read(String(repeating: "[", count: 1_000_000))
        }
    }

    @Test("Ten thousand values are read, and no more: in memory they are larger than their text")
    func valueCount() throws {
        _ = try read("[" + String(repeating: "0,", count: 9_998) + "0]")
        #expect(throws: JSONReader.Failure(message: "it has more than 10000 values", offset: 19_999)) {
            try read("[" + String(repeating: "0,", count: 500_000) + "0]")
        }
    }

    @Test("A name may stand once in an object, however it is written")
    func names() throws {
        #expect(throws: JSONReader.Failure.self) { try read(#"{"a":1,"\u0061":2}"#) }
        _ = try read(#"{"a":{"a":1}}"#)
    }
}
