/// What Podman 5.4.2 on Debian 13 printed for two templates and their bridge: recorded, not written by hand.
///
/// The generator was run as the store runs it, on copies in `/run/tussilago/check-1`. To record anew, put the texts
/// that ``RecordingTests`` finds wrong there, on a test host, and run
/// `QUADLET_UNIT_DIRS=/run/tussilago/check-1 /usr/lib/systemd/system-generators/podman-system-generator --dryrun`.
// swift-format-ignore
enum RecordedGenerator {
    static let staging = "/run/tussilago/check-1"

    /// The quadlet of `tussilago-acme-shop-web@.container`. Its arguments are as bad as a tenant can make them.
    static let quadlet = #"""
        # Written by tussilagod. To override a setting use a drop-in: systemctl edit UNIT.

        [X-Tussilago]
        Tenant=acme
        TenantId=9ce0c5c7-edad-4d2d-a7eb-cd262b563c9b
        Users=3
        App=shop
        AppId=3c0873d6-06a3-43a9-8b5f-656fb122e79b
        Network=5
        Process=web

        [Unit]
        Description=acme/shop web, release %i
        PartOf=tussilago-acme-shop.target
        After=tussilago-acme-shop.target
        ConditionPathExists=/var/lib/tussilago/apps/acme/shop/live/%i
        StartLimitIntervalSec=120
        StartLimitBurst=5

        [Container]
        Image=${TUSSILAGO_IMAGE}
        ContainerName=%p-%i
        GlobalArgs=--runtime=/usr/libexec/tussilago/tussilago-runsc
        Pull=never
        ReadOnly=true
        ReadOnlyTmpfs=true
        DropCapability=all
        NoNewPrivileges=true
        User=10001
        Group=10001
        Tmpfs=/dev/shm:rw,nosuid,nodev,noexec,mode=1777,size=16777216
        Tmpfs=/run:rw,nosuid,nodev,noexec,mode=755,size=65536
        Tmpfs=/var/tmp:rw,nosuid,nodev,noexec,mode=755,size=65536
        StopTimeout=10
        LogDriver=passthrough
        PodmanArgs=--no-healthcheck --image-volume=ignore --no-hosts
        UIDMap=0:1879244800:65536
        GIDMap=0:1879244800:65536
        HostName=shop
        Tmpfs=/tmp:rw,nosuid,nodev,mode=1777,size=67108864
        EnvironmentFile=/var/lib/tussilago/apps/acme/shop/live/%i/app.env
        Environment=TUSSILAGO_RELEASE=%i
        Network=none
        Environment=TUSSILAGO_SOCKET=/run/ingress/web.sock
        Volume=/run/tussilago-ingress/%N/in:/run/ingress
        Volume=/var/lib/tussilago/apps/acme/shop/live/%i/files:/app:ro
        WorkingDir=/app
        Entrypoint="python3"
        Exec="-c" "print(\"100%% $$HOME $${PATH} 'x' \\ é\")" "; touch /x" "a'b" "%%i" "--privileged" "--cap-drop=all"

        [Service]
        Slice=tussilago-acme-shop.slice
        SyslogIdentifier=acme/shop
        LogExtraFields=TUSSILAGO_TENANT=acme
        LogExtraFields=TUSSILAGO_APP=shop
        LogExtraFields=TUSSILAGO_PROCESS=web
        LogExtraFields=TUSSILAGO_RELEASE=%i
        EnvironmentFile=/var/lib/tussilago/apps/acme/shop/live/%i/unit.env
        MemoryMax=268435456
        CPUQuota=100%
        TasksMax=512
        IOWeight=100
        Restart=always
        RestartSec=1
        RestartSteps=5
        RestartMaxDelaySec=30
        SuccessExitStatus=143 137
        TimeoutStopSec=30
        LimitCORE=0
        MemorySwapMax=0
        OOMPolicy=kill
        SyslogLevelPrefix=no
        LogRateLimitIntervalSec=10
        LogRateLimitBurst=5000
        TimeoutStartSec=60
        ExecStartPre=/usr/libexec/tussilago/tussilago-instance prepare %N socket 1879254801
        ExecStartPost=/usr/libexec/tussilago/tussilago-instance ready %N 30 "/"
        ExecStopPost=-/usr/libexec/tussilago/tussilago-instance ended %N

