# Tussilago's build. `make demo` shows all of it on a test host; `make test` is what CI calls; `make build install` is for a
# host of one's own. The last two say what follows: users, directories and units, as scripts/install-into-host does.

# Units name their programs by their path below /usr.
PREFIX ?= /usr
DEMO := $(or $(TUSSILAGO_DEMO),/var/tmp/tussilago-demo)

# An import that Package.swift does not list compiles silently without the check, and the arrows there would mean nothing.
WARNINGS ?= -Xswiftc -warnings-as-errors
SWIFT_FLAGS := --explicit-target-dependency-import-check error $(WARNINGS)
export SWIFT_FLAGS
# The crash handler can hang for minutes with the pipe of its output in hand.
export SWIFT_BACKTRACE = enable=no

AGENT := tussilagod tussilago-instance tussilago-egress tussilago-open tussilago-runsc
BINARIES := .build/release
MANUAL := $(wildcard docs/man/*.[1-8])
# Not cp: the modes of a checkout depend on the umask of whoever made it.
tree = cd $(1) && find . -type f | while read -r each; do install -D -m 0644 "$$each" "$(abspath $(DESTDIR)/$(PREFIX))/$(2)/$$each" || exit; done

.PHONY: all deps build install test test-vm crash-matrix fuzz lint format demo demo-stop bench
all: build

deps:
	scripts/install-dependencies

# The static runtime spares the agent, which starts for every burst of requests, a third of its start-up time. With it comes
# a table of all 27 000 symbols for libraries to look things up in, which none does: 3 MB.
build:
	swift build -c release --static-swift-stdlib --disable-index-store -Xlinker --no-export-dynamic $(SWIFT_FLAGS)

install:
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/tussilago
	install -s -m 0755 $(BINARIES)/tussilago $(DESTDIR)$(PREFIX)/bin
	install -s -m 0755 $(AGENT:%=$(BINARIES)/%) $(DESTDIR)$(PREFIX)/libexec/tussilago
	@$(call tree,units/systemd,lib/systemd)
	@$(call tree,units/catalog,lib/systemd/catalog)
	@$(call tree,units/sysusers.d,lib/sysusers.d)
	@$(call tree,units/tmpfiles.d,lib/tmpfiles.d)
	@$(call tree,units/sysctl.d,lib/sysctl.d)
	@$(call tree,units/tussilago,lib/tussilago)
	@$(call tree,units/postgres,lib/tussilago/postgres)
	@$(call tree,runtimes,lib/tussilago)
	@$(call tree,probes,share/tussilago/probes)
	@$(call tree,units/polkit,share/polkit-1/rules.d)
	install -D -m 0644 units/nftables/tussilago.nft $(DESTDIR)$(PREFIX)/lib/tussilago/firewall.nft
	$(foreach page,$(MANUAL),install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page))) $(page) &&) true

test: deps lint
	scripts/test

# All points of all operations, fifty lost ledgers, fifty crowds, and an earlier version: takes hours. `make test` has a
# sample of them.
crash-matrix: deps build
	stage=$$(mktemp -d) && trap 'rm -rf "$$stage"' EXIT && $(MAKE) install DESTDIR="$$stage/this" && \
	  scripts/build-earlier "$$stage/earlier" && \
	  { TUSSILAGO_ROUNDS=50 TUSSILAGO_EARLIER="$$stage/earlier" Tests/Host/run "$$stage/this" hundred_deploys upgrade \
	      || failed=1; \
	    for matrix in crash error power lost; do \
	      Tests/Host/crash/run $$matrix "$$stage/this" --all --references "$$stage/references" || failed=1; done; \
	    Tests/Host/crash/run full "$$stage/this" && [ -z "$$failed" ]; }

# What needs a kernel of its own: a real boot, the README's installation, and that limits hold. Half an hour without KVM.
test-vm: deps build
	stage=$$(mktemp -d) && trap 'rm -rf "$$stage"' EXIT && $(MAKE) install DESTDIR="$$stage" && Tests/VM/run "$$stage"

# A million inputs for each parser and a hundred thousand manifests through Podman's generator: takes an hour or two. The
# parsers alone first: what they keep of the heap is seen by the process's memory, which others have as well.
# INPUTS=, MANIFESTS= and SEED= say otherwise; a failure prints the seed of its input.
fuzz: deps
	swift build --build-tests $(SWIFT_FLAGS)
	generator=$$(Tests/TestHost/provision)/root/usr/libexec/podman/quadlet && \
	  TUSSILAGO_QUADLET=$${TUSSILAGO_QUADLET:-$$generator} TUSSILAGO_FUZZ=$(or $(INPUTS),1000000) \
	  TUSSILAGO_MANIFESTS=$(or $(MANIFESTS),100000) TUSSILAGO_SEED=$(or $(SEED),1) && \
	  export TUSSILAGO_QUADLET TUSSILAGO_FUZZ TUSSILAGO_MANIFESTS TUSSILAGO_SEED && \
	  swift test --skip-build --disable-xctest --filter ParserFuzz $(SWIFT_FLAGS) && \
	  swift test --skip-build --disable-xctest --filter 'Fuzz|Oracle' --skip ParserFuzz $(SWIFT_FLAGS)

lint:
	swift format lint --strict --parallel --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

demo: deps build
	scripts/demo $(DEMO)

demo-stop:
	if [ -d $(DEMO)/root ]; then Tests/TestHost/testhost destroy $(DEMO); fi

bench: deps build
	Tests/bench/run
