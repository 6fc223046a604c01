/// The object in a project's code that answers requests, as servers name it: `main:app`.
struct AppObject: Hashable {
    /// Where it is.
    let file: ModuleFile
    /// What it is called there.
    let name: String
    /// What it is made with.
    let framework: Framework
    /// Whether it is a function that makes it.
    let isFactory: Bool

    /// As servers take it.
    var reference: String { "\(file.module):\(name)" }

    /// What a module's text has of such objects, in the order of its lines. It is read line by line, not run: what is made in
    /// another way is not seen, and asked for.
    static func all(in file: ModuleFile, _ text: String) -> [AppObject] {
        var objects: [AppObject] = []
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, first.isLetter || first == "_" else { continue }
            if let made = assignment(line) {
                objects.append(AppObject(file: file, name: made.name, framework: made.framework, isFactory: false))
            } else if let made = function(line, in: text) {
                objects.append(
                    AppObject(file: file, name: made.name, framework: made.framework, isFactory: made.isFactory))
            }
        }
        return objects
    }

    /// `app = Flask(__name__)`, `api: FastAPI = FastAPI(`, `application = get_wsgi_application()`.
    private static func assignment(_ line: Substring) -> (name: String, framework: Framework)? {
        guard let equals = line.firstIndex(of: "="), line.index(after: equals) < line.endIndex,
            line[line.index(after: equals)] != "="
        else { return nil }
        let left = line[..<equals].split(separator: ":").first.map { $0.trimmed } ?? ""
        guard left.isIdentifier else { return nil }
        let call = line[line.index(after: equals)...].trimmed
        guard let open = call.firstIndex(of: "(") else { return nil }
        guard let framework = Framework(constructor: call[..<open].trimmed) else { return nil }
        return (String(left), framework)
    }

    /// `def application(environ, start_response):`, `async def app(scope, receive, send):`, `def create_app():`.
    private static func function(
        _ line: Substring, in text: String
    ) -> (name: String, framework: Framework, isFactory: Bool)? {
        let isAsync = line.hasPrefix("async def ")
        guard isAsync || line.hasPrefix("def "), let open = line.firstIndex(of: "(") else { return nil }
        let name = line[..<open].split(separator: " ").last.map(String.init) ?? ""
        let arguments = line[line.index(after: open)...].split(separator: ",").map {
            $0.split(whereSeparator: { ":=)".contains($0) }).first.map { $0.trimmed } ?? ""
        }
        if isAsync, arguments.count == 3, arguments.first == "scope" { return (name, .asgi, false) }
        if !isAsync, arguments.count == 2, arguments.first?.hasPrefix("env") == true { return (name, .wsgi, false) }
        guard !isAsync, ["create_app", "make_app"].contains(name) else { return nil }
        let used = Framework.allCases.first { framework in framework.constructors.contains { text.contains("\($0)(") } }
        return used.map { (name, $0, true) }
    }
}

/// What an app is made with, as far as it matters to how it is served.
public enum Framework: String, Hashable, Sendable, CaseIterable {
    case django = "Django"
    case fastAPI = "FastAPI"
    case flask = "Flask"
    case quart = "Quart"
    case starlette = "Starlette"
    case litestar = "Litestar"
    case falcon = "Falcon"
    case bottle = "Bottle"
    case wsgi = "WSGI"
    case asgi = "ASGI"

    /// Whether it speaks ASGI, and not WSGI.
    var isAsynchronous: Bool {
        switch self {
        case .fastAPI, .quart, .starlette, .litestar, .asgi: true
        case .django, .flask, .falcon, .bottle, .wsgi: false
        }
    }

    /// What an app of it is made by in code.
    var constructors: [String] {
        switch self {
        case .django: ["get_wsgi_application"]
        case .fastAPI: ["FastAPI"]
        case .flask: ["Flask"]
        case .quart: ["Quart"]
        case .starlette: ["Starlette"]
        case .litestar: ["Litestar"]
        case .falcon: ["falcon.App", "falcon.API"]
        case .bottle: ["Bottle", "bottle.default_app"]
        case .wsgi: []
        case .asgi: ["get_asgi_application", "falcon.asgi.App"]
        }
    }

    /// What is called, with the module in front or without.
    init?(constructor: some StringProtocol) {
        let called = String(constructor)
        let known = Self.allCases.first { framework in
            framework.constructors.contains { called == $0 || called.hasSuffix(".\($0)") }
        }
        guard let known else { return nil }
        self = known
    }
}

extension StringProtocol {
    /// The text without blanks at its ends.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    /// Whether it is a name in Python's ASCII.
    var isIdentifier: Bool {
        !isEmpty && utf8.first?.isDigit == false && utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "_") }
    }
}
