import Testing
import TussilagoCore

/// A folder of files with these texts.
private func project(_ texts: [String: String], _ others: [String] = []) -> ProjectFiles {
    ProjectFiles(paths: Array(texts.keys) + others, texts: texts.filter { ProjectFiles.isTelling($0.key) })
}

private func web(_ texts: [String: String]) throws -> [String] {
    try Detection(project(texts)).processes.first { $0.name == "web" }?.words ?? []
}

private let socket = "unix:/run/ingress/web.sock"
private let gunicorn = [
    "python3", "-m", "gunicorn", "--bind", socket, "--workers", "2", "--worker-tmp-dir", "/dev/shm",
    "--access-logfile", "-",
]

private let manage = """
    import os
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    """

@Suite struct DetectionTests {
    @Test func aPlainFileIsServedByAServerThatIsInstalledForIt() throws {
        let detection = try Detection(project(["app.py": "def application(environ, start_response):\n    pass\n"]))
        #expect(detection.framework == "WSGI")
        #expect(detection.build == PythonBuild(packages: [try PackageRequirement("gunicorn")]))
        #expect(detection.processes.map(\.words) == [gunicorn + ["app:application"]])
        #expect(detection.health == "/")
    }

    @Test(arguments: [
        ("Flask", "main.py", "app = Flask(__name__)", gunicorn + ["main:app"]),
        ("Flask", "shop/__init__.py", "import flask\nserver = flask.Flask('x')", gunicorn + ["shop:server"]),
        (
            "FastAPI", "main.py", "api: FastAPI = FastAPI()",
            ["python3", "-m", "uvicorn", "--uds", "/run/ingress/web.sock", "main:api"]
        ),
        (
            "ASGI", "app.py", "async def app(scope, receive, send):",
            ["python3", "-m", "uvicorn", "--uds", "/run/ingress/web.sock", "app:app"]
        ),
        ("Flask", "app.py", "def create_app():\n    return Flask('x')", gunicorn + ["app:create_app()"]),
        ("Bottle", "wsgi.py", "application = bottle.Bottle()", gunicorn + ["wsgi:application"]),
    ])
    func theAppIsFoundInTheCode(framework: String, path: String, text: String, command: [String]) throws {
        #expect(try Detection(project([path: text])).framework == framework)
        #expect(try web([path: text]) == command)
    }

    @Test func ofOneFileTheUsualNameIsTaken() throws {
        #expect(try web(["app.py": "api = Flask(__name__)\napp = Flask(__name__)"]).last == "app:app")
        #expect(try web(["wsgi.py": "app = Flask(__name__)", "app.py": "app = Flask(__name__)"]).last == "wsgi:app")
    }

    @Test(arguments: [
        ("gunicorn", "requirements.txt", "Flask>=3\nGunicorn[gevent]==23", "gunicorn"),
        ("waitress", "requirements.txt", "flask\nwaitress", "waitress"),
        ("granian", "pyproject.toml", "[project]\ndependencies = [\"flask\", \"granian>=1\"]", "granian"),
        ("granian", "uv.lock", "[[package]]\nname = \"granian\"\n", "granian"),
    ])
    func theServerIsTheProjectsOwn(server: String, path: String, text: String, program: String) throws {
        let detection = try Detection(project([path: text, "app.py": "app = Flask(__name__)"]))
        #expect(detection.processes.first?.words[2] == program)
        #expect(detection.build.packages == [])
        #expect(detection.build.requirements?.path == path)
    }

