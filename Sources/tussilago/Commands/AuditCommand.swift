import ArgumentParser
import Crypto
import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Shows what was asked for by whom, and whether that is as it was written.",
        discussion: """
            Each record has the hash of the one before it: one that is changed or taken out later is found. Records stay when \
            what they are about is deleted.
            """,
        subcommands: [Export.self, Verify.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints all records, a line of JSON each, the oldest first.")
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            var cursor: String?
            repeat {
                var query = [("limit", "\(PageQuery.maximumLimit)")]
                if let cursor { query.append(("cursor", cursor)) }
                let page: PageResource<AuditResource> = try await options.client.get(Paths.audit, query: query)
                for record in page.items {
                    options.output.line(String(decoding: try APICoding.encode(record), as: UTF8.self))
                }
                cursor = page.next
            } while cursor != nil
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says whether all records are as they were written; fails when one is not.",
            discussion: """
                Without a file the agent looks through its ledger. With one, what export has written is looked through here, \
                with no agent.
                """)
        @OptionGroup var options: GlobalOptions
        @Argument(help: "A file that export has written.") var file: String?

        func run() async throws {
            guard let file else { return try await verifyLedger() }
            let text: String
            do { text = try String(contentsOfFile: file, encoding: .utf8) } catch {
                throw CommandFailure(
                    Problem(.invalidRequest, "\(file) cannot be read", field: "file"), json: options.json)
            }
            try verify(text)
        }

        private func verifyLedger() async throws {
            let report: AuditReportResource = try await options.client.get(Paths.auditReport)
            try options.output.show(report) { report in
                report.chains.map { chain in
                    let dropped = chain.dropped > 0 ? "; the oldest \(chain.dropped) were dropped" : ""
                    let fault = chain.what.map { "\n  record \(chain.brokenRecord ?? 0): \($0)" } ?? ""
                    return """
                        chain \(chain.id.lowercased), since \(chain.begunAt.readable): \(chain.reason)
                          \(chain.records) records\(dropped); the last one's hash is \(chain.head)\(fault)
                        """
                }.joined(separator: "\n")
            }
            for chain in report.chains {
                if let what = chain.what { throw broken(chain.id, chain.brokenRecord ?? 0, what) }
            }
        }

        /// Follows each chain in a file. The first record's predecessor may not be in it.
        private func verify(_ text: String) throws {
            var checks: [UUID: AuditCheck] = [:], count = 0
            for (index, line) in text.split(separator: "\n").enumerated() {
                guard let resource = try? APICoding.decode(AuditResource.self, from: Data(line.utf8)) else {
                    throw CommandFailure(
                        Problem(.invalidRequest, "line \(index + 1) is no record", field: "file"), json: options.json)
                }
                let record = resource.record
                var check =
                    checks[record.chain]
                    ?? AuditCheck(after: record.sequence - 1, head: record.previous, hash: Self.hash)
                if let fault = check.take(record) { throw broken(record.chain, fault.record, fault.what) }
                checks[record.chain] = check
                count += 1
            }
            let heads = checks.sorted { $0.key.lowercased < $1.key.lowercased }.map { chain, check in
                "chain \(chain.lowercased): through record \(check.last), whose hash is \(check.head)"
            }
            try options.output.show(VerifiedFile(records: count, heads: heads)) {
                (["\($0.records) records are as they were written"] + $0.heads).joined(separator: "\n")
            }
        }

        private func broken(_ chain: UUID, _ record: Int, _ what: String) -> CommandFailure {
            CommandFailure(
                Problem(
                    .conflict, "record \(record) of chain \(chain.lowercased): \(what)",
                    remedy: "journalctl TUSSILAGO_RECORD=\(record)"), json: options.json)
        }

        private static func hash(_ text: String) -> String {
            SHA256.hash(data: Data(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}

/// What `audit verify FILE --json` prints.
private struct VerifiedFile: Encodable {
    let records: Int
    let heads: [String]
}
