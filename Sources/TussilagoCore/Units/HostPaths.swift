public import FoundationEssentials

/// Where things lie on the host. One place, so that units, helpers and Caddy's routes agree.
public enum HostPaths {
    /// The agent's own data: the ledger, releases, file trees, upstreams.
    public static let state = "/var/lib/tussilago"
    /// Quadlets, one directory a tenant.
    public static let quadlets = "/etc/containers/systemd/tussilago"
    /// Slices, targets and what they want.
    public static let systemUnits = "/etc/systemd/system"
    /// The programs that units run.
    public static let programs = "/usr/libexec/tussilago"
    /// The program that prepares an instance, and cleans up after it.
    public static let instanceHelper = "\(programs)/tussilago-instance"
    /// The encrypted values of secrets (systemd.exec(5) `LoadCredentialEncrypted=`).
    public static let credentials = "/etc/credstore.encrypted"
    /// The decrypted secrets of instances that run, one directory an instance, in memory that is never swapped.
    public static let secrets = "/run/tussilago-secrets"
    /// What an instance's ingress needs while it runs, one directory an instance, made anew at each start.
    public static let ingress = "/run/tussilago-ingress"
    /// One symbolic link a copy of an app, to the ingress of the instance that serves. It outlives a reboot: to move it
    /// is the commit point of a deploy.
    public static let upstreams = "\(state)/upstreams"
    /// What the apps of each tenant may reach, one file a tenant that may reach anything: a word of ``EgressGrant``.
    public static let egress = "\(state)/egress"
    /// What an instance on a bridge is there with, while it runs: its address, and what it may reach.
    public static let network = "/run/tussilago-network"
    /// The sockets that apps reach their databases by, one directory a tenant.
    public static let poolers = "/run/tussilago-pgbouncer"
    /// The socket of the server itself, which no app sees.
    public static let databaseServer = "/run/tussilago-postgres"
    /// What the firewall's table was when it was loaded, is now, and shall have of instances.
    public static let firewall = "/run/tussilago-firewall"
    /// File trees by their digest.
    public static let trees = "\(state)/trees"
    /// The archives of sources, one directory a tenant.
    public static let sources = "\(state)/sources"
    /// An archive of a source: `DIGEST.tar`.
    public static func source(_ source: Digest, of tenant: TenantName) -> String {
        "\(sources)/\(tenant)/\(sourceName(source))"
    }
    /// An archive's own name.
    public static func sourceName(_ source: Digest) -> String { "\(source.hexadecimal).tar" }
    /// What builds find while they run, one directory an app, in one a tenant.
    public static let builds = "\(state)/builds"
    /// One directory a build.
    public static func builds(_ app: AppReference) -> String { "\(builds)/\(app.tenant)/\(app.app)" }
    /// Where builds leave what they make, one directory a build, in memory and of a size.
    public static let buildOutput = "/run/tussilago-build"
    /// The program that builds a Python app, inside of the sandbox.
    public static let pythonBuilder = "/usr/lib/tussilago/python/build.py"
    /// The configuration that Caddy starts with.
    public static let caddyConfiguration = "\(state)/caddy/caddy.json"

    /// One directory an app, in one a tenant.
    public static let apps = "\(state)/apps"
    /// The releases of an app and the links of its live instances.
    public static func app(_ app: AppReference) -> String { "\(apps)/\(app.tenant)/\(app.app)" }
    /// What a release consists of.
    public static func release(_ app: AppReference, _ number: ReleaseNumber) -> String {
        "\(self.app(app))/releases/\(number)"
    }
    /// One link for each instance that may run, to its release; the template reaches the release through it.
    public static func live(_ app: AppReference) -> String { "\(self.app(app))/live" }
    /// The link that Caddy dials through, of one copy of the app.
    public static func upstream(_ app: AppReference, copy: Int = 1) -> String {
        "\(upstreams)/\(app.tenant)/\(upstreamName(app.app, copy: copy))"
    }
    /// The link's own name: `shop`, and `shop.2` for the second copy. An app's name has no dot.
    public static func upstreamName(_ app: AppName, copy: Int) -> String { copy == 1 ? "\(app)" : "\(app).\(copy)" }
    /// The directory of an instance's ingress.
    public static func ingress(_ instance: Instance) -> String { "\(ingress)/\(instance.unit.stem)" }
    /// Below an instance's ingress: the directory of the socket, which is all that the sandbox sees of it.
    public static let ingressSocketDirectory = "in"
    /// Below an instance's ingress: links to the files that Caddy answers with, at the paths of their URLs.
    public static let staticFiles = "static"
    /// Below an instance's ingress: a file that is there as long as the instance is starting.
    public static let startingMark = "starting"

    /// The image's id and other values that the unit itself needs, in a live instance's release.
    public static let unitEnvironment = "unit.env"
    /// The app's environment, in a live instance's release.
    public static let appEnvironment = "app.env"
    /// Which credential holds which of its secrets, in a live instance's release that has any.
    public static let secretList = "secrets"
    /// Which secrets an app has, beside its releases.
    public static func secretRecord(_ app: AppReference) -> String { "\(self.app(app))/\(secretRecordName)" }
    /// The record's own name.
    public static let secretRecordName = "secrets.json"
    /// The name of a credential's file, which is also bound into its encryption: it tells nobody whose it is.
    public static func credentialName(_ credential: UUID) -> String { credentialPrefix + credential.lowercased }
    /// What such names begin with.
    public static let credentialPrefix = "tussilago."
    /// What an app with a bridge asks to reach, in a live instance's release.
    public static let egressFile = "egress"
    /// Names of hosts that the app may reach, in a live instance's release.
    public static let hostsFile = "hosts"
    /// Whom an app that may reach every public address asks for names, in a live instance's release.
    public static let resolverFile = "resolv.conf"
    /// The link to the file tree, in a live instance's release.
    public static let files = "files"
    /// The link to the tree of packages, in a live instance's release that has any.
    public static let packages = "packages"
    /// The release itself, as JSON, in its directory: with the units enough to write the ledger anew.
    public static let releaseRecord = "release.json"
}
