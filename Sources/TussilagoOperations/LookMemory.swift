import TussilagoCore

/// What one look over the host need not look at again, and what the next one need not.
///
/// A plan follows from an app's files, its rows, its route and the state of its units. Of all these there is a mark that
/// costs little. Where it is what it was when nothing was to be done, nothing is to be done.
final class LookMemory {
    private let outside: Outside
    private let known: [AppReference: Look]
    private var kept: [AppReference: Look] = [:]
    /// The marks of the files, rows and routes of the apps that are being looked at, from before that.
    private var marks: [AppReference: Stamp] = [:]
    /// The images of the current releases of all apps that were looked at, or need not be.
    private(set) var images: [AppReference: ImageIdentity] = [:]
    /// How many things are left as an admin has made them, of the apps that were not looked at.
    private(set) var left = 0

    /// Begins a look.
    /// - Parameter recalls: whether it may leave out what has not changed.
    init(_ outside: Outside, recalls: Bool) async {
        self.outside = outside
        known = recalls ? await outside.looks?.looks() ?? [:] : [:]
    }

    /// Those of these apps that have to be looked at.
    func changed(_ apps: [AppReference], _ table: RouteTable) async throws(PortError) -> [AppReference] {
        guard outside.looks != nil else { return apps }
        let files = try await outside.units.stamps(of: apps)
        let rows = try await outside.ledger.stamps(of: apps)
        let status = try await outside.services.status(of: Array(Set(apps.flatMap { known[$0]?.units ?? [] })))
        return apps.filter { app in
            marks[app] = Self.mark(files[app], rows[app], table[app])
            guard let look = known[app], look.stamp == stamp(app, look.units, status) else { return true }
            keep(look, of: app)
            left += look.left
            return false
        }
    }

    /// Notes how an app was found.
    /// - Parameter agrees: whether the ledger said the same as the files.
    func found(_ part: Survey.Part, agrees: Bool) {
        guard case .app(let app) = part.desired.scope else { return }
        let image = part.desired.app?.current?.artefact.image
        images[app] = image
        let units = part.desired.units(with: part.observed.installed).sorted()
        guard agrees, part.plan.steps.isEmpty, let stamp = stamp(app, units, part.observed.status) else { return }
        keep(Look(stamp: stamp, units: units, left: part.findings.count, image: image), of: app)
    }

    /// Has the next look know what this one does.
    func save() async {
        guard kept != known else { return }
        await outside.looks?.remember(kept)
    }

    private func keep(_ look: Look, of app: AppReference) {
        kept[app] = look
        images[app] = look.image
    }

    private func stamp(_ app: AppReference, _ units: [UnitName], _ status: [UnitName: UnitStatus]) -> Stamp? {
        guard var stamp = marks[app] else { return nil }
        for unit in units {
            guard let status = status[unit] else { return nil }
            for text in [unit.description, status.load, status.active, status.sub] { stamp.add(text) }
        }
        return stamp
    }

    private static func mark(_ files: Stamp?, _ rows: Stamp?, _ route: AppRoute?) -> Stamp? {
        guard let files, let rows else { return nil }
        var mark = Stamp()
        mark.add(files.value)
        mark.add(rows.value)
        for text in route?.hostnames ?? [] { mark.add(text) }
        mark.add("\(route?.copies ?? 0) \(route?.healthPath ?? "")")
        for prefix in route?.staticPrefixes ?? [] { mark.add(prefix) }
        return mark
    }
}
