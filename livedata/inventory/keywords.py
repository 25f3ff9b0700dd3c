"""What livedata makes of each keyword of ssh_config(5): honoured, spoken of, never done, or without bearing."""

from __future__ import annotations

from collections.abc import Mapping

HONOURED = (
    "HostName", "User", "Port", "IdentityFile", "IdentitiesOnly", "IdentityAgent", "CertificateFile", "ProxyJump",
    "ProxyCommand", "UserKnownHostsFile", "GlobalKnownHostsFile", "HostKeyAlias", "ConnectTimeout",
)  # fmt: skip
"""What a route is made of."""

FORCED_OFF = (
    "ForwardAgent", "ForwardX11", "ForwardX11Trusted", "LocalForward", "RemoteForward", "DynamicForward", "RemoteCommand",
    "RequestTTY", "SendEnv", "SetEnv", "LocalCommand", "PermitLocalCommand", "Tunnel",
)  # fmt: skip
"""Never done, whatever the file says: livedata opens a shell and reads."""

CAUTIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "StrictHostKeyChecking": (
        ("no", "off", "accept-new"),
        "host keys are always checked; `livedata fleet trust` adds one",
    ),
    "RevokedHostKeys": ((), "revoked keys must be marked @revoked in known_hosts"),
    "KnownHostsCommand": ((), "host keys are looked up in files only"),
    "CanonicalizeHostname": (("yes", "always"), "names are taken as they stand"),
    "ProxyUseFdpass": (("yes", "true"), "a ProxyCommand must carry the bytes itself"),
}
"""Not honoured, and a host that gets it is spoken of: keyword → (the values that matter, all where none; what holds)."""

IGNORED = (
    "AddKeysToAgent", "AddressFamily", "BatchMode", "BindAddress", "BindInterface", "CanonicalDomains",
    "CanonicalizeFallbackLocal", "CanonicalizeMaxDots", "CanonicalizePermittedCNAMEs", "CASignatureAlgorithms",
    "ChallengeResponseAuthentication", "ChannelTimeout", "CheckHostIP", "Cipher", "Ciphers", "ClearAllForwardings",
    "Compression", "CompressionLevel", "ConnectionAttempts", "ControlMaster", "ControlPath", "ControlPersist",
    "DSAAuthentication", "EnableEscapeCommandline", "EnableSSHKeysign", "EscapeChar", "ExitOnForwardFailure",
    "FallBackToRsh", "FingerprintHash", "ForkAfterAuthentication", "ForwardX11Timeout", "GatewayPorts",
    "GSSAPIAuthentication", "GSSAPIClientIdentity", "GSSAPIDelegateCredentials", "GSSAPIKexAlgorithms",
    "GSSAPIKeyExchange", "GSSAPIRenewalForcesRekey", "GSSAPIServerIdentity", "GSSAPITrustDns", "HashKnownHosts",
    "HostbasedAcceptedAlgorithms", "HostbasedAuthentication", "HostbasedKeyTypes", "HostKeyAlgorithms",
    "IgnoreUnknown", "IPQoS", "KbdInteractiveAuthentication", "KbdInteractiveDevices", "KexAlgorithms", "KeepAlive",
    "KeychainIntegration", "LogLevel", "LogVerbose", "MACs", "NoHostAuthenticationForLocalhost", "NumberOfPasswordPrompts",
    "ObscureKeystrokeTiming", "PasswordAuthentication", "PermitRemoteOpen", "PKCS11Provider", "PreferredAuthentications",
    "Protocol", "PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes", "PubkeyAuthentication", "RekeyLimit",
    "RefuseConnection", "RequiredRSASize", "RhostsRSAAuthentication", "RSAAuthentication", "SecurityKeyProvider",
    "ServerAliveCountMax", "ServerAliveInterval", "SessionType", "SkeyAuthentication", "SmartcardDevice", "StdinNull",
    "StreamLocalBindMask", "StreamLocalBindUnlink", "SyslogFacility", "Tag", "TCPKeepAlive", "TunnelDevice",
    "TISAuthentication", "UpdateHostKeys", "UseKeychain", "UsePrivilegedPort", "UseRsh", "VerifyHostKeyDNS", "VersionAddendum",
    "VisualHostKey", "WarnWeakCrypto", "XAuthLocation",
)  # fmt: skip
"""Without bearing on how a host is reached, or livedata's own matter (ciphers, keep-alives, what it authenticates with)."""