        [Quadlet]
        DefaultDependencies=false

        """#

    /// The quadlet of `tussilago-acme-shop-api@.container`, which listens on a port.
    static let bridgedQuadlet = #"""
        # Written by tussilagod. To override a setting use a drop-in: systemctl edit UNIT.

        [X-Tussilago]
        Tenant=acme
        TenantId=9ce0c5c7-edad-4d2d-a7eb-cd262b563c9b
        Users=3
        App=shop
        AppId=3c0873d6-06a3-43a9-8b5f-656fb122e79b
        Network=5
        Process=api

        [Unit]
        Description=acme/shop api, release %i
        PartOf=tussilago-acme-shop.target
        After=tussilago-acme-shop.target
        ConditionPathExists=/var/lib/tussilago/apps/acme/shop/live/%i
        StartLimitIntervalSec=120
        StartLimitBurst=5
        Requires=tussilago-firewall.service tussilago-tcp@tsl-5.%i.socket
        After=tussilago-firewall.service tussilago-tcp@tsl-5.%i.socket

        [Container]
        Image=${TUSSILAGO_IMAGE}
        ContainerName=%p-%i
        GlobalArgs=--runtime=/usr/libexec/tussilago/tussilago-runsc
        Pull=never
        ReadOnly=true
        ReadOnlyTmpfs=true
        DropCapability=all
        NoNewPrivileges=true
        User=10001
        Group=10001
        Tmpfs=/dev/shm:rw,nosuid,nodev,noexec,mode=1777,size=16777216
        Tmpfs=/run:rw,nosuid,nodev,noexec,mode=755,size=65536
        Tmpfs=/var/tmp:rw,nosuid,nodev,noexec,mode=755,size=65536
        StopTimeout=10
        LogDriver=passthrough
        PodmanArgs=--no-healthcheck --image-volume=ignore --no-hosts
        UIDMap=0:1879244800:65536
        GIDMap=0:1879244800:65536
        HostName=shop
        Tmpfs=/tmp:rw,nosuid,nodev,mode=1777,size=67108864
        EnvironmentFile=/var/lib/tussilago/apps/acme/shop/live/%i/app.env
        Environment=TUSSILAGO_RELEASE=%i
        Network=tussilago-acme-shop.network
        IP=${TUSSILAGO_ADDRESS}
        DNS=127.0.0.1
        Environment=PORT=8080
        WorkingDir=/
        Entrypoint="python3"

        [Service]
        Slice=tussilago-acme-shop.slice
        SyslogIdentifier=acme/shop
        LogExtraFields=TUSSILAGO_TENANT=acme
        LogExtraFields=TUSSILAGO_APP=shop
        LogExtraFields=TUSSILAGO_PROCESS=api
        LogExtraFields=TUSSILAGO_RELEASE=%i
        EnvironmentFile=/var/lib/tussilago/apps/acme/shop/live/%i/unit.env
        EnvironmentFile=-/run/tussilago-network/%N.env
        MemoryMax=268435456
        CPUQuota=100%
        TasksMax=512
        IOWeight=100
        Restart=always
        RestartSec=1
        RestartSteps=5
        RestartMaxDelaySec=30
        SuccessExitStatus=143 137
        TimeoutStopSec=30
        LimitCORE=0
        MemorySwapMax=0
        OOMPolicy=kill
        SyslogLevelPrefix=no
        LogRateLimitIntervalSec=10
        LogRateLimitBurst=5000
        TimeoutStartSec=60
        ExecStartPre=/usr/libexec/tussilago/tussilago-instance join %N tsl-5 10.80.5.1 /var/lib/tussilago/apps/acme/shop/live/%i/egress
        ExecStopPost=-/usr/libexec/tussilago/tussilago-instance leave %N
        ExecStartPre=/usr/libexec/tussilago/tussilago-instance prepare %N port tsl-5.%i ${TUSSILAGO_ADDRESS}:8080
        ExecStartPost=/usr/libexec/tussilago/tussilago-instance ready %N 30 "/"
        ExecStopPost=-/usr/libexec/tussilago/tussilago-instance ended %N

