internal import TussilagoCore

extension PageQuery {
    /// One row more than the page has: whether it comes tells whether there is a next page.
    var rows: Value { .number(limit + 1) }

    /// Makes the page of the rows that came; the cursor is the key of its last item.
    func page<Item>(_ rows: [Item], cursor: (Item) -> String) -> Page<Item> {
        let items = Array(rows.prefix(limit))
        return Page(items: items, next: rows.count > limit ? items.last.map(cursor) : nil)
    }

    /// Reads the cursor back; nil for the first page.
    func position<Key>(_ parse: (String) -> Key?) throws(PortError) -> Key? {
        guard let cursor else { return nil }
        guard let key = parse(cursor) else { throw Self.unknownCursor }
        return key
    }

    static let unknownCursor = PortError(.refused, "cursor", cause: "it is not one that this list gave out")
}
