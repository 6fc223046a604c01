// Runs the installed polkit rule in a JavaScript engine: what of which action it grants to whom. Called by test_polkit.py
// with the rule's file; prints what is not as it shall be, and fails then.
"use strict";
const fs = require("fs"), vm = require("vm");

const rules = [];
const polkit = { Result: { YES: "yes", NOT_HANDLED: null }, addRule: rule => rules.push(rule) };
vm.runInNewContext(fs.readFileSync(process.argv[2], "utf8"), { polkit });

function ask(unit, verb, groups, id = "org.freedesktop.systemd1.manage-units") {
    const action = { id, lookup: key => ({ unit, verb })[key] };
    const subject = { isInGroup: group => groups.includes(group) };
    return rules.map(rule => rule(action, subject)).find(result => result != null) === "yes";
}

const own = ["tsl-acme"], wrong = [];
const expect = (wanted, ...question) => {
    if (ask(...question) !== wanted) wrong.push(`${wanted ? "refused" : "granted"}: ${JSON.stringify(question)}`);
};

const mine = ["tussilago-acme.target", "tussilago-acme-shop.target", "tussilago-acme-shop-web@7.service",
    "tussilago-acme-shop-web@7.2.service", "tussilago-acme-shop-web.3@12.service", "tussilago-acme-my_shop-w2@1.service"];
for (const unit of mine) {
    for (const verb of ["start", "stop", "restart", "try-restart"]) {
        expect(true, unit, verb, own);
        expect(false, unit, verb, []);
        expect(false, unit, verb, ["tsl-umbra", "tussilago", "tsl-acme-shop", "tsl-acm", "acme"]);
    }
    for (const verb of ["set-property", "kill", "clean", "freeze", "reset-failed", "reload", "", undefined, "Start"]) {
        expect(false, unit, verb, own);
    }
    expect(false, unit, "start", own, "org.freedesktop.systemd1.manage-unit-files");
    expect(false, unit, "start", own, "org.freedesktop.systemd1.reload-daemon");
}
for (const unit of [
    "tussilago-umbra.target", "tussilago-acme2.target", "tussilago-acme_shop.target", "tussilago.slice",
    "tussilago-acme.slice", "tussilago-acme-shop.slice", "tussilago-acme-shop-network.service",
    "tussilago-tcp@tsl-0.7.socket", "tussilago-launch@tussilago-acme-shop.service", "tussilago-firewall.service",
    "tussilago-reconcile.service", "tussilagod.service", "tussilagod.socket", "caddy.service", "sshd.service",
    "tussilago-acme-shop-web@7.service\nsshd.service", "xtussilago-acme.target", "tussilago-acme.target.service",
    "tussilago-acme-shop-web@../../x.service", "tussilago-acme-shop-web@.service", "tussilago-acme-shop-web@7a.service",
    "tussilago-acme-.target", "tussilago--acme.target", "tussilago-ACME.target", "", undefined,
]) expect(false, unit, "start", own);

// A name with "-" is one group, and a prefix of it another.
expect(true, "tussilago-my_acme-shop.target", "stop", ["tsl-my-acme"]);
expect(false, "tussilago-my_acme-shop.target", "stop", ["tsl-my"]);
expect(false, "tussilago-my-acme.target", "stop", ["tsl-my-acme"]);

if (wrong.length > 0 || rules.length !== 1) {
    console.log(wrong.join("\n") || "there is not one rule");
    process.exit(1);
}
console.log("as it shall be");