        [Quadlet]
        DefaultDependencies=false

        """#

    /// The bridge's.
    static let network = #"""
        # Written by tussilagod. To override a setting use a drop-in: systemctl edit UNIT.

        [X-Tussilago]
        Tenant=acme
        TenantId=9ce0c5c7-edad-4d2d-a7eb-cd262b563c9b
        Users=3
        App=shop
        AppId=3c0873d6-06a3-43a9-8b5f-656fb122e79b
        Network=5

        [Unit]
        Description=Bridge of app acme/shop

        [Network]
        NetworkName=tussilago-acme-shop
        Subnet=10.80.5.0/24
        DisableDNS=true
        Options=isolate=strict
        PodmanArgs=--interface-name=tsl-5

        [Service]
        ExecStopPost=-/usr/bin/podman network rm --force tussilago-acme-shop

        [Quadlet]
        DefaultDependencies=false

        """#

    /// The standard output.
    static let output = #"""
        tussilago-acme-shop-api@.container
        tussilago-acme-shop-web@.container
        tussilago-acme-shop.network
        ---tussilago-acme-shop-network.service---
        # Written by tussilagod. To override a setting use a drop-in: systemctl edit UNIT.

        [X-Tussilago]
        Tenant=acme
        TenantId=9ce0c5c7-edad-4d2d-a7eb-cd262b563c9b
        Users=3
        App=shop
        AppId=3c0873d6-06a3-43a9-8b5f-656fb122e79b
        Network=5

        [Unit]
        Description=Bridge of app acme/shop
        SourcePath=/run/tussilago/check-1/tussilago-acme-shop.network
        RequiresMountsFor=%t/containers

        [X-Network]
        NetworkName=tussilago-acme-shop
        Subnet=10.80.5.0/24
        DisableDNS=true
        Options=isolate=strict
        PodmanArgs=--interface-name=tsl-5

        [Service]
        ExecStopPost=-/usr/bin/podman network rm --force tussilago-acme-shop
        ExecStart=/usr/bin/podman network create --ignore --disable-dns --subnet 10.80.5.0/24 --opt isolate=strict --interface-name=tsl-5 tussilago-acme-shop
        SyslogIdentifier=%N
        Type=oneshot
        RemainAfterExit=yes

        [X-Quadlet]
        DefaultDependencies=false

        ---tussilago-acme-shop-api@.service---
        # Written by tussilagod. To override a setting use a drop-in: systemctl edit UNIT.

        [X-Tussilago]
        Tenant=acme
        TenantId=9ce0c5c7-edad-4d2d-a7eb-cd262b563c9b
        Users=3
        App=shop
        AppId=3c0873d6-06a3-43a9-8b5f-656fb122e79b
        Network=5
        Process=api

        [Unit]
        Description=acme/shop api, release %i
        PartOf=tussilago-acme-shop.target
        After=tussilago-acme-shop.target
        ConditionPathExists=/var/lib/tussilago/apps/acme/shop/live/%i
        StartLimitIntervalSec=120
        StartLimitBurst=5
        Requires=tussilago-firewall.service tussilago-tcp@tsl-5.%i.socket
        After=tussilago-firewall.service tussilago-tcp@tsl-5.%i.socket
        SourcePath=/run/tussilago/check-1/tussilago-acme-shop-api@.container
        RequiresMountsFor=%t/containers
        Requires=tussilago-acme-shop-network.service
        After=tussilago-acme-shop-network.service

