internal import TussilagoCore

/// The links of the instances that may run: `live/7` and, for second copies, `live/7.2` lead to `releases/7`.
///
/// A link is one per *name*, and a name is shared by the processes of a release: `7` lets `web@7` run as well as
/// `worker@7`. So which instances may run follows from the links and the release's own record together: those instances
/// of the record whose name has a link.
/// - To admit an instance admits all of the same release and name.
/// - To retire instances removes a link when the record has no other instance of its name; otherwise the link stays and
///   they still may run. A planner that admits and retires whole releases never meets the difference.
/// - A link with no readable record stands for no instance. If its release is gone altogether it lets nothing run
///   (`ConditionPathExists=` follows it), and it is removed with the next change.
struct LiveLinks {
    let root: HostRoot

    /// Makes the links of instances.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when the release is not staged,
    ///   ``PortError/Code-swift.enum/refused`` when it has no such instance.
    func admit(_ instances: [Instance]) throws(PortError) {
        for (app, instances) in byApp(instances) {
            for (number, instances) in Dictionary(grouping: instances, by: \.release) {
                let subject = "release \(number)"
                guard let release = try store.release(app, number) else {
                    throw PortError(.notFound, subject, cause: "it is not staged")
                }
                for instance in instances where !release.instances.contains(instance) {
                    throw PortError(.refused, instance.description, cause: "\(subject) has no such instance")
                }
            }
            let live = try root.makeDirectory(.state, HostPaths.live(app))
            for instance in instances { try live.link(instance.instanceName, to: Self.target(instance.release)) }
            try live.sync(as: "live")
        }
    }

    /// Takes the links of instances away.
    ///
    /// Those that have none are no error.
    func retire(_ instances: [Instance]) throws(PortError) {
        for (app, retired) in byApp(instances) {
            guard let live = try root.directory(.state, HostPaths.live(app)) else { continue }
            for instance in retired where try !remains(instance.instanceName, of: instance, without: retired) {
                try live.remove(instance.instanceName)
            }
            try live.sync(as: "live")
            try removeDangling(of: app)
        }
    }

    private func remains(
        _ name: String, of instance: Instance, without retired: [Instance]
    ) throws(PortError) -> Bool {
        let record = try store.release(instance.app, instance.release)
        return record?.instances.contains { $0.instanceName == name && !retired.contains($0) } ?? false
    }

    /// The names of the links in an app's directory, by the release that they lead to.
    func names(in home: borrowing Directory) throws(PortError) -> [ReleaseNumber: Set<String>] {
        guard let live = try home.directory("live") else { return [:] }
        return try links(in: live)
    }

    /// The releases that any link leads to.
    func numbers(of app: AppReference) throws(PortError) -> Set<ReleaseNumber> { Set(try links(of: app).keys) }

    /// Removes the links whose release is gone.
    func removeDangling(of app: AppReference) throws(PortError) {
        guard let live = try root.directory(.state, HostPaths.live(app)) else { return }
        var removed = false
        for (number, names) in try links(of: app) {
            guard try root.directory(.state, HostPaths.release(app, number)) == nil else { continue }
            for name in names { removed = try live.remove(name) || removed }
        }
        if removed { try live.sync(as: "live") }
    }

    /// The names of the links, by the release that they lead to.
    ///
    /// What looks otherwise is none of the platform's.
    private func links(of app: AppReference) throws(PortError) -> [ReleaseNumber: Set<String>] {
        guard let live = try root.directory(.state, HostPaths.live(app)) else { return [:] }
        return try links(in: live)
    }

    private func links(in live: borrowing Directory) throws(PortError) -> [ReleaseNumber: Set<String>] {
        var links: [ReleaseNumber: Set<String>] = [:]
        for name in try live.links(as: "live") {
            guard let first = name.split(separator: ".", omittingEmptySubsequences: false).first,
                let number = ReleaseNumber(first), try live.linkTarget(name) == Self.target(number)
            else { continue }
            links[number, default: []].insert(name)
        }
        return links
    }

    private var store: ReleaseStore { ReleaseStore(root: root) }

    private func byApp(_ instances: [Instance]) -> [(AppReference, [Instance])] {
        Dictionary(grouping: instances, by: \.app).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func target(_ number: ReleaseNumber) -> String { "../releases/\(number)" }
}
