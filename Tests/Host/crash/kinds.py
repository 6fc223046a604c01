"""The kinds of operations, in the order in which an app lives through them. A new kind is one more entry."""

from host import manifest

BYSTANDER, SHOP, MORE = "other.example.org", "shop.example.org", "more.example.org"
TENANT, APP = "/v1/tenants/acme", "/v1/tenants/acme/apps/shop"


class Kind:
    """How an operation is asked for, and what must hold while it goes on.

    serves: hostnames of the app that answer 200 all the time, crash or not.
    after: hostname and text that answer when it has ended.
    needed: the kinds behind it cannot do without it; others are left out when all their points have been seen.
    undoes: the kind without which it would do nothing.
    """

    def __init__(self, name, method, path, body=None, serves=(), after=None, needed=False, undoes=None):
        self.name, self.method, self.path, self.body = name, method, path, body
        self.serves, self.after, self.needed, self.undoes = list(serves), after, needed, undoes


def deploy(name, text, serves=(), hostnames=(SHOP,), needed=False, change=lambda text: text):
    """A deploy; the app answers with its release's text afterwards."""
    body = change(manifest('", "'.join(hostnames), TEXT=text))
    return Kind(
        f"deploy, {name}", "POST", f"{APP}/releases", {"manifest": body, "files": "/srv/apps"}, serves,
        (hostnames[-1], text), needed)


def slower(text):
    """Another shape: a template's text has the health check's time in it."""
    return text.replace('"20s"', '"21s"')


def listening(text):
    """Another one, which needs a bridge and a proxy."""
    return slower(text) + "ingress = { port = 8000 }\n"


KINDS = [
    Kind("create a tenant", "POST", "/v1/tenants", {"name": "acme"}, needed=True),
    Kind("create an app", "POST", f"{TENANT}/apps", {"name": "shop"}, needed=True),
    deploy("first", "first", needed=True),
    deploy("same shape", "second", [SHOP]),
    deploy("changed shape", "third", [SHOP], change=slower),
    deploy("more hostnames", "fourth", [SHOP], (SHOP, MORE), change=slower),
    deploy("onto a bridge", "fifth", [SHOP], change=listening),
    Kind("roll back", "POST", f"{APP}/rollback", {"release": 2}, [SHOP], (SHOP, "second")),
    Kind("scale", "POST", f"{APP}/scale", {"processes": {"web": 2}}, [SHOP], (SHOP, "second")),
    Kind("reconcile", "POST", "/v1/reconcile", serves=[SHOP]),
    Kind("restart", "POST", f"{APP}/restart", after=(SHOP, "")),
    Kind("stop", "POST", f"{APP}/stop"),
    Kind("start", "POST", f"{APP}/start", after=(SHOP, ""), undoes="stop"),
    Kind("delete an app", "DELETE", APP, needed=True),
    Kind("delete a tenant", "DELETE", TENANT, needed=True),
]
