import flask

app = flask.Flask(__name__)
TEXT = "flask first"


@app.get("/")
def index():
    return f"{TEXT} with {flask.__name__} from {flask.__file__}\n"


@app.get("/health")
def health():
    return "well\n"