    @Test func aDjangoProjectIsServedCollectedAndMigrated() throws {
        let detection = try Detection(
            project([
                "manage.py": manage, "shop/wsgi.py": "application = get_wsgi_application()",
                "shop/settings.py":
                    "STATIC_ROOT = 'x'\nDATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"
                    + "ALLOWED_HOSTS = ['shop.example.org']",
                "shop/urls.py": "urlpatterns = [path('', index)]", "requirements.txt": "django\n",
            ]))
        #expect(detection.framework == "Django")
        #expect(detection.processes.map(\.words) == [gunicorn + ["shop.wsgi:application"]])
        #expect(
            detection.build.commands.map { $0.map(\.text) } == [["python3", "manage.py", "collectstatic", "--noinput"]])
        #expect(detection.release == ["python3", "manage.py", "migrate", "--noinput"])
        #expect(detection.notes.contains { $0.contains("ALLOWED_HOSTS") })
        #expect(detection.health == "/")
    }

    @Test(arguments: [
        ("STATIC_URL = 'static/'\nSTATIC_ROOT = BASE_DIR / \"out\"", "/static/=out"),
        ("STATIC_URL = \"/s/\"\nSTATIC_ROOT = os.path.join(BASE_DIR, 'a/b')", "/s/=a/b"),
        ("STATIC_URL = env('URL')\nSTATIC_ROOT = BASE_DIR / 'out'", nil),
        ("STATIC_URL = 'https://cdn.example.org/'\nSTATIC_ROOT = BASE_DIR / 'out'", nil),
        ("STATIC_URL = 'static/'\nSTATIC_ROOT = '/srv/out'", nil),
        ("STATIC_URL = 'static/'\nSTATIC_ROOT = BASE_DIR / '../out'", nil), ("STATIC_ROOT = BASE_DIR / 'out'", nil),
    ])
    func filesOfDjangoAreCaddysWhereTheirPlaceIsPlain(settings: String, path: String?) throws {
        let detection = try Detection(
            project([
                "manage.py": manage, "shop/wsgi.py": "", "shop/settings.py": settings, "requirements.txt": "django\n",
            ]))
        #expect(detection.staticPaths.map(\.description) == [path].compactMap(\.self))
        #expect(detection.manifest().contains("[static]") == (path != nil))
    }

    @Test func aDatabaseInAFileIsNotMigratedInAReadOnlyPlace() throws {
        let detection = try Detection(
            project([
                "manage.py": manage, "shop/wsgi.py": "",
                "shop/settings.py": "'django.db.backends.sqlite3'", "shop/urls.py": "path('admin/', admin.site.urls)",
            ]))
        #expect(detection.release == nil)
        #expect(detection.notes.contains { $0.contains("SQLite") })
        #expect(detection.health == "/admin/login/")
    }

    @Test func aProcfileCountsAndIsMovedToTheSocket() throws {
        let detection = try Detection(
            project([
                "Procfile":
                    "release: python manage.py migrate\nweb: gunicorn shop.wsgi --bind 0.0.0.0:$PORT --workers=3 -b :1\n"
                    + "# why\nworker: python worker.py 'a b'\n",
                "app.py": "app = Flask(__name__)\nother = Flask(__name__)",
            ]))
        #expect(
            detection.processes.map(\.words) == [
                ["python3", "-m", "gunicorn", "--bind", socket, "shop.wsgi", "--workers=3"],
                ["python3", "worker.py", "a b"],
            ])
        #expect(detection.processes.map(\.name) == ["web", "worker"])
        #expect(detection.release == ["python3", "manage.py", "migrate"])
        let other = try Detection(project(["Procfile": "web: python -m http.server ${PORT}\n"]))
        #expect(other.processes[0].words == ["python3", "-m", "http.server", "8000"])
        #expect(other.port == 8000)
    }

    @Test func theVersionOfPythonIsTheProjects() throws {
        let app = ["app.py": "app = Flask(__name__)"]
        for (text, minor) in [("3.12\n", 12), ("# why\ncpython-3.11.4\n", 11)] {
            let detection = try Detection(project(app.merging([".python-version": text]) { $1 }))
            #expect(detection.build.version?.minor == minor)
        }
    }

    @Test func aFolderSrcIsPutOnPythonsPath() throws {
        let detection = try Detection(project(["src/shop/main.py": "app = FastAPI()"]))
        #expect(detection.processes[0].words.last == "shop.main:app")
        #expect(detection.environment.map(\.value) == ["/app/src"])
    }

    @Test(arguments: [
        ("healthz", "@app.get(\"/healthz\")\n@app.get(\"/\")", "/healthz"),
        ("the root", "@app.get('/')", "/"),
        ("its own description", "@app.get(\"/items\")", "/openapi.json"),
        ("what is elsewhere", "app.include_router(x)", "/"),
    ])
    func theHealthCheckAsksForWhatThereIs(why: String, text: String, path: String) throws {
        #expect(try Detection(project(["main.py": "app = FastAPI()\n\(text)"])).health == path)
    }

    static let doubtful: [(String, [String: String], String)] = [
        ("nothing", ["README.py": "print()"], "no file of the folder makes an app"),
        (
            "two files", ["app.py": "app = Flask(__name__)", "main.py": "app = Flask(__name__)"],
            "app:app (Flask) and main:app"
        ),
        (
            "two files, one of which has the usual name",
            ["app.py": "app = Flask(__name__)", "main.py": "other = Flask(__name__)"], "app:app (Flask) and main:other"
        ),
        ("two objects", ["app.py": "one = Flask(__name__)\ntwo = FastAPI()"], "more than one app"),
        ("two folders", ["a/app.py": "app = Flask('a')", "b/app.py": "app = Flask('b')"], "more than one app"),
        (
            "two lists of packages",
            ["requirements-a.txt": "", "requirements-b.txt": "", "app.py": "app = Flask('a')"],
            "no requirements.txt"
        ),
        ("no version", [".python-version": "pypy3.9-7", "app.py": ""], "which is no version of Python"),
        ("a Django project without a server's file", ["manage.py": manage], "neither a wsgi.py nor an asgi.py"),
        (
            "two wsgi files", ["manage.py": manage, "shop/a/wsgi.py": "", "shop/wsgi.py": ""],
            "shop/a/wsgi.py and shop/wsgi.py"
        ),
        ("a shell", ["Procfile": "web: cd x && gunicorn a"], "no shell reads it"),
        ("a variable", ["Procfile": "web: A=1 gunicorn a"], "[environment]"),
        ("a port that is not said", ["Procfile": "web: python serve.py"], "$PORT"),
        ("another variable", ["Procfile": "worker: run $QUEUE\nweb: gunicorn a"], "no shell replaces $QUEUE"),
    ]

    @Test(arguments: doubtful)
    func whatCannotBeToldIsAsked(why: String, texts: [String: String], part: String) throws {
        do throws(Detection.Question) {
            let detection = try Detection(project(texts))
            Issue.record("\(why) was taken for \(detection.manifest())")
        } catch {
            #expect("\(error)".contains(part), "\(why): \(error)")
            #expect(error.answer.contains("tussilago.toml"))
        }
    }
}
