"""The kinds of operations, in the order in which an app lives through them. A new kind is one more entry."""

from host import manifest

BYSTANDER, SHOP, MORE = "other.example.org", "shop.example.org", "more.example.org"
LEDGER, BACKUP = "/var/lib/tussilago/ledger.sqlite", "/srv/backup.tar"
TENANT, APP = "/v1/tenants/acme", "/v1/tenants/acme/apps/shop"


class Kind:
    """How an operation is asked for, and what must hold while it goes on.

    serves: hostnames of the app that answer 200 all the time, crash or not.
    after: hostname and text that answer when it has ended.
    needed: the kinds behind it cannot do without it; others are left out when all their points have been seen.
    undoes: the kind without which it would do nothing.
    before: what is done to the host first, without any harm.
    alone: nobody else serves while it goes on.
    """

    def __init__(self, name, method, path, body=None, serves=(), after=None, needed=False, undoes=None, before=None,
                 alone=False):
        self.name, self.method, self.path, self.body = name, method, path, body
        self.serves = [*([] if alone else [BYSTANDER]), *serves]
        self.after, self.needed, self.undoes, self.before = after, needed, undoes, before

    def asked(self, scene):
        """The body of its request; one that depends on the host is a function of it."""
        return self.body(scene) if callable(self.body) else self.body


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


def release(text):
    """The release with this text: what went before it may have used numbers up."""
    query = ("SELECT max(number) FROM release WHERE tenant || app = 'acmeshop' AND state != 'failed'"
             f" AND instr(content, char(34) || '{text}' || char(34))")
    return lambda scene: {"release": int(scene.run(f'sqlite3 {LEDGER} "{query}"'))}


def litter(scene):
    """What nothing refers to: file trees, a bridge, and the upstream of an app that is not there."""
    state = "/var/lib/tussilago"
    scene.run(f"set -e; cd {state}/trees; for name in 1 2; do cp -a $(ls | head -n 1) $(printf '%064d' $name); done;"
              " podman network create --internal tussilago-acme-ghost >/dev/null;"
              f" ln -s /run/tussilago-ingress/tussilago-acme-ghost-web@1 {state}/upstreams/acme/ghost")


def emptied(scene):
    """All of the host is written to a backup, and deleted."""
    scene.run(f"rm -f {BACKUP}; tussilago backup {BACKUP} >/dev/null")
    other = "/v1/tenants/umbra"
    for path in (APP, TENANT, f"{other}/apps/other", other):
        scene.perform(Kind("delete", "DELETE", path))


KINDS = [
    Kind("create a tenant", "POST", "/v1/tenants", {"name": "acme"}, needed=True),
    Kind("create an app", "POST", f"{TENANT}/apps", {"name": "shop"}, needed=True),
    deploy("first", "first", needed=True),
    deploy("same shape", "second", [SHOP]),
    deploy("changed shape", "third", [SHOP], change=slower),
    deploy("more hostnames", "fourth", [SHOP], (SHOP, MORE), change=slower),
    deploy("onto a bridge", "fifth", [SHOP], change=listening),
    Kind("roll back", "POST", f"{APP}/rollback", release("second"), [SHOP], (SHOP, "second")),
    Kind("scale", "POST", f"{APP}/scale", {"processes": {"web": 2}}, [SHOP], (SHOP, "")),
    Kind("set a quota", "POST", f"{TENANT}/quota", {"apps": 3, "memory": 8 << 30, "disk": 1 << 30}, serves=[SHOP]),
    Kind("reconcile", "POST", "/v1/reconcile", serves=[SHOP]),
    Kind("collect", "POST", "/v1/collect", serves=[SHOP], before=litter),
    Kind("restore", "POST", "/v1/restore", {"file": BACKUP}, after=(SHOP, ""), before=emptied, alone=True),
    Kind("restart", "POST", f"{APP}/restart", after=(SHOP, "")),
    Kind("stop", "POST", f"{APP}/stop"),
    Kind("start", "POST", f"{APP}/start", after=(SHOP, ""), undoes="stop"),
    Kind("delete an app", "DELETE", APP, needed=True),
    Kind("delete a tenant", "DELETE", TENANT, needed=True),
]
