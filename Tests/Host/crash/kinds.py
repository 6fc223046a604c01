"""The kinds of operations, in the order in which an app lives through them. A new kind is one more entry."""

from host import manifest

BYSTANDER, SHOP, MORE = "other.example.org", "shop.example.org", "more.example.org"
DOMAIN = "own.example.org"
LEDGER, BACKUP, BACKUP_KEY = "/var/lib/tussilago/ledger.sqlite", "/srv/backup.tar", "/srv/backup.key"
TENANT, APP = "/v1/tenants/acme", "/v1/tenants/acme/apps/shop"


class Kind:
    """How an operation is asked for, and what must hold while it goes on.

    serves: hostnames of the app that answer 200 all the time, crash or not.
    after: hostname and text that answer when it has ended.
    needed: the kinds behind it cannot do without it; others are left out when all their points have been seen.
    undoes: the kind behind which it comes: without that it would do nothing, or be refused.
    before: what is done to the host first, without any harm.
    alone: nobody else serves while it goes on.
    """

    def __init__(self, name, method, path, body=None, serves=(), after=None, needed=False, undoes=None, before=None,
                 alone=False):
        self.name, self.method, self.path, self.body = name, method, path, body
        self.serves = [*([] if alone else [BYSTANDER]), *serves]
        self.after, self.needed, self.undoes, self.before = after, needed, undoes, before

    def asked(self, scene):
        """The body of its request: JSON, or bytes as they are; one that depends on the host is a function of it."""
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
    """Another one, which needs a bridge and a proxy, and a secret."""
    return 'secrets = ["TOKEN"]\n' + slower(text) + "ingress = { port = 8000 }\n"


def secret(value):
    """A secret's value is the body as it is."""
    return Kind("set a secret", "PUT", f"{APP}/secrets/TOKEN", value, [SHOP], needed=True)


def newer(scene):
    """A value that the app does not have yet."""
    scene.perform(secret(b"newer"))


def reaching(text):
    """And one that opens connections to a host, through a proxy of its own."""
    return listening(text).replace("image", 'egress = ["https://api.example.net"]\nimage', 1)


def storing(text):
    """And one with a database."""
    return text + '[services.db]\ntype = "postgres"\n'


def release(text):
    """The release with this text: what went before it may have used numbers up."""
    query = ("SELECT max(number) FROM release WHERE tenant || app = 'acmeshop' AND state != 'failed'"
             f" AND instr(content, char(34) || '{text}' || char(34))")
    return lambda scene: {"release": int(scene.run(f'sqlite3 {LEDGER} "{query}"'))}


def litter(scene):
    """What nothing refers to: file trees, a bridge, the upstream of an app that is not there, a credential.

    Credentials are as old as they must be to be collected: those too that killed requests have left."""
    state, credentials = "/var/lib/tussilago", "/etc/credstore.encrypted"
    scene.run(f"set -e; cd {state}/trees; for name in 1 2; do cp -a $(ls | head -n 1) $(printf '%064d' $name); done;"
              " podman network create --internal tussilago-acme-ghost >/dev/null;"
              f" ln -s /run/tussilago-ingress/tussilago-acme-ghost-web@1 {state}/upstreams/acme/ghost;"
              f" cd {credentials}; cp -a $(ls | head -n 1) tussilago.$(cat /proc/sys/kernel/random/uuid);"
              f" touch -d '2 hours ago' {credentials}/tussilago.*")


def emptied(scene):
    """All of the host is written to a backup, and deleted."""
    scene.run(f"rm -f {BACKUP} {BACKUP_KEY}; umask 077; head -c 32 /dev/urandom | base64 > {BACKUP_KEY};"
              f" tussilago backup --secrets-key {BACKUP_KEY} {BACKUP} >/dev/null")
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
    secret(b"first"),
    deploy("onto a bridge, with a secret", "fifth", [SHOP], change=listening),
    Kind("rotate", "POST", f"{APP}/rotate", serves=[SHOP], after=(SHOP, "fifth"), before=newer,
         undoes="deploy, onto a bridge, with a secret"),
    Kind("grant egress", "PUT", f"{TENANT}/egress", {"egress": "list"}, [SHOP], needed=True),
    deploy("to reach a host", "sixth", [SHOP], change=reaching),
    Kind("vouch for a hostname", "POST", f"{TENANT}/domains", {"hostname": DOMAIN, "vouch": True}, [SHOP]),
    Kind("remove a hostname", "DELETE", f"{TENANT}/domains/{DOMAIN}", serves=[SHOP], undoes="vouch for a hostname"),
    Kind("roll back", "POST", f"{APP}/rollback", release("second"), [SHOP], (SHOP, "second"),
         undoes="deploy, same shape"),
    Kind("scale", "POST", f"{APP}/scale", {"processes": {"web": 2}}, [SHOP], (SHOP, "")),
    Kind("loosen the policy", "POST", f"{TENANT}/policy", {"stop": 30, "reason": "a slow end"}, serves=[SHOP]),
    Kind("set a quota", "POST", f"{TENANT}/quota", {"apps": 3, "memory": 8 << 30, "disk": 1 << 30}, serves=[SHOP]),
    Kind("reconcile", "POST", "/v1/reconcile", serves=[SHOP]),
    Kind("collect", "POST", "/v1/collect", serves=[SHOP], before=litter),
    Kind("restore", "POST", "/v1/restore", {"file": BACKUP, "secrets_key": BACKUP_KEY}, after=(SHOP, ""), before=emptied,
         alone=True),
    Kind("unset a secret", "DELETE", f"{APP}/secrets/TOKEN", serves=[SHOP], undoes="roll back"),
    Kind("restart", "POST", f"{APP}/restart", after=(SHOP, "")),
    Kind("stop", "POST", f"{APP}/stop"),
    Kind("start", "POST", f"{APP}/start", after=(SHOP, ""), undoes="stop"),
    deploy("with a database", "seventh", [SHOP], change=storing),
    Kind("rotate a database's credentials", "POST", f"{APP}/services/rotate", serves=[SHOP], after=(SHOP, "seventh"),
         undoes="deploy, with a database"),
    Kind("delete an app", "DELETE", f"{APP}?purge=true", needed=True),
    Kind("delete a tenant", "DELETE", TENANT, needed=True),
]
