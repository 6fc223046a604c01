import FoundationEssentials
import Testing
import TussilagoCore

@testable import SQLiteLedger

func event(_ sequence: Int, _ text: String = "start web") -> OperationEvent {
    OperationEvent(
        sequence: sequence, at: someTime.addingTimeInterval(Double(sequence)), kind: .stepStarted, step: sequence,
        steps: 9, text: text)
}

@Suite struct OperationTests {
    typealias State = TussilagoCore.Operation.State

    let file: LedgerFile
    let ledger: SQLiteLedger

    init() throws {
        file = try LedgerFile()
        ledger = file.open()
    }

    @Test func `what only tells is on the disk with the next change that is synced`() async throws {
        let one = operation(.createTenant(acme))
        _ = try await ledger.accept(one, key: nil, waiting: false)
        try await ledger.bring(one, to: .running)
        #expect(try await ledger.synchronous() == 2)
        try await ledger.record([event(1)], of: one.id, synced: false)
        #expect(try await ledger.synchronous() == 1)
        try await ledger.record([event(2)], of: one.id, synced: true)
        #expect(try await ledger.synchronous() == 2)
        #expect(try await ledger.events(of: one.id, after: 0).map(\.sequence) == [1, 2])
    }

    @Test func `all that an advance changes is read back`() async throws {
        var one = try await ledger.accept(operation(try deployment()), key: nil, waiting: false)
        one.state = .running
        one.attempt = 2
        try await ledger.advance(one, events: [event(1)])
        #expect(try await ledger.operation(one.id) == one)
        one.state = .failed
        one.endedAt = someTime.addingTimeInterval(60)
        one.release = ReleaseNumber(rawValue: 7)
        one.failure = .init(code: "start-failed", message: "it \"fell\"", remedy: "journalctl", log: ["a\nb", ""])
        try await ledger.advance(one, events: [event(2)])
        #expect(try await ledger.operation(one.id) == one)
        #expect(try await ledger.events(of: one.id, after: 0) == [event(1), event(2)])
    }

    @Test(arguments: State.allCases, State.allCases)
    func `an operation goes along the edges of its states only`(_ from: State, _ to: State) async throws {
        var one = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        try await ledger.bring(one, to: from)
        one.state = to
        let asked = one
        if from.mayBecome(to) {
            try await ledger.advance(asked, events: [event(1)])
            #expect(try await ledger.operation(one.id)?.state == to)
            #expect(try await ledger.events(of: one.id, after: 0).count == 1)
        } else {
            await expect(.refused, one.id.uuidString.lowercased()) {
                try await ledger.advance(asked, events: [event(1)])
            }
            #expect(try await ledger.operation(one.id)?.state == from)
            #expect(try await ledger.events(of: one.id, after: 0).isEmpty)
        }
    }

    @Test func `an advance whose events cannot be written changes no state`() async throws {
        var one = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        try await ledger.record([event(1)], of: one.id)
        one.state = .running
        let asked = one
        await expect(.conflict) { try await ledger.advance(asked, events: [event(2), event(1)]) }
        #expect(try await ledger.operation(one.id)?.state == .accepted)
        #expect(try await ledger.events(of: one.id, after: 0) == [event(1)])
    }

    @Test func `events come in order above a number and at most 1000`() async throws {
        let one = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        let other = try await ledger.accept(operation(.start(blog)), key: nil, waiting: false)
        let events = (1...1100).map { event($0, $0 == 1 ? "" : "step\u{0} \($0)") }
        try await ledger.record(Array(events[500...]), of: one.id)
        try await ledger.record(Array(events[..<500]), of: one.id)
        try await ledger.record([event(1)], of: other.id)
        #expect(try await ledger.events(of: one.id, after: 0) == Array(events[..<1000]))
        #expect(try await ledger.events(of: one.id, after: 1000) == Array(events[1000...]))
        #expect(try await ledger.events(of: one.id, after: 1100).isEmpty)
        #expect(try await ledger.events(of: UUID(), after: 0).isEmpty)
    }

