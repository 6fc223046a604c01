import TussilagoCore
import TussilagoTestKit

/// Good texts of each kind, to be harmed.
enum Samples {
    static let manifests = [
        """
        image = "localhost/python:3.13"
        hostnames = ["shop.example.org", 'a.example.org'] # the shop
        drain = "1s"

        [environment]
        GREETING = "hel\\"lo \\u00e9"
        [processes.web]
        command = ["python3", "-u", "/app/app.py"]
        ingress = { port = 8000 }
        health = { path = "/health", timeout = "30s" }
        limits = { memory = "512M", tasks = 5_12 }
        [processes.worker]
        command = ["sh", "-c", "true"]
        [static]
        "/static/" = "out/static"
        [sandbox]
        shared-memory = "1M"
        log-lines = 100
        """,
        "[processes.web]\ncommand = [\"python3\"]\ningress = \"socket\"\n",
        """
        a.b = ["one", [2, [3.5e-1]], { c.d = true, "e" = 'f' }]\r
        'g h' = \"""
        many \\
           lines""\"""
        i = [0x1F, 0o17, 0b1, -1_0, +inf, 1979-05-27 07:32:00, 07:32:00]
        [[processes.job]]
        memory = '''256M'''
        [processes]
        web = {}
        """,
    ]

    static let settings = [
        """
        [agent]
        idle = "30s"
        operations = 4
        [api]
        body = "1M"
        connections-per-user = 64
        [caddy]
        listen = [":80", "[::1]:8080"]
        automatic-https = false
        admin = "/run/caddy/admin.sock"
        """
    ]

    static let units: [String] = {
        guard let tenant = try? Make.tenant(), let app = try? Make.app(), let process = try? Make.process() else {
            return []
        }
        return [
            ProcessTemplate(tenant: tenant, app: app, process: process, hasFiles: true).text,
            """
            ---/run/x/tussilago-acme-shop-web@.service---
            [Service]
            ExecStart=/usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc run --name %p-%i --pull never \
            --entrypoint python3 -v /a:/b ${TUSSILAGO_IMAGE} -c "print(\\"100%% $$HOME 'x' \\\\ é\\")" "; touch /x" ; "a'b"
            """,
            "quadlet-generator[12]: converting \"x.container\": unsupported key 'A' in group 'B' in /run/x/y.container\n",
        ]
    }()

    static let json = [
        #"{"name":"acme","manifest":"a = 1\nb","files":"/srv/x","release":7,"processes":{"web":2},"file":"/x.tar"}"#,
        #"{"apps":{"http":{"servers":{"tussilago":{"listen":[":80"],"routes":[{"@id":"a","n":-1.5e3,"t":[true,false,null]}]}}}}}"#,
        #"["\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t",0,-0,1e5,[[[[]]]],{}]"#,
    ]

    static let names = [
        "acme", "acme/shop", "shop.example.org", "xn--bcher-kva.example", "localhost/python:3.13",
        "registry.example:5000/a/b@sha256:\(String(repeating: "a", count: 64))", "/health?x=1", "a-b-c",
        "tussilago-acme-shop-web@7.2.service", "*.example.org", "GREETING",
    ]
}