        [X-Container]
        Image=${TUSSILAGO_IMAGE}
        ContainerName=%p-%i
        GlobalArgs=--runtime=/usr/libexec/tussilago/tussilago-runsc
        Pull=never
        ReadOnly=true
        ReadOnlyTmpfs=true
        DropCapability=all
        NoNewPrivileges=true
        User=10001
        Group=10001
        Tmpfs=/dev/shm:rw,nosuid,nodev,noexec,mode=1777,size=16777216
        Tmpfs=/run:rw,nosuid,nodev,noexec,mode=755,size=65536
        Tmpfs=/var/tmp:rw,nosuid,nodev,noexec,mode=755,size=65536
        StopTimeout=10
        LogDriver=passthrough
        PodmanArgs=--no-healthcheck --image-volume=ignore --no-hosts
        UIDMap=0:1879244800:65536
        GIDMap=0:1879244800:65536
        HostName=shop
        Tmpfs=/tmp:rw,nosuid,nodev,mode=1777,size=67108864
        EnvironmentFile=/var/lib/tussilago/apps/acme/shop/live/%i/app.env
        Environment=TUSSILAGO_RELEASE=%i
        Network=tussilago-acme-shop.network
        IP=${TUSSILAGO_ADDRESS}
        DNS=127.0.0.1
        Environment=PORT=8080
        WorkingDir=/
        Entrypoint="python3"

        [Service]
        Slice=tussilago-acme-shop.slice
        SyslogIdentifier=acme/shop
        LogExtraFields=TUSSILAGO_TENANT=acme
        LogExtraFields=TUSSILAGO_APP=shop
        LogExtraFields=TUSSILAGO_PROCESS=api
        LogExtraFields=TUSSILAGO_RELEASE=%i
        EnvironmentFile=/var/lib/tussilago/apps/acme/shop/live/%i/unit.env
        EnvironmentFile=-/run/tussilago-network/%N.env
        MemoryMax=268435456
        CPUQuota=100%
        TasksMax=512
        IOWeight=100
        Restart=always
        RestartSec=1
        RestartSteps=5
        RestartMaxDelaySec=30
        SuccessExitStatus=143 137
        TimeoutStopSec=30
        LimitCORE=0
        MemorySwapMax=0
        OOMPolicy=kill
        SyslogLevelPrefix=no
        LogRateLimitIntervalSec=10
        LogRateLimitBurst=5000
        TimeoutStartSec=60
        ExecStartPre=/usr/libexec/tussilago/tussilago-instance join %N tsl-5 10.80.5.1 /var/lib/tussilago/apps/acme/shop/live/%i/egress
        ExecStopPost=-/usr/libexec/tussilago/tussilago-instance leave %N
        ExecStartPre=/usr/libexec/tussilago/tussilago-instance prepare %N port tsl-5.%i ${TUSSILAGO_ADDRESS}:8080
        ExecStartPost=/usr/libexec/tussilago/tussilago-instance ready %N 30 "/"
        ExecStopPost=-/usr/libexec/tussilago/tussilago-instance ended %N
        Environment=PODMAN_SYSTEMD_UNIT=%n
        KillMode=mixed
        ExecStop=/usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc rm -v -f -i --cidfile=%t/%N.cid
        ExecStopPost=-/usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc rm -v -f -i --cidfile=%t/%N.cid
        Delegate=yes
        Type=notify
        NotifyAccess=all
        ExecStart=/usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc run --name %p-%i --cidfile=%t/%N.cid --replace --rm --log-driver passthrough --cgroups=split --workdir / --ip ${TUSSILAGO_ADDRESS} --stop-timeout 10 --pull never --entrypoint python3 --hostname shop --dns 127.0.0.1 --tmpfs /dev/shm:rw,nosuid,nodev,noexec,mode=1777,size=16777216 --tmpfs /run:rw,nosuid,nodev,noexec,mode=755,size=65536 --tmpfs /var/tmp:rw,nosuid,nodev,noexec,mode=755,size=65536 --tmpfs /tmp:rw,nosuid,nodev,mode=1777,size=67108864 --read-only-tmpfs --network tussilago-acme-shop --sdnotify=conmon -d --security-opt=no-new-privileges --cap-drop all --read-only --user 10001:10001 --uidmap 0:1879244800:65536 --gidmap 0:1879244800:65536 --env PORT=8080 --env TUSSILAGO_RELEASE=%i --env-file /var/lib/tussilago/apps/acme/shop/live/%i/app.env --no-healthcheck --image-volume=ignore --no-hosts ${TUSSILAGO_IMAGE}

