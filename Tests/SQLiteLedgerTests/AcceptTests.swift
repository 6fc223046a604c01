import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore

@Suite struct AcceptTests {
    let file: LedgerFile
    let ledger: SQLiteLedger

    init() throws {
        file = try LedgerFile()
        ledger = file.open()
    }

    @Test func `an operation is read back as it was written`() async throws {
        let requests: [TussilagoCore.Operation.Request] = [
            .createTenant(acme), .deleteTenant(globex), .createApp(blog), try deployment(), .reconcile, .collect,
            .scale(shop, [web: 3]), .rollback(shop, nil), .rollback(shop, .first),
        ]
        for request in requests {
            let given = operation(request, caller: "al\u{0}ice Ü")
            #expect(try await ledger.accept(given, key: nil, waiting: true) == given)
            #expect(try await ledger.operation(given.id) == given)
        }
        #expect(try await ledger.operation(UUID()) == nil)
    }

    @Test func `what acceptance returns is what is read back whatever the clock says`() async throws {
        let given = Operation(
            id: UUID(), request: .start(shop), caller: "alice", requestID: UUID(),
            acceptedAt: Date(timeIntervalSince1970: 1_750_000_000.123_456_789))
        let accepted = try await ledger.accept(given, key: nil, waiting: false)
        #expect(try await ledger.operation(given.id) == accepted)
        #expect(abs(accepted.acceptedAt.timeIntervalSince(given.acceptedAt)) < 1e-6)
    }

    @Test func `the same key and request give the operation that is there`() async throws {
        let first = try await ledger.accept(operation(try deployment()), key: "k", waiting: false)
        #expect(try await ledger.accept(operation(try deployment()), key: "k", waiting: false) == first)
        try await ledger.bring(first, to: .failed)
        let again = try await ledger.accept(operation(try deployment()), key: "k", waiting: false)
        #expect(again.id == first.id)
        #expect(again.state == .failed)
        #expect(try await ledger.operations(OperationQuery()).items.count == 1)
    }

    @Test func `the same key with another request is a conflict`() async throws {
        _ = try await ledger.accept(operation(try deployment()), key: "k", waiting: false)
        await expect(.conflict, "Idempotency-Key") {
            try await ledger.accept(operation(try deployment(image: "localhost/python:3.14")), key: "k", waiting: false)
        }
        await expect(.conflict, "Idempotency-Key") {
            try await ledger.accept(operation(.start(blog)), key: "k", waiting: false)
        }
        #expect(try await ledger.operations(OperationQuery()).items.count == 1)
    }

    @Test func `another caller may use the same key for another request`() async throws {
        let first = try await ledger.accept(operation(.start(shop), caller: "alice"), key: "k", waiting: false)
        let second = try await ledger.accept(operation(.start(blog), caller: "bob"), key: "k", waiting: false)
        #expect(first.id != second.id)
    }

    @Test func `of many who accept with one key all get one operation`() async throws {
        let request = try deployment()
        let ids = try await withThrowingTaskGroup(of: UUID.self) { group in
            for _ in 0..<64 {
                group.addTask { [ledger] in try await ledger.accept(operation(request), key: "k", waiting: false).id }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ids.count == 64)
        #expect(Set(ids).count == 1)
        #expect(try await ledger.openOperations().map(\.id) == Array(Set(ids)))
    }

    @Test func `of many who accept for one subject one wins and the others learn its id`() async throws {
        let results = await withTaskGroup(of: Result<UUID, PortError>.self) { group in
            for _ in 0..<64 {
                group.addTask { [ledger] in
                    do throws(PortError) {
                        return .success(try await ledger.accept(operation(.restart(shop)), key: nil, waiting: false).id)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: [Result<UUID, PortError>]()) { $0.append($1) }
        }
        let winners = results.compactMap { try? $0.get() }
        let winner = try #require(winners.first)
        #expect(winners.count == 1)
        for case .failure(let error) in results {
            #expect(error.code == .conflict)
            #expect(error.subject == winner.uuidString.lowercased())
        }
    }

    @Test(arguments: [TussilagoCore.Operation.State.succeeded, .failed])
    func `a subject is free when its operation has ended`(_ end: TussilagoCore.Operation.State) async throws {
        let first = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        await expect(.conflict, first.id.uuidString.lowercased()) {
            try await ledger.accept(operation(.stop(shop)), key: nil, waiting: false)
        }
        try await ledger.bring(first, to: .running)
        await expect(.conflict) { try await ledger.accept(operation(.stop(shop)), key: nil, waiting: false) }
        var ended = first
        ended.state = end
        try await ledger.advance(ended, events: [])
        _ = try await ledger.accept(operation(.stop(shop)), key: nil, waiting: false)
    }

    @Test func `two apps do not stand in each other's way but their tenant does`() async throws {
        let first = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        _ = try await ledger.accept(operation(.start(blog)), key: nil, waiting: false)
        let refused = operation(.deleteTenant(acme))
        await expect(.conflict, first.id.lowercased) { try await ledger.accept(refused, key: nil, waiting: false) }
        let deletion = try await ledger.accept(operation(.deleteTenant(acme)), key: nil, waiting: true)
        try await ledger.bring(first, to: .failed)
        let late = operation(.createApp(shop))
        await expect(.conflict, deletion.id.lowercased) { try await ledger.accept(late, key: nil, waiting: false) }
        _ = try await ledger.accept(operation(.reconcile), key: nil, waiting: false)
        #expect(try await ledger.counts().openOperations == 3)
    }

    @Test func `only so many wait behind each other`() async throws {
        for _ in 0..<100 { _ = try await ledger.accept(operation(.start(shop)), key: nil, waiting: true) }
        await expect(.refused) { try await ledger.accept(operation(.start(shop)), key: nil, waiting: true) }
        _ = try await ledger.accept(operation(.start(blog)), key: nil, waiting: true)
    }

    @Test func `a wish to cancel is kept until the operation has ended`() async throws {
        let first = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        #expect(try await ledger.requestCancel(first.id).cancelRequested)
        #expect(try await ledger.operation(first.id)?.cancelRequested == true)
        try await ledger.bring(first, to: .succeeded)
        let second = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        try await ledger.bring(second, to: .succeeded)
        #expect(try await ledger.requestCancel(second.id).cancelRequested == false)
        await expect(.notFound) { try await ledger.requestCancel(UUID()) }
    }

    @Test func `what has ended is forgotten beyond the number that is kept and what is open is not`() async throws {
        let ledger = file.open(keptOperations: 5)
        let open = try await ledger.accept(operation(.start(blog)), key: nil, waiting: false)
        var ended: [UUID] = []
        for number in 0..<12 {
            let one = try await ledger.accept(operation(.start(shop)), key: "k\(number)", waiting: false)
            try await ledger.record([event(1)], of: one.id)
            try await ledger.bring(one, to: .succeeded)
            ended.append(one.id)
        }
        let kept = try await ledger.operations(OperationQuery()).items.map(\.id)
        #expect(kept == ended.suffix(5).reversed() + [open.id])
        #expect(try await ledger.events(of: ended[0], after: 0).isEmpty)
        #expect(try await ledger.events(of: ended[11], after: 0).count == 1)
        #expect(try await ledger.accept(operation(.start(shop)), key: "k0", waiting: false).state == .accepted)
    }
}