    @Test func `events are only added to an operation that has not ended`() async throws {
        let one = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        try await ledger.bring(one, to: .succeeded)
        await expect(.refused) { try await ledger.record([event(1)], of: one.id) }
        await expect(.notFound) { try await ledger.record([event(1)], of: UUID()) }
        await expect(.notFound) { try await ledger.advance(operation(.start(blog)), events: []) }
    }

    @Test func `open operations are told oldest first and by the next program too`() async throws {
        let first = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        let second = try await ledger.accept(operation(.start(blog)), key: nil, waiting: false)
        let third = try await ledger.accept(operation(.createTenant(globex)), key: nil, waiting: false)
        try await ledger.bring(first, to: .running)
        try await ledger.bring(second, to: .failed)
        await ledger.close()
        let open = try await file.open().openOperations()
        #expect(open.map(\.id) == [first.id, third.id])
        #expect(open.map(\.state) == [.running, .accepted])
    }

    @Test func `pages of 250 operations lose and repeat nothing while new ones come`() async throws {
        var ids: [UUID] = []
        for number in 0..<250 {
            let app = AppReference(tenant: acme, app: AppName(unchecked: "app-\(number)"))
            ids.append(try await ledger.accept(operation(.start(app)), key: nil, waiting: false).id)
        }
        var late = 0
        let (items, sizes) = try await everything(limit: 100) { [ledger] page in
            late += 1
            let app = AppReference(tenant: globex, app: AppName(unchecked: "late-\(late)"))
            if page.cursor != nil { _ = try await ledger.accept(operation(.start(app)), key: nil, waiting: false) }
            return try await ledger.operations(OperationQuery(page: page))
        }
        #expect(sizes == [100, 100, 50])
        #expect(items.map(\.id) == ids.reversed())
    }

    @Test func `a page that ends with the list has no next one`() async throws {
        for app in [shop, blog] { _ = try await ledger.accept(operation(.start(app)), key: nil, waiting: false) }
        #expect(try await ledger.operations(OperationQuery(page: PageQuery(limit: 2))).next == nil)
        #expect(try await ledger.operations(OperationQuery(page: PageQuery(limit: 1))).next != nil)
    }

    @Test func `operations are filtered by tenant app and state`() async throws {
        let started = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        let other = try await ledger.accept(operation(.start(blog)), key: nil, waiting: false)
        let tenant = try await ledger.accept(operation(.deleteTenant(acme)), key: nil, waiting: true)
        let foreign = try await ledger.accept(
            operation(.start(AppReference(tenant: globex, app: shop.app))), key: nil, waiting: false)
        try await ledger.bring(other, to: .failed)
        func ids(_ query: OperationQuery) async throws -> [UUID] { try await ledger.operations(query).items.map(\.id) }
        #expect(try await ids(OperationQuery(tenant: acme)) == [tenant.id, other.id, started.id])
        #expect(try await ids(OperationQuery(tenant: acme, app: shop.app)) == [started.id])
        #expect(try await ids(OperationQuery(state: .accepted)) == [foreign.id, tenant.id, started.id])
        #expect(try await ids(OperationQuery(tenant: acme, state: .failed)) == [other.id])
        #expect(try await ids(OperationQuery(tenant: TenantName(unchecked: "nobody"))).isEmpty)
    }

    @Test(arguments: ["", "7", "' OR 1", "00000000-0000-0000-0000-000000000000"])
    func `a cursor that no list gave out is refused`(_ cursor: String) async throws {
        let page = PageQuery(cursor: cursor)
        await expect(.refused, "cursor") { try await ledger.operations(OperationQuery(page: page)) }
        await expect(.refused, "cursor") { try await ledger.tenants(page) }
        await expect(.refused, "cursor") { try await ledger.apps(of: acme, page) }
        if Int(cursor) == nil { await expect(.refused, "cursor") { try await ledger.releases(of: shop, page) } }
    }
}

extension SQLiteLedger {
    /// How the last transaction was synced: 2 is FULL, 1 is NORMAL (sqlite.org/pragma.html).
    fileprivate func synchronous() throws(PortError) -> Int? {
        try open().row("PRAGMA synchronous") { (row) throws(PortError) in try row.integer(0) }
    }
}