        [X-Quadlet]
        DefaultDependencies=false

        ---tussilago-acme-shop-web@.service---
        # Written by tussilagod. To override a setting use a drop-in: systemctl edit UNIT.

        [X-Tussilago]
        Tenant=acme
        TenantId=9ce0c5c7-edad-4d2d-a7eb-cd262b563c9b
        Users=3
        App=shop
        AppId=3c0873d6-06a3-43a9-8b5f-656fb122e79b
        Network=5
        Process=web

        [Unit]
        Description=acme/shop web, release %i
        PartOf=tussilago-acme-shop.target
        After=tussilago-acme-shop.target
        ConditionPathExists=/var/lib/tussilago/apps/acme/shop/live/%i
        StartLimitIntervalSec=120
        StartLimitBurst=5
        SourcePath=/run/tussilago/check-1/tussilago-acme-shop-web@.container
        RequiresMountsFor=%t/containers
        RequiresMountsFor=/run/tussilago-ingress/%N/in
        RequiresMountsFor=/var/lib/tussilago/apps/acme/shop/live/%i/files

        [X-Container]
        Image=${TUSSILAGO_IMAGE}
        ContainerName=%p-%i
        GlobalArgs=--runtime=/usr/libexec/tussilago/tussilago-runsc
        Pull=never
        ReadOnly=true
        ReadOnlyTmpfs=true
        DropCapability=all
        NoNewPrivileges=true
        User=10001
        Group=10001
        Tmpfs=/dev/shm:rw,nosuid,nodev,noexec,mode=1777,size=16777216
        Tmpfs=/run:rw,nosuid,nodev,noexec,mode=755,size=65536
        Tmpfs=/var/tmp:rw,nosuid,nodev,noexec,mode=755,size=65536
        StopTimeout=10
        LogDriver=passthrough
        PodmanArgs=--no-healthcheck --image-volume=ignore --no-hosts
        UIDMap=0:1879244800:65536
        GIDMap=0:1879244800:65536
        HostName=shop
        Tmpfs=/tmp:rw,nosuid,nodev,mode=1777,size=67108864
        EnvironmentFile=/var/lib/tussilago/apps/acme/shop/live/%i/app.env
        Environment=TUSSILAGO_RELEASE=%i
        Network=none
        Environment=TUSSILAGO_SOCKET=/run/ingress/web.sock
        Volume=/run/tussilago-ingress/%N/in:/run/ingress
        Volume=/var/lib/tussilago/apps/acme/shop/live/%i/files:/app:ro
        WorkingDir=/app
        Entrypoint="python3"
        Exec="-c" "print(\"100%% $$HOME $${PATH} 'x' \\ é\")" "; touch /x" "a'b" "%%i" "--privileged" "--cap-drop=all"

        [Service]
        Slice=tussilago-acme-shop.slice
        SyslogIdentifier=acme/shop
        LogExtraFields=TUSSILAGO_TENANT=acme
        LogExtraFields=TUSSILAGO_APP=shop
        LogExtraFields=TUSSILAGO_PROCESS=web
        LogExtraFields=TUSSILAGO_RELEASE=%i
        EnvironmentFile=/var/lib/tussilago/apps/acme/shop/live/%i/unit.env
        MemoryMax=268435456
        CPUQuota=100%
        TasksMax=512
        IOWeight=100
        Restart=always
        RestartSec=1
        RestartSteps=5
        RestartMaxDelaySec=30
        SuccessExitStatus=143 137
        TimeoutStopSec=30
        LimitCORE=0
        MemorySwapMax=0
        OOMPolicy=kill
        SyslogLevelPrefix=no
        LogRateLimitIntervalSec=10
        LogRateLimitBurst=5000
        TimeoutStartSec=60
        ExecStartPre=/usr/libexec/tussilago/tussilago-instance prepare %N socket 1879254801
        ExecStartPost=/usr/libexec/tussilago/tussilago-instance ready %N 30 "/"
        ExecStopPost=-/usr/libexec/tussilago/tussilago-instance ended %N
        Environment=PODMAN_SYSTEMD_UNIT=%n
        KillMode=mixed
        ExecStop=/usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc rm -v -f -i --cidfile=%t/%N.cid
        ExecStopPost=-/usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc rm -v -f -i --cidfile=%t/%N.cid
        Delegate=yes
        Type=notify
        NotifyAccess=all
        ExecStart=/usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc run --name %p-%i --cidfile=%t/%N.cid --replace --rm --log-driver passthrough --cgroups=split --stop-timeout 10 --pull never --entrypoint python3 --workdir /app --hostname shop --tmpfs /dev/shm:rw,nosuid,nodev,noexec,mode=1777,size=16777216 --tmpfs /run:rw,nosuid,nodev,noexec,mode=755,size=65536 --tmpfs /var/tmp:rw,nosuid,nodev,noexec,mode=755,size=65536 --tmpfs /tmp:rw,nosuid,nodev,mode=1777,size=67108864 --read-only-tmpfs --network none --sdnotify=conmon -d --security-opt=no-new-privileges --cap-drop all --read-only --user 10001:10001 --uidmap 0:1879244800:65536 --gidmap 0:1879244800:65536 -v /run/tussilago-ingress/%N/in:/run/ingress -v /var/lib/tussilago/apps/acme/shop/live/%i/files:/app:ro --env TUSSILAGO_RELEASE=%i --env TUSSILAGO_SOCKET=/run/ingress/web.sock --env-file /var/lib/tussilago/apps/acme/shop/live/%i/app.env --no-healthcheck --image-volume=ignore --no-hosts ${TUSSILAGO_IMAGE} -c "print(\"100%% $$HOME $${PATH} 'x' \\ é\")" "; touch /x" "a'b" %%i --privileged --cap-drop=all

        [X-Quadlet]
        DefaultDependencies=false

        """#

    /// The standard error: all is well, and it still has much to say.
    static let remarks = #"""
        quadlet-generator[129]: Loading source unit file /run/tussilago/check-1/tussilago-acme-shop-api@.container
        quadlet-generator[129]: Loading source unit file /run/tussilago/check-1/tussilago-acme-shop-web@.container
        quadlet-generator[129]: Loading source unit file /run/tussilago/check-1/tussilago-acme-shop.network
        quadlet-generator[129]: Warning: tussilago-acme-shop-api@.container specifies the image "${TUSSILAGO_IMAGE}" which not a fully qualified image name. This is not ideal for performance and security reasons. See the podman-pull manpage discussion of short-name-aliases.conf for details.
        quadlet-generator[129]: Warning: tussilago-acme-shop-web@.container specifies the image "${TUSSILAGO_IMAGE}" which not a fully qualified image name. This is not ideal for performance and security reasons. See the podman-pull manpage discussion of short-name-aliases.conf for details.

        """#

    /// The standard error when `Pull=` was replaced by `Memory=`, and `Subnet=` by `InterFace=`.
    static let complaints = #"""
        quadlet-generator[135]: Loading source unit file /run/tussilago/check-1/tussilago-acme-shop-web@.container
        quadlet-generator[135]: Loading source unit file /run/tussilago/check-1/tussilago-acme-shop.network
        quadlet-generator[135]: Warning: tussilago-acme-shop-web@.container specifies the image "${TUSSILAGO_IMAGE}" which not a fully qualified image name. This is not ideal for performance and security reasons. See the podman-pull manpage discussion of short-name-aliases.conf for details.
        quadlet-generator[135]: converting "tussilago-acme-shop.network": unsupported key 'InterFace' in group 'Network' in /run/tussilago/check-1/tussilago-acme-shop.network
        converting "tussilago-acme-shop-web@.container": unsupported key 'Memory' in group 'Container' in /run/tussilago/check-1/tussilago-acme-shop-web@.container

        """#
}
